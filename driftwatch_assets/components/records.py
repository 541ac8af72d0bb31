"""What Dagster's instance knows of a model: runs, and the latest verdict of each check a batch.

Every reader of Dagster's internals stands here, so that an upgrade has one place to look at.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import dagster as dg
from dagster._core.definitions.assets.job.asset_job import IMPLICIT_ASSET_JOB_NAME
from dagster._core.events import JobFailureData
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as Status

from driftwatch_assets.alerting import CHOSEN_ASSETS, redacted
from driftwatch_assets.arrivals import Intake
from driftwatch_assets.attempts import Attempt, why_left_alone
from driftwatch_assets.components.interruptions import interruption_stored
from driftwatch_assets.components.run_settings import asked_recipients
from driftwatch_assets.monitoring import JobRow
from driftwatch_assets.retraining import Training

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dagster._core.execution.plan.objects import StepFailureData
    from dagster_shared.error import SerializableErrorInfo

    from driftwatch_assets.attempts import AttemptStatus

MODEL_TAG = "driftwatch/model"
PURPOSE_TAG = "driftwatch/purpose"
BATCH_TAG = "driftwatch/batch"
FINGERPRINT_TAG = "driftwatch/fingerprint"
EVIDENCE_TAG = "driftwatch/evidence"
DECLARED_TAG = "driftwatch/declared"
ATTEMPT_TAG = "driftwatch/attempt"
REFUSED_TAG = "driftwatch/refused"
ENDED_TAG = "driftwatch/ended"
"""How a run ended that did not succeed, an `AttemptStatus`: noted while it fails, or by who finds it dead."""
RETRIED_TAG = "driftwatch/retried"
"""A run that ended badly and is held against its batch no longer: a person asked for another try."""
RELEASED_TAG = "driftwatch/released"
"""A run that was killed, since which a person replays: it counts as a kill, and what it tried rests no longer."""
_INTERRUPTED_TAG = "driftwatch/interrupted"
"""What an earlier version noted of a run that was interrupted."""
LOCK_TAG = "driftwatch/lock"
PROCESS_TAG = "driftwatch/process"
EVIDENCE_METADATA = "evidence"

_PAGE = 200

UNDER_WAY = (
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)

CheckStatus = Literal["passed", "failed", "planned"]

_CHECK_STATUS: dict[Status, CheckStatus] = {
    Status.SUCCEEDED: "passed",
    Status.FAILED: "failed",
    Status.PLANNED: "planned",
}
_ENDED = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
_FINISHED_BADLY = {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
_RESTS_NO_LONGER: Mapping[AttemptStatus, str] = {"interrupted": RETRIED_TAG, "killed": RELEASED_TAG}
_ENDINGS: tuple[AttemptStatus, ...] = ("refused", "failed", "interrupted", "stopped", "killed", "released")


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
    return [
        Intake(run.tags[BATCH_TAG], run.tags.get(FINGERPRINT_TAG, ""), how_it_stands(instance, run), _ended(record))
        for record, run in _records(instance, model, "arrival")
    ]


def how_it_stands(instance: dg.DagsterInstance, run: dg.DagsterRun) -> AttemptStatus:
    """Tell how a run stands, and where it ended badly, whether it is to blame itself.

    A run that could not note it, since its process was killed or there was no room, is told by the events that it
    left: one that left no error ended without a word.
    """
    if run.status == dg.DagsterRunStatus.SUCCESS:
        return "succeeded"
    if run.status not in _FINISHED_BADLY:
        return "in_flight"
    noted = (
        (RETRIED_TAG, "stopped"),
        (RELEASED_TAG, "released"),
        (REFUSED_TAG, "refused"),
        (_INTERRUPTED_TAG, "interrupted"),
    )
    found = next((status for tag, status in noted if tag in run.tags), run.tags.get(ENDED_TAG))
    for status in _ENDINGS:
        if found == status:
            return status
    # Whoever cancels a run does not want it again at once.
    return "failed" if run.status == dg.DagsterRunStatus.CANCELED else _by_its_events(instance, run.run_id)


def _by_its_events(instance: dg.DagsterInstance, run_id: str) -> AttemptStatus:
    errors = [data.error for _, data in _failures(instance, run_id) if data.error is not None]
    ended = _ended_by(instance, run_id)
    errors += [] if ended is None else [ended]
    told = [interruption_stored(error) for error in errors]
    return next((one for one in told if one is not None), "failed" if errors else "killed")


def retry(instance: dg.DagsterInstance, model: str, batch: str | None = None, *, every: bool = True) -> list[str]:
    """Hold what ended badly against nothing any more, so that it is tried again at once, and give the batches.

    Parameters
    ----------
    instance
        Dagster's instance.
    model
        The model.
    batch
        The batch; None for all.
    every
        Whether what was given up is tried again too; otherwise only what rests after an interruption, and kills count
        on.
    """
    batches = []
    filters = dg.RunsFilter(tags={MODEL_TAG: model}, statuses=list(_FINISHED_BADLY))
    for run in reversed(instance.get_runs(filters)):
        of = _batch_of(run)
        if of is None or batch not in {None, of} or RETRIED_TAG in run.tags or REFUSED_TAG in run.tags:
            continue
        tag = RETRIED_TAG if every else _RESTS_NO_LONGER.get(how_it_stands(instance, run))
        if tag is not None:
            instance.add_run_tags(run.run_id, {tag: "true"})
            batches.append(of)
    return list(dict.fromkeys(batches))


def under_way(instance: dg.DagsterInstance, model: str) -> str | None:
    """Give a batch of which a run of the model, of whatever purpose, is queued or running."""
    filters = dg.RunsFilter(tags={MODEL_TAG: model}, statuses=list(UNDER_WAY))
    runs = instance.get_runs(filters=filters, limit=1)
    if not runs:
        return None
    # A run that a person launched has the partition's tag only, and one without a partition none of them.
    tags = runs[0].tags
    return tags.get(BATCH_TAG) or tags.get("dagster/partition") or f"of run {runs[0].run_id}"


def job_under_way(instance: dg.DagsterInstance, job: str) -> bool:
    """Tell whether a run of a job is queued or running, whoever launched it."""
    return bool(instance.get_runs(dg.RunsFilter(job_name=job, statuses=list(UNDER_WAY)), limit=1))


def measuring(model: str, purpose: str, batch: str, fingerprint: str, attempt: int) -> dg.RunRequest:
    """Give the request of a run that looks again at what is stored, known by the fingerprint of what it looks at."""
    return dg.RunRequest(
        run_key=f"{purpose}/{model}/{batch}/{fingerprint}/{attempt}",
        partition_key=batch,
        tags={
            MODEL_TAG: model,
            PURPOSE_TAG: purpose,
            BATCH_TAG: batch,
            FINGERPRINT_TAG: fingerprint,
            LOCK_TAG: f"{model}/{batch}",
        },
    )


def attempts(instance: dg.DagsterInstance, model: str, purpose: str) -> Counter[tuple[str, str]]:
    """Count the runs of a purpose by batch and fingerprint."""
    runs = [run for _, run in _records(instance, model, purpose)]
    return Counter((run.tags[BATCH_TAG], run.tags.get(FINGERPRINT_TAG, "")) for run in runs)


def tries(instance: dg.DagsterInstance, model: str, purpose: str) -> dict[tuple[str, str], list[Attempt]]:
    """Give the runs of a purpose by batch and fingerprint, the newest first, since another content was tried."""
    latest: dict[str, tuple[str, list[Attempt]]] = {}
    for record, run in _records(instance, model, purpose):
        batch, fingerprint = run.tags[BATCH_TAG], run.tags.get(FINGERPRINT_TAG, "")
        if batch not in latest or latest[batch][0] != fingerprint:
            latest[batch] = (fingerprint, [])
        latest[batch][1].insert(0, Attempt(how_it_stands(instance, run), _ended(record)))
    return {(batch, fingerprint): runs for batch, (fingerprint, runs) in latest.items()}


def exhausted(instance: dg.DagsterInstance, model: str, purpose: str, allowed: int) -> dict[tuple[str, str], str]:
    """Give what is not tried again by itself, by batch and fingerprint, and why; what is under way is not among it.

    What is due still though it succeeded is not done over and over either.
    """
    found = {}
    for known_by, runs in tries(instance, model, purpose).items():
        if runs[0].status == "in_flight":
            continue
        ended = [one for one in runs if one.status in {"succeeded", "refused", "failed"}]
        why = why_left_alone(runs, allowed)
        if why is None and len(ended) >= allowed:
            why = f"was tried {len(ended)} times"
        if why is not None:
            found[known_by] = why
    return found


def trainings(instance: dg.DagsterInstance, model: str, model_asset: dg.AssetKey, declared: str = "") -> list[Training]:
    """Read the trainings of a model, oldest first: requested ones, then those that a person launched by hand.

    One that failed with another declaration of the training than `declared` is not among them: it says nothing of this
    one.

    One by hand is known by what it materialized, whatever job or button launched it, and consumes the evidence that
    stood when it trained: also where requested ones of the same batch came before, or failed.
    """
    requested = _records(instance, model, "training")
    found = []
    for record, run in requested:
        status = how_it_stands(instance, run)
        if status not in {"succeeded", "in_flight"} and run.tags.get(DECLARED_TAG, declared) != declared:
            continue
        # Labels that refused a training may have come since.
        status = "failed" if status == "refused" else status
        found.append(Training(run.tags[BATCH_TAG], run.tags.get(EVIDENCE_TAG, ""), status, _ended(record)))
    return [*found, *_by_hand(instance, model_asset, {run.run_id for _, run in requested})]


def _by_hand(instance: dg.DagsterInstance, model_asset: dg.AssetKey, requested: set[str]) -> list[Training]:
    found = []
    for record in _materializations(instance, model_asset):
        materialization = record.asset_materialization
        if record.run_id in requested or materialization is None or materialization.partition is None:
            continue
        evidence = materialization.metadata.get(EVIDENCE_METADATA)
        found.append(Training(materialization.partition, "" if evidence is None else str(evidence.value), "succeeded"))
    return found


def _materializations(instance: dg.DagsterInstance, asset: dg.AssetKey) -> Iterator[dg.EventLogRecord]:
    page = instance.fetch_materializations(asset, limit=_PAGE, ascending=True)
    yield from page.records
    while page.has_more:
        page = instance.fetch_materializations(asset, limit=_PAGE, cursor=page.cursor, ascending=True)
        yield from page.records


def _records(instance: dg.DagsterInstance, model: str, purpose: str) -> list[tuple[dg.RunRecord, dg.DagsterRun]]:
    """Read the runs of a purpose, oldest first."""
    found = instance.get_run_records(dg.RunsFilter(tags={MODEL_TAG: model, PURPOSE_TAG: purpose}))
    return [(record, record.dagster_run) for record in reversed(found)]


def jobs(instance: dg.DagsterInstance, model: str, limit: int | None = None) -> list[JobRow]:
    """Read the runs of a model, newest first: what ran, for which batch, when, and how it ended.

    An error is told without logins and mail addresses: it goes where everybody reads.
    """
    found = []
    for record in instance.get_run_records(dg.RunsFilter(tags={MODEL_TAG: model}), limit=limit):
        run = record.dagster_run
        found.append(
            JobRow(
                run_id=run.run_id,
                job=CHOSEN_ASSETS if run.job_name == IMPLICIT_ASSET_JOB_NAME else run.job_name,
                purpose=run.tags.get(PURPOSE_TAG, "by hand"),
                batch=_batch_of(run),
                status=run.status.value,
                started_at=_moment(record.start_time),
                ended_at=_ended(record),
                error=redacted(why_failed(instance, run.run_id)) if run.status == dg.DagsterRunStatus.FAILURE else None,
            )
        )
    return found


def recipients(
    instance: dg.DagsterInstance, model: str, monitoring: dg.AssetKey, limit: int | None = None
) -> dict[str, tuple[str, ...]]:
    """Give the mail addresses that runs of a batch were launched with, by batch: those of the newest that names any."""
    found: dict[str, tuple[str, ...]] = {}
    for run in instance.get_runs(dg.RunsFilter(tags={MODEL_TAG: model}), limit=limit):
        batch, asked = _batch_of(run), asked_recipients(run.run_config, monitoring)
        if batch is not None and asked is not None:
            found.setdefault(batch, asked)
    return found


def _batch_of(run: dg.DagsterRun) -> str | None:
    return run.tags.get(BATCH_TAG) or run.tags.get("dagster/partition")


def _ended(record: dg.RunRecord) -> dt.datetime | None:
    if record.dagster_run.status not in _ENDED:
        return None
    return _moment(record.end_time or record.update_timestamp.timestamp())


def _moment(seconds: float | None) -> dt.datetime | None:
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)


def last_moment(instance: dg.DagsterInstance, run_id: str) -> float | None:
    """Give when the last event of a run was stored, in seconds since 1970; None where it has none."""
    events = instance.get_records_for_run(run_id, limit=1, ascending=False).records
    if events:
        return events[0].timestamp
    record = instance.get_run_record_by_id(run_id)
    return None if record is None else record.create_timestamp.timestamp()


def why_failed(instance: dg.DagsterInstance, run_id: str) -> str:
    """Give the first sentence that a failed run left."""
    for _, data in _failures(instance, run_id):
        if data.user_failure_data is not None:
            return data.user_failure_data.description or ""
        if data.error is not None:
            return (data.error.cause or data.error).message.strip()
    ended = _ended_by(instance, run_id)
    return "see the run in the UI" if ended is None else ended.message.strip()


def failed_step(instance: dg.DagsterInstance, run_id: str) -> dict[str, str] | None:
    """Give the step at which a run failed, and the error; None where the run is not known any more.

    What the project itself says of a batch that it refuses is told as it is. Of any other error the class is: its
    text may quote what was read.
    """
    if not instance.has_run(run_id):
        return None
    for step, data in _failures(instance, run_id):
        if data.user_failure_data is not None:
            return {"step": step, "error": data.user_failure_data.description or "refused"}
        if data.error is not None:
            return {"step": step, "error": (data.error.cause or data.error).cls_name or "an error"}
    ended = _ended_by(instance, run_id)
    return {} if ended is None else {"error": ended.cls_name or "an error"}


def _failures(instance: dg.DagsterInstance, run_id: str) -> Iterator[tuple[str, StepFailureData]]:
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.dagster_event
        if event is not None:
            yield entry.step_key or "", event.step_failure_data


def _ended_by(instance: dg.DagsterInstance, run_id: str) -> SerializableErrorInfo | None:
    """Give the error of a run that failed outside its steps, as when a resource could not be set up."""
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.RUN_FAILURE):
        data = None if entry.dagster_event is None else entry.dagster_event.event_specific_data
        if isinstance(data, JobFailureData) and data.error is not None:
            return data.error.cause or data.error
    return None
