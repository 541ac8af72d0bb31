"""One live system for all end-to-end tests, and what happens in it, stage after stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest

from driftwatch_assets.defs.gas_sensors.simulate import simulate
from driftwatch_assets_tests.end_to_end.live import INITIAL, LiveSystem
from driftwatch_assets_tests.end_to_end.stages import (
    Arrived,
    Backfilled,
    is_claimed,
    mlflow_runs,
    prediction_fingerprints,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED = 42
SCALE = 0.3
SUCCESS = dg.DagsterRunStatus.SUCCESS


@pytest.fixture(scope="package")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSystem]:
    """Give a live system that ends with this room: its sensors would take a third of a core from all that follows."""
    with LiveSystem(tmp_path_factory.mktemp("live")) as system:
        yield system
        assert (system.stop(), system.survivors) == (0, []), "Ctrl-C ends every process of the live system"


@pytest.fixture(scope="package")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give eight small simulated deliveries by batch."""
    written = simulate(tmp_path_factory.mktemp("deliveries"), seed=SEED, batches=8, scale=SCALE)
    return {str(number): file for number, file in enumerate(written, start=1)}


@pytest.fixture(scope="package")
def first_training(live: LiveSystem, files: dict[str, Path]) -> dg.DagsterRun:
    """Let the initial batches land one after the other, and wait for what follows."""
    for batch in INITIAL:
        live.drop(files[batch])
    [run] = live.until("the first training is requested", lambda: live.trainings("6"))
    return live.run_ended(run)


@pytest.fixture(scope="package")
def seventh(live: LiveSystem, files: dict[str, Path], first_training: dg.DagsterRun) -> Arrived:
    """Let the seventh batch land, and wait for the training that it causes and two ticks more."""
    assert first_training.status == SUCCESS
    live.drop(files["7"])
    [training] = live.until("batch 7 causes a training", lambda: live.trainings("7"))
    live.run_ended(training)
    later = live.two_ticks_later(live.keys.retraining_sensor)
    return Arrived("7", live.runs(purpose="arrival", batch="7"), live.trainings("7"), later)


@pytest.fixture(scope="package")
def eighth(live: LiveSystem, files: dict[str, Path], seventh: Arrived) -> Arrived:
    """Let the eighth batch land; the machine loses its power in the middle, and later the training is killed."""
    assert [run.status for run in seventh.trainings] == [SUCCESS]
    live.drop(files["8"])
    live.until("a process takes batch 8 in", lambda: is_claimed(live.runs(purpose="arrival", batch="8")))
    live.crash()
    live.start()
    [training] = live.until("batch 8 causes a training", lambda: live.trainings("8"))
    _kill_when_mlflow_runs(live, training)
    live.run_ended(training)
    second = live.until("the training is tried again", lambda: live.trainings("8")[1:])[0]
    live.run_ended(second)
    live.until("MLflow is told of the kill", lambda: mlflow_runs(live, training)[0].info.end_time)
    later = live.two_ticks_later(live.keys.retraining_sensor)
    return Arrived("8", live.runs(purpose="arrival", batch="8"), live.trainings("8"), later)


def _kill_when_mlflow_runs(live: LiveSystem, training: dg.DagsterRun) -> None:
    def running() -> bool:
        return any(run.info.status == "RUNNING" for run in mlflow_runs(live, training))

    live.until("MLflow has the run", running)
    worker = live.worker(training)
    assert worker is not None, "the engine's events name no process of the live system"
    worker.kill()


@pytest.fixture(scope="package")
def backfilled(live: LiveSystem, eighth: Arrived) -> Backfilled:
    """Backfill all batches: some as assets through the webserver, as the UI does, the others as a job."""
    assert [run.status for run in eighth.trainings][1:] == [SUCCESS]
    before = prediction_fingerprints(live)
    keys = live.keys
    assets = [*keys.bronzes, *keys.silvers, keys.gold, keys.predictions, keys.drift, keys.performance, keys.report]
    ids = [
        live.launch_backfill(assets, ["1", "3", "6", "7"]),
        live.launch_job_backfill(keys.batch_job, ["2", "4", "5", "8"]),
    ]

    def runs() -> list[dg.DagsterRun]:
        return [
            run for one in ids for run in live.instance.get_runs(filters=dg.RunsFilter(tags={"dagster/backfill": one}))
        ]

    def ended() -> bool:
        found = live.instance.get_backfill(ids[0])
        over = found is not None and found.status.value.startswith(("COMPLETED", "FAILED"))
        return over and all(run.is_finished for run in runs())

    live.until("both backfills end", ended)
    later = live.two_ticks_later(keys.retraining_sensor)
    return Backfilled(ids, before, runs(), later)
