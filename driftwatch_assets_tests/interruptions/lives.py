"""Lives of a replay that meet a fault, and what is found when they were let finish; run as a program, it prints JSON.

One process loads the libraries once and forks a child for each life. A fault comes at a counted event, a statement to
any database or a write to the lake, so that a story is the same however quick the machine is.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import mlflow
import mlflow.sklearn
import sklearn.ensemble  # noqa: F401 - loaded once, before the children
import sqlalchemy as sa

from driftwatch_assets.command_line.history import read_history
from driftwatch_assets.command_line.replay import _load_libraries
from driftwatch_assets.defs.iris.simulate import simulate
from driftwatch_assets.lake.storage import LocalStorage
from driftwatch_assets.monitoring import open_monitoring
from driftwatch_assets_tests.steps.house import House

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Kind = Literal["kill", "term", "interrupt", "stop", "full", "descriptors"]
MODEL = "iris"
BATCHES = 3
SEED = 42
MOST_LIVES = 8
_DISK = "64m"
_FILLER = "filler"
_SIGNALS = {"kill": signal.SIGKILL, "term": signal.SIGTERM, "interrupt": signal.SIGINT, "stop": signal.SIGSTOP}


@dataclass(frozen=True)
class Fault:
    """What happens at which event of a life, counted from 1."""

    kind: Kind
    at: int


@dataclass(frozen=True)
class Story:
    """Faults of one life after the other; the lives after them meet none."""

    name: str
    faults: tuple[Fault, ...]


class Events:
    """Counts statements and writes, and lets a fault come right before one."""

    def __init__(self, fault: Fault | None, folder: Path) -> None:
        self.count = 0
        self._fault, self._folder = fault, folder
        put = LocalStorage.put

        def counted(storage: LocalStorage, path: str, content: bytes) -> None:
            self.happens()
            put(storage, path, content)

        LocalStorage.put = counted  # type: ignore[method-assign]  # in a child that ends with this life
        sa.event.listen(sa.Engine, "before_cursor_execute", lambda *_: self.happens())

    def happens(self) -> None:
        self.count += 1
        if self._fault is None or self.count != self._fault.at:
            return
        if self._fault.kind in _SIGNALS:
            os.kill(os.getpid(), _SIGNALS[self._fault.kind])
        elif self._fault.kind == "full":
            _fill(self._folder)
        else:
            _use_up_descriptors()


def _fill(folder: Path) -> None:
    with (folder / _FILLER).open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(1 << 16))
        except OSError:
            return


def _use_up_descriptors() -> None:
    """Leave none, for the rest of the process's life."""
    used = max(int(one.name) for one in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    try:
        while True:
            os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return


def life(house: House, fault: Fault | None) -> dict[str, Any]:
    """Replay, with the temporary folder of the house."""
    tempfile.tempdir = str(house.folder / "tmp")
    events = Events(fault, house.folder)
    told = house.replay(SEED)
    return {"status": told.status, "text": told.text, "events": events.count}


def found(house: House) -> dict[str, Any]:
    """Read all that a replay leaves: what must be the same however often it was interrupted."""
    watched = house.watched
    with house.instance() as instance:
        runs = instance.get_runs()
        history = read_history(MODEL)
    unfinished = sorted({run.status.value for run in runs} - {"SUCCESS", "FAILURE"})
    last = {(run.job_name, run.tags.get("dagster/partition", "")): run.status.value for run in reversed(runs)}
    client = mlflow.MlflowClient(house.environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name(MODEL)
    tracked = client.search_runs([experiment.experiment_id])
    alerts = open_monitoring(watched.monitoring).alerts()
    versions = watched.registry.history(MODEL)
    return {
        "stored": house.stored(),
        "history": history,
        "versions": [[one.trained_through, one.gate_result, one.fingerprint, one.version] for one in versions],
        "alias": client.get_registered_model(MODEL).aliases.get("champion"),
        "open alerts": sorted([one.rule, one.opened_batch] for one in alerts if one.state != "resolved"),
        "last runs": sorted([job, batch, status] for (job, batch), status in last.items()),
        "unfinished runs": unfinished,
        "finished in MLflow": sum(run.info.status == "FINISHED" for run in tracked),
        "running in MLflow": sum(run.info.status == "RUNNING" for run in tracked),
        "stored models": len(client.search_logged_models([experiment.experiment_id])),
        "left in the lake": [name for name in house.files() if name.endswith(".tmp")],
        "left in the temporary folder": sorted(
            path.name for path in (house.folder / "tmp").iterdir() if path.name.startswith("driftwatch-")
        ),
    }


def forked(work: Callable[[], Any], answer: Path) -> int | None:
    """Do something in a child, which goes on when it is stopped, and give the signal that ended it."""
    answer.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            answer.write_text(json.dumps(work()))
            status = 0
        except KeyboardInterrupt:
            status = 0
        except BaseException:  # noqa: BLE001 - a child must never return into its parent's code
            with answer.with_suffix(".error").open("a") as said:
                traceback.print_exc(file=said)
        finally:
            os._exit(status)
    while True:
        _, ended = os.waitpid(child, os.WUNTRACED)
        if not os.WIFSTOPPED(ended):
            return os.WTERMSIG(ended) if os.WIFSIGNALED(ended) else None
        os.kill(child, signal.SIGCONT)


def tell(story: Story, base: House, folder: Path) -> dict[str, Any]:
    """Let a story finish: its faults first, then lives without one until a replay ends well."""
    answers = folder / "answers"
    answers.mkdir(parents=True)
    with _disk(folder / "house", small=any(fault.kind == "full" for fault in story.faults)) as place:
        shutil.copytree(base.folder, place, dirs_exist_ok=True)
        (place / "tmp").mkdir(exist_ok=True)
        house = House(place, MODEL)
        ends: list[Any] = []
        for number in range(MOST_LIVES):
            fault = story.faults[number] if number < len(story.faults) else None
            answer = answers / f"life{number}.json"
            ended = forked(lambda fault=fault: life(house, fault), answer)  # type: ignore[misc]
            said = json.loads(answer.read_text()) if answer.exists() and answer.stat().st_size else None
            ends.append({"signal": ended, "said": said, "fault": fault and fault.at})
            (place / _FILLER).unlink(missing_ok=True)
            if number >= len(story.faults) and said is not None and said["status"] == 0:
                break
        forked(lambda: found(house), answers / "found.json")
        errors = "".join(path.read_text() for path in sorted(answers.glob("*.error")))
        whole = answers / "found.json"
        return {
            "name": story.name,
            "lives": ends,
            "errors": errors,
            "found": json.loads(whole.read_text()) if whole.exists() else None,
        }


@contextmanager
def _disk(place: Path, *, small: bool) -> Iterator[Path]:
    """Give a folder, on a disk of its own where that is to run full."""
    place.mkdir()
    if not small:
        yield place
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def faults_at(faults: Sequence[tuple[Kind, float]], events: int) -> tuple[Fault, ...]:
    """Place faults among the events of a story: each at a share of what those before have left, or at a number."""
    placed: list[Fault] = []
    left = events
    for kind, at in faults:
        placed.append(Fault(kind, max(1, round(at * left)) if at < 1 else int(at)))
        left = max(1, left - placed[-1].at)
    return tuple(placed)


def main(folder: Path, asked: Sequence[dict[str, Any]]) -> None:
    """Tell the story without faults, and then those that were asked for."""
    warnings.simplefilter("ignore")
    base = House(folder / "base", MODEL)
    for file in simulate(folder / "made", seed=SEED, batches=BATCHES):
        base.deliver(file.name, file.read_bytes())
    _load_libraries()
    whole = tell(Story("undisturbed", ()), base, folder / "undisturbed")
    told = [whole]
    events = whole["lives"][0]["said"]["events"]
    for one in asked:
        told.append(tell(Story(one["name"], faults_at(one["faults"], events)), base, folder / one["name"]))
        shutil.rmtree(folder / one["name"] / "house", ignore_errors=True)
    (folder / "told.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
