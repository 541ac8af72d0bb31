"""Which process executes a run, so that a run whose process is gone is told from one that is slow.

Dagster's code server fails the run of a worker that was killed, but when the code server went with it (a machine that
lost its power), nobody does: with the default launcher, run monitoring does not look at workers. Such a run would
stay under way for ever, and everything of the model would wait for it.
"""

from __future__ import annotations

import logging
import os
import socket
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.events import DagsterEvent

from driftwatch_assets.components import records
from driftwatch_assets.scratch import started

if TYPE_CHECKING:
    from driftwatch_assets.attempts import AttemptStatus

_WAITING = (dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED)


def claim_of(run_id: str) -> str:
    """Give the value of the tag by which this process says that it executes a run.

    It names host, process, the moment when that started, and the run: who executes a run again copies its tags.
    """
    return f"{socket.gethostname()}:{os.getpid()}:{started(os.getpid())}:{run_id}"


def claim(context: dg.AssetExecutionContext) -> None:
    """Note in the tags of the run that is being executed that this process does it, unless one claimed it before.

    A worker that executes a step of a run that another process holds together does not claim the run. A run that was
    launched from the asset graph belongs to no model's job; it gets the tag of the model whose assets it executes (of
    several models, of the first by name), so that it is waited for, recorded and told of like others.
    """
    if records.MODEL_TAG not in context.run.tags:
        chosen = context.run.asset_selection or context.selected_asset_keys
        if chosen:
            context.instance.add_run_tags(context.run.run_id, {records.MODEL_TAG: min(key.path[0] for key in chosen)})
    if not context.run.tags.get(records.PROCESS_TAG, "").endswith(f":{context.run.run_id}"):
        claim_run(context.instance, context.run)


def claim_run(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Note in the tags of a run that this process executes it."""
    instance.add_run_tags(run.run_id, {records.PROCESS_TAG: claim_of(run.run_id)})


def close_abandoned_runs(instance: dg.DagsterInstance, model: str | None = None) -> list[str]:
    """Fail the runs of a model, or of all, whose process on this machine is gone, and give their ids.

    Runs of other machines, and runs that no process has claimed, are left alone. A run ends when its last event was
    stored, not when it is found, so that it comes before whatever was done since.
    """
    closed = []
    tags = None if model is None else {records.MODEL_TAG: model}
    filters = dg.RunsFilter(tags=tags, statuses=list(records.UNDER_WAY))
    for run in reversed(instance.get_runs(filters=filters)):
        # A process may have ended well between the two looks: once it is gone, what it wrote is all there is.
        if _is_gone(run) and is_under_way(instance, run.run_id):
            close_run(instance, run, "killed", "the process of this run ended without a word")
            closed.append(run.run_id)
    return closed


def close_run(instance: dg.DagsterInstance, run: dg.DagsterRun, status: AttemptStatus, message: str) -> None:
    """Fail a run that cannot say it itself, as of its last event, with a note how it ended."""
    instance.add_run_tags(run.run_id, {records.ENDED_TAG: status})
    failed = DagsterEvent(event_type_value="PIPELINE_FAILURE", job_name=run.job_name, message=message)
    at = records.last_moment(instance, run.run_id)
    instance.report_dagster_event(failed, run.run_id, log_level=logging.ERROR, timestamp=at)


def stop(instance: dg.DagsterInstance, run_id: str) -> None:
    """Cancel a run whose process is about to be ended by a person: that is no failure, and costs no attempt."""
    run = instance.get_run_by_id(run_id)
    if run is not None and run.status in records.UNDER_WAY:
        instance.add_run_tags(run_id, {records.ENDED_TAG: "stopped"})
        instance.report_run_canceled(run, message="stopped by a person; what it had begun is taken up again")


def stop_runs_here(instance: dg.DagsterInstance) -> list[str]:
    """Stop the runs that this machine executes, as `stop` does, and give what they were at: their models and batches.

    A run that no process has claimed yet counts as this machine's; one that still waits in the queue goes on waiting.
    """
    begun = [status for status in records.UNDER_WAY if status not in _WAITING]
    stopped = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=begun)):
        claimed = run.tags.get(records.PROCESS_TAG, "")
        if not claimed or claimed.startswith(f"{socket.gethostname()}:"):
            stop(instance, run.run_id)
            stopped.append(" ".join([run.job_name, run.tags.get("dagster/partition", "")]).strip())
    return stopped


def stop_waiting_runs(instance: dg.DagsterInstance, model: str) -> None:
    """Stop the runs of a model that wait in the queue of a daemon, where it is sure that no daemon is at work."""
    for run in instance.get_runs(filters=dg.RunsFilter(tags={records.MODEL_TAG: model}, statuses=list(_WAITING))):
        stop(instance, run.run_id)


def is_under_way(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Tell whether a Dagster run is still queued or running."""
    run = instance.get_run_by_id(run_id)
    return run is not None and run.status in records.UNDER_WAY


def _is_gone(run: dg.DagsterRun) -> bool:
    claimed = run.tags.get(records.PROCESS_TAG, "").split(":")
    if len(claimed) != len(("host", "pid", "started", "run")):
        return False
    host, pid, since, run_id = claimed
    return run_id == run.run_id and host == socket.gethostname() and started(int(pid)) != since
