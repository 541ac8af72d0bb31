"""What Dagster's instance knows of a model: runs, and the latest verdict of each check a batch.

Every reader of Dagster's internals stands here, so that an upgrade has one place to look at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as Status

from driftwatch_assets.arrivals import Intake, IntakeStatus
from driftwatch_assets.retraining import Training, TrainingStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

MODEL_TAG = "driftwatch/model"
PURPOSE_TAG = "driftwatch/purpose"
BATCH_TAG = "driftwatch/batch"
FINGERPRINT_TAG = "driftwatch/fingerprint"
EVIDENCE_TAG = "driftwatch/evidence"
ATTEMPT_TAG = "driftwatch/attempt"
REFUSED_TAG = "driftwatch/refused"
LOCK_TAG = "driftwatch/lock"
PROCESS_TAG = "driftwatch/process"

CheckStatus = Literal["passed", "failed", "planned"]

_CHECK_STATUS: dict[Status, CheckStatus] = {
    Status.SUCCEEDED: "passed",
    Status.FAILED: "failed",
    Status.PLANNED: "planned",
}
_FINISHED_BADLY = {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}


@dataclass(frozen=True)
class CheckVerdict:
    """The latest status of a check for one batch."""

    check: str
    batch: str
    status: CheckStatus


def check_verdicts(instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey]) -> list[CheckVerdict]:
    """Read the latest status of checks for every batch, on every storage that Dagster has."""
    infos = instance.event_log_storage.get_asset_check_partition_info(list(keys))
    return [
        CheckVerdict(info.check_key.name, info.partition_key, _CHECK_STATUS[info.latest_execution_status])
        for info in infos
        if info.partition_key is not None
    ]


def intakes(instance: dg.DagsterInstance, model: str) -> list[Intake]:
    """Read the runs that took deliveries of a model in, oldest first."""
    found: list[Intake] = []
    status: IntakeStatus
    for run in _runs(instance, model, "arrival"):
        if run.status == dg.DagsterRunStatus.SUCCESS:
            status = "succeeded"
        elif run.status in _FINISHED_BADLY:
            status = "refused" if REFUSED_TAG in run.tags else "failed"
        else:
            status = "in_flight"
        found.append(Intake(run.tags[BATCH_TAG], run.tags.get(FINGERPRINT_TAG, ""), status))
    return found


def trainings(instance: dg.DagsterInstance, model: str, model_asset: dg.AssetKey) -> list[Training]:
    """Read the runs that trained a model, oldest first, also those that a person launched by hand."""
    found: list[Training] = []
    status: TrainingStatus
    for run in _runs(instance, model, "training"):
        if run.status == dg.DagsterRunStatus.SUCCESS:
            status = "succeeded"
        elif run.status in _FINISHED_BADLY:
            status = "failed"
        else:
            status = "in_flight"
        found.append(Training(run.tags[BATCH_TAG], run.tags.get(EVIDENCE_TAG, ""), status))
    requested = {training.batch for training in found if training.status == "succeeded"}
    by_hand = sorted(instance.get_materialized_partitions(model_asset) - requested)
    return [*found, *(Training(batch, "", "succeeded") for batch in by_hand)]


def _runs(instance: dg.DagsterInstance, model: str, purpose: str) -> list[dg.DagsterRun]:
    runs = instance.get_runs(filters=dg.RunsFilter(tags={MODEL_TAG: model, PURPOSE_TAG: purpose}))
    return list(reversed(runs))
