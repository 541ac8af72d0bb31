"""Schedules beside the sensors: what some prefer to run by the clock, off until somebody switches it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from driftwatch_assets.components import records
from driftwatch_assets.components.processes import close_abandoned_runs
from driftwatch_assets.components.sensors import intake_plan, intake_requests, look_or_fail
from driftwatch_assets.lake import batch_order
from driftwatch_assets.resources import Places
from driftwatch_assets.steps import due_labels, newest_labelled, why_untrainable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from driftwatch_assets.components.keys import Keys
    from driftwatch_assets.declaration import Declaration
    from driftwatch_assets.steps import Watched


def build_schedules(
    declaration: Declaration,
    keys: Keys,
    batch_job: dg.UnresolvedAssetJobDefinition,
    training_job: dg.UnresolvedAssetJobDefinition,
    watch: Callable[[Places], Watched],
) -> dg.Definitions:
    """Build the declared schedules; a tick at which there is nothing to do is skipped with that reason.

    Inference takes in what has arrived, as the arrivals sensor does, with which it shares plan and runs. Monitoring
    judges drift and performance of the newest batch whose labels are known, and of each whose labels have become known
    since it was judged. Training trains through the newest batch that is stored, where the labels that are known by
    then can carry it.
    """
    declared, name = declaration.schedules, declaration.name
    monitoring_job = dg.define_asset_job(
        f"{name}_monitoring",
        selection=dg.AssetSelection.assets(keys.drift, keys.performance, keys.report),
        description=f"Judges drift and performance of one batch of {name}, and draws its report.",
        tags={records.MODEL_TAG: name},
    )
    schedules = []
    if declared.inference:
        schedules.append(_taking_in(keys, declared.inference, batch_job, watch))
    if declared.monitoring:
        schedules.append(_judging("monitoring", keys, declared.monitoring, monitoring_job, watch, _labelled))
    if declared.training:
        schedules.append(_judging("training", keys, declared.training, training_job, watch, _trainable))
    jobs = [monitoring_job] if declared.monitoring else []
    return dg.Definitions(schedules=schedules, jobs=jobs)


def _taking_in(
    keys: Keys, cron: str, job: dg.UnresolvedAssetJobDefinition, watch: Callable[[Places], Watched]
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{keys.model}_inference_schedule",
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=f"Takes in what has arrived of {keys.model}, as the arrivals sensor does.",
    )
    def inference(context: dg.ScheduleEvaluationContext, places: Places) -> list[dg.RunRequest] | dg.SkipReason:
        watched = watch(places)
        close_abandoned_runs(context.instance, watched.name)
        arrived = look_or_fail(context.instance, watched)
        # Without the sensors nobody may be there who trains when it is due: only a training that runs is waited for.
        training = records.job_under_way(context.instance, keys.training_job)
        plan = intake_plan(context.instance, watched, keys, arrived, training_pending=training)
        if plan.requests:
            context.instance.add_dynamic_partitions(str(keys.asked.name), [one.batch for one in plan.requests])
        notes = "; ".join([plan.reason, *arrived.waiting, *arrived.remarks])
        context.log.info(notes)
        return intake_requests(watched.name, plan) or dg.SkipReason(notes)

    return inference


def _judging(
    what: str,
    keys: Keys,
    cron: str,
    job: dg.UnresolvedAssetJobDefinition,
    watch: Callable[[Places], Watched],
    choose: Callable[[Watched], Sequence[str] | dg.SkipReason],
) -> dg.ScheduleDefinition:
    name = f"{keys.model}_{what}_schedule"

    @dg.schedule(
        name=name,
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=f"Runs {job.name} for the newest batch of {keys.model} whose labels allow it.",
    )
    def judging(context: dg.ScheduleEvaluationContext, places: Places) -> list[dg.RunRequest] | dg.SkipReason:
        watched = watch(places)
        if not watched.lake.batches(watched.tables.gold):
            return dg.SkipReason(f"nothing of {watched.name} is stored yet")
        chosen = choose(watched)
        if isinstance(chosen, dg.SkipReason):
            return chosen
        moment = context.scheduled_execution_time.strftime("%Y-%m-%dT%H:%M")
        return [
            dg.RunRequest(
                run_key=f"{name}/{moment}/{batch}",
                partition_key=batch,
                tags={
                    records.MODEL_TAG: watched.name,
                    records.PURPOSE_TAG: "schedule",
                    records.BATCH_TAG: batch,
                    records.LOCK_TAG: f"{watched.name}/{batch}",
                },
            )
            for batch in chosen
        ]

    return judging


def _labelled(watched: Watched) -> Sequence[str] | dg.SkipReason:
    newest = newest_labelled(watched)
    if newest is None:
        return dg.SkipReason(
            f"no stored batch of {watched.name} has a row whose label is known: there is no performance"
        )
    return sorted({newest, *(batch for batch, _ in due_labels(watched))}, key=batch_order)


def _trainable(watched: Watched) -> Sequence[str] | dg.SkipReason:
    batch = watched.lake.batches(watched.tables.gold)[-1]
    why_not = why_untrainable(watched, batch)
    return [batch] if why_not is None else dg.SkipReason(why_not)
