"""What is kept of the stages that the live system went through, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from mlflow import MlflowClient

from driftwatch_assets.components import records
from driftwatch_assets_tests.end_to_end.live import MODEL, LiveSystem

if TYPE_CHECKING:
    from mlflow.entities import Run

MARKS = [
    # Nine runs of gas sensors, each a process of its own, take a quarter of an hour beside other tests.
    pytest.mark.soak,
    # Dagster reads YAML through a name that pydantic gave up.
    pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20:dagster._utils.pydantic_yaml"),
]


@dataclass(frozen=True)
class Arrived:
    """What followed a delivery: the runs that took it in, the trainings, and two further ticks of the sensor."""

    batch: str
    intakes: list[dg.DagsterRun]
    trainings: list[dg.DagsterRun]
    later: list[dict[str, Any]]


@dataclass(frozen=True)
class Backfilled:
    """What two backfills did, what was predicted before them, and two further ticks of the retraining sensor."""

    ids: list[str]
    before: dict[str, str]
    runs: list[dg.DagsterRun]
    later: list[dict[str, Any]]


def is_claimed(runs: list[dg.DagsterRun]) -> bool:
    return any(records.PROCESS_TAG in run.tags and run.status == dg.DagsterRunStatus.STARTED for run in runs)


def mlflow_runs(live: LiveSystem, run: dg.DagsterRun) -> list[Run]:
    """Give the MLflow runs of a Dagster run."""
    client = MlflowClient(live.settings.mlflow_tracking_uri)
    experiment = client.get_experiment_by_name(MODEL)
    if experiment is None:
        return []
    return list(client.search_runs([experiment.experiment_id], f"tags.dagster_run_id = '{run.run_id}'"))


def mlflow_status(live: LiveSystem, run: dg.DagsterRun) -> str:
    [found] = mlflow_runs(live, run)
    return str(found.info.status)


def failed_checks(live: LiveSystem, batch: str) -> set[str]:
    verdicts = records.check_verdicts(live.instance, list(live.keys.triggers().values()))
    return {verdict.check for verdict in verdicts if verdict.batch == batch and verdict.status == "failed"}


def prediction_fingerprints(live: LiveSystem) -> dict[str, str]:
    """Give the content fingerprint of each batch's predictions."""
    table, lake = live.watched.tables.predictions, live.watched.lake
    return {batch: lake.fingerprint(table, batch) for batch in lake.batches(table)}
