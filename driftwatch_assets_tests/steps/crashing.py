"""Processes that are killed at a chosen write, and what is found afterwards; run as a program, it prints JSON.

One process loads the libraries once and forks a child for each life: one that is killed, and one that comes after it.
It has a single thread of its own, and no child uses a file that it opened.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import great_expectations  # noqa: F401 - loaded once, before the children
import mlflow
import mlflow.sklearn
import sklearn.ensemble  # noqa: F401 - as above

from driftwatch_assets.components.processes import close_abandoned_runs, is_under_way
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.lake.storage import LocalStorage
from driftwatch_assets_tests.steps.house import MODEL, House

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

AT_ONCE = 2
NEVER = 0
_REGISTRY_WRITES = (
    "create_run",
    "log_batch",
    "log_artifacts",
    "create_logged_model",
    "create_registered_model",
    "create_model_version",
    "set_registered_model_alias",
)


def take_in(house: House) -> bool:
    """Do what a replay does until the batches that have landed are taken in."""
    went_well = _work(house, house.component.keys.arrivals_sensor, house.component.keys.batch_job)
    if went_well is None:
        # A verdict that was stored before the kill asks for a training, and arrivals wait for that.
        assert train(house)
        went_well = _work(house, house.component.keys.arrivals_sensor, house.component.keys.batch_job)
    return went_well is True


def train(house: House) -> bool:
    """Do what a replay does for a training that is due."""
    return _work(house, house.component.keys.retraining_sensor, house.component.keys.training_job) is True


def _work(house: House, sensor: str, job: str) -> bool | None:
    with house.instance() as instance:
        registry = house.watched.registry
        registry.prepare()
        close_abandoned_runs(instance, MODEL)
        registry.reconcile(lambda run_id: is_under_way(instance, run_id))
        daemon = LocalDaemon(instance, defs(), places_of(house.settings))
        results = [daemon.run(job, request).success for request in daemon.tick(sensor).requests]
        return all(results) if results else None


def again(house: House, tags: dict[str, str]) -> bool:
    """Take batch 7 in as a run of its own, whether or not another does so."""
    with house.instance() as instance:
        daemon = LocalDaemon(instance, defs(), places_of(house.settings))
        return daemon.run(house.component.keys.batch_job, dg.RunRequest(partition_key="7", tags=tags)).success


def found(house: House) -> dict[str, Any]:
    """Read all that is stored: what cannot be read raises."""
    lake = house.watched.lake
    stored = house.stored()
    for name in stored:
        table, batch = name.rsplit("/", 1)
        lake.read(f"{MODEL}/{table}", batch)
    with house.instance() as instance:
        statuses = [run.status.value for run in instance.get_runs(limit=4)]
    client = mlflow.MlflowClient(house.environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name(MODEL)
    runs = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time DESC"], max_results=4)
    return {
        "stored": stored,
        "files": {name: digest for name, digest in house.files().items() if name.endswith((".json", ".html"))},
        "unfinished": [name for name in house.files() if name.endswith(".tmp")],
        "runs": statuses,
        "mlflow": [run.info.status for run in runs],
        "logged_models": len(client.search_logged_models([experiment.experiment_id])),
        "versions": [
            [one.trained_through, one.gate_result, one.fingerprint] for one in house.watched.registry.history(MODEL)
        ],
        "alias": client.get_registered_model(MODEL).aliases.get("champion"),
    }


def killed_at(write: int) -> Callable[[], list[str]]:
    """Count writes to lake and registry, and kill this process right before one of them; give those that were made."""
    made: list[str] = []

    def counted(owner: Any, name: str, spoken: Callable[[tuple[Any, ...]], str]) -> None:
        original = getattr(owner, name)

        def counting(*arguments: Any, **named: Any) -> Any:
            if len(made) + 1 == write:
                os.kill(os.getpid(), signal.SIGKILL)
            made.append(spoken(arguments))
            return original(*arguments, **named)

        setattr(owner, name, counting)

    counted(LocalStorage, "put", lambda arguments: str(arguments[1]))
    for name in _REGISTRY_WRITES:
        counted(mlflow.MlflowClient, name, lambda _, name=name: name)
    return lambda: made


def lives(works: Sequence[tuple[Callable[[], Any], Path]]) -> list[int | None]:
    """Do each piece of work in a child, a few at once; give the signal that ended it, or None, in order.

    What a child's work gives is written to its file as JSON.
    """
    ended: dict[int, int] = {}
    children: list[int] = []
    for work, answer in works:
        if len(children) - len(ended) >= AT_ONCE:
            _await(ended)
        children.append(_forked(work, answer))
    while len(ended) < len(children):
        _await(ended)
    for child, (_, answer) in zip(children, works, strict=True):
        if os.WIFEXITED(ended[child]) and os.WEXITSTATUS(ended[child]) != 0:
            raise RuntimeError(f"a child failed, see above: {answer}")
    return [os.WTERMSIG(ended[child]) if os.WIFSIGNALED(ended[child]) else None for child in children]


def _await(ended: dict[int, int]) -> None:
    child, status = os.waitpid(-1, 0)
    ended[child] = status


def _forked(work: Callable[[], Any], answer: Path) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            answer.write_text(json.dumps(work()))
            status = 0
        except BaseException:  # noqa: BLE001 - a child must never return into its parent's code
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    return child


def stories(base: House, folder: Path, work: Callable[[House], bool], chosen: str) -> list[dict[str, Any]]:
    """Tell of a life that is not disturbed, and of lives that end right before a write; `chosen` says which."""
    undisturbed = base.copied_to(folder / "undisturbed")
    lives([(lambda: _counted(undisturbed, work, NEVER), folder / "made.json")])
    made = json.loads((folder / "made.json").read_text())
    whole = _asked(undisturbed, folder / "whole.json")
    picked = [
        at for at, write in enumerate(made, start=1) if chosen == "all" or any(one in write for one in chosen.split())
    ]
    houses = [base.copied_to(folder / f"write{at}") for at in picked]
    answers = [folder / f"write{at}.json" for at in picked]

    def each(do: Callable[[House, int], Any]) -> tuple[list[int | None], list[Any]]:
        works = [
            (lambda house=house, at=at: do(house, at), answer)
            for house, at, answer in zip(houses, picked, answers, strict=True)
        ]
        signals = lives(works)
        told = zip(signals, answers, strict=True)
        return signals, [None if ended else json.loads(answer.read_text()) for ended, answer in told]

    signals, _ = each(lambda house, at: _counted(house, work, at))
    _, left = each(lambda house, _: found(house))
    _, after = each(lambda house, _: [work(house), found(house)])
    return [
        {"signal": None, "made": made, "whole": whole},
        *(
            {
                "write": made[at - 1],
                "signal": signal_,
                "left": one,
                "went_well": then[0],
                "whole": then[1],
                "before": at - 1,
            }
            for at, signal_, one, then in zip(picked, signals, left, after, strict=True)
        ),
    ]


def _counted(house: House, work: Callable[[House], bool], write: int) -> list[str]:
    made = killed_at(write)
    assert work(house)
    return made()


def _asked(house: House, answer: Path) -> dict[str, Any]:
    lives([(lambda: found(house), answer)])
    read: dict[str, Any] = json.loads(answer.read_text())
    return read


def _asked_for(house: House) -> dict[str, str]:
    """Let the arrivals sensor ask for the batch that has landed, and give the tags of the run that it wants."""
    with house.instance() as instance:
        daemon = LocalDaemon(instance, defs(), places_of(house.settings))
        (request,) = daemon.tick(house.component.keys.arrivals_sensor).requests
        return dict(request.tags)


def together(base: House, folder: Path) -> dict[str, Any]:
    """Let two processes take one batch in at the same time."""
    house = base.copied_to(folder / "together")
    lives([(lambda: _asked_for(house), folder / "asked_for.json")])
    tags = json.loads((folder / "asked_for.json").read_text())
    answers = [folder / f"together{which}.json" for which in "ab"]
    signals = lives([(lambda: again(house, tags), answer) for answer in answers])
    assert signals == [None, None]
    return {
        "went_well": [json.loads(answer.read_text()) for answer in answers],
        "whole": _asked(house, folder / "together.json"),
    }


def main(base: House, folder: Path, of_batch: str, of_training: str) -> None:
    """Tell of batches, of trainings, and of two processes that take one batch in."""
    warnings.simplefilter("ignore")
    warm = base.copied_to(folder / "warm")
    # What is loaded and configured on first use is paid here once.
    assert take_in(warm)
    taken_in = warm.copied_to(folder / "taken_in")
    assert train(warm)
    found(warm)
    told = {}
    for kind, house, work, chosen in (
        ("batch", base, take_in, of_batch),
        ("training", taken_in, train, of_training),
    ):
        (folder / kind).mkdir()
        told[kind] = stories(house, folder / kind, work, chosen)
    answer = {**told, "together": together(base, folder)}
    (folder / "told.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main(House(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
