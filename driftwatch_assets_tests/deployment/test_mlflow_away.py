"""MLflow's server away at each moment of a batch's way: nothing is asked for meanwhile, and nothing is lost."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import pytest

from driftwatch_assets.attempts import Patience
from driftwatch_assets.components import records
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.defs.iris.simulate import simulate
from driftwatch_assets.registry import RegistryUnreachable
from driftwatch_assets_tests.deployment.processes import Server, answers, free_port, inherited
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dagster as dg

pytestmark = [pytest.mark.soak, *DAGSTERS_OWN_WARNINGS]

MODEL = "iris"
AWAY = r"cannot open MLflow's store http://127\.0\.0\.1:\d+: "


@dataclass(frozen=True)
class OnServer(House):
    """A house whose models are on a server."""

    port: int = 0

    @property
    def environment(self) -> dict[str, str]:
        # What is away is away: it is not waited for.
        away = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{self.port}"}
        return {**super().environment, **away}


@dataclass
class Story:
    """What was asked for, what became of it, and what was said while the server was away.

    How long the interrupted rests is told here: the time that a server takes to start is no pause.
    """

    house: OnServer
    pause_seconds: float = 3600.0
    requests: dict[str, list[dg.RunRequest]] = field(default_factory=dict)
    succeeded: dict[str, bool] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder, port = tmp_path_factory.mktemp("away"), free_port()
    house = OnServer(folder / "house", MODEL, port=port)
    command = [str(Path(sys.executable).with_name("mlflow")), "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    environment = {**inherited(), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (
        Server(
            "MLflow", [*command, "--artifacts-destination", f"{folder}/kept"], folder / "log", environment
        ) as mlflow_,
        house.instance() as instance,
        pytest.MonkeyPatch.context() as patch,
    ):
        story, left = Story(house), Patience.left
        patch.setattr(Patience, "left", lambda self, same: left(replace(self, pause_seconds=story.pause_seconds), same))
        _tell(story, mlflow_, LocalDaemon(instance, defs(), places_of(house.settings)), folder)
        yield story
    while mlflow.active_run() is not None:
        mlflow.end_run()


def _tell(story: Story, server: Server, daemon: LocalDaemon, folder: Path) -> None:
    house, keys = story.house, story.house.component.keys
    first, second = simulate(folder / "made", seed=42, batches=2)

    def tick(point: str, sensor: str) -> dg.RunRequest | None:
        story.requests[point] = list(daemon.tick(sensor).requests)
        return next(iter(story.requests[point]), None)

    def refused(point: str, sensor: str) -> None:
        with pytest.raises(RegistryUnreachable, match=AWAY) as raised:
            daemon.tick(sensor)
        story.said[point] = str(raised.value)

    def run(point: str, job: str, request: dg.RunRequest | None) -> None:
        assert request is not None, point
        story.succeeded[point] = daemon.run(job, request).success

    def back() -> None:
        server.__enter__()
        server.until("it answers", answers(f"http://127.0.0.1:{house.port}/health"))

    server.until("it answers", answers(f"http://127.0.0.1:{house.port}/health"))
    house.deliver(first.name, first.read_bytes())
    run("first batch", keys.batch_job, tick("first landed", keys.arrivals_sensor))
    request = tick("training is due", keys.retraining_sensor)
    server.kill()
    run("training without MLflow", keys.training_job, request)
    refused("retraining is asked without MLflow", keys.retraining_sensor)
    back()
    tick("training rests", keys.retraining_sensor)
    records.retry(daemon.instance, MODEL)
    run("training again", keys.training_job, tick("training is due again", keys.retraining_sensor))

    house.deliver(second.name, second.read_bytes())
    server.kill()
    refused("arrivals are asked without MLflow", keys.arrivals_sensor)
    back()
    request = tick("second landed", keys.arrivals_sensor)
    server.kill()
    run("second batch without MLflow", keys.batch_job, request)
    tick("second rests", keys.arrivals_sensor)
    back()
    story.pause_seconds = 0.0
    run("second batch again", keys.batch_job, tick("second is asked for again", keys.arrivals_sensor))
    tick("nothing is left", keys.arrivals_sensor)


def test_nothing_is_asked_for_while_nobody_can_tell_the_champion(story: Story) -> None:
    for point in ("retraining is asked", "arrivals are asked"):
        assert "Check MLFLOW_TRACKING_URI" in story.said[f"{point} without MLflow"]


def test_a_run_that_did_not_reach_it_fails(story: Story) -> None:
    assert not story.succeeded["training without MLflow"]
    assert not story.succeeded["second batch without MLflow"]


def test_what_failed_is_asked_for_again_and_done_once_it_is_back(story: Story) -> None:
    for before, after in (("training is due", "training is due again"), ("second landed", "second is asked for again")):
        [first], [again] = story.requests[before], story.requests[after]
        assert first.partition_key == again.partition_key
        assert (str(first.run_key)[-2:], str(again.run_key)[-2:]) == ("/1", "/2")
    assert story.succeeded["training again"]
    assert story.succeeded["second batch again"]
    assert story.requests["nothing is left"] == []


def test_what_it_interrupted_rests_unless_a_person_asks_for_it(story: Story) -> None:
    assert story.requests["training rests"] == story.requests["second rests"] == []


def test_the_model_is_there_once_and_the_batch_was_scored_by_it(story: Story) -> None:
    watched = story.house.watched
    with story.house.lived_in():
        versions = watched.registry.history(MODEL)
    assert [(one.trained_through, one.gate_result) for one in versions] == [("000001", "promoted")]
    predicted = watched.lake.read(watched.tables.predictions, "000002")
    assert set(predicted["champion_version"]) == {str(versions[0].version)}
