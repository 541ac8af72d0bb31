"""Schedules beside the sensors: what some prefer to run by the clock, off until somebody switches it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from driftwatch_assets.components import records
from driftwatch_assets.resources import Places

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """Build the declared schedules; each runs the newest batch that is stored.

    Inference takes that batch from landing to report, monitoring judges its drift and performance again and draws its
    report, training trains through it. A tick at which nothing is stored yet is skipped with that reason.
    """
    declared, name = declaration.schedules, declaration.name
    monitoring_job = dg.define_asset_job(
        f"{name}_monitoring",
        selection=dg.AssetSelection.assets(keys.drift, keys.performance, keys.report),
        description=f"Judges drift and performance of one batch of {name}, and draws its report.",
        tags={records.MODEL_TAG: name},
    )
    wanted = [
        ("inference", declared.inference, batch_job),
        ("monitoring", declared.monitoring, monitoring_job),
        ("training", declared.training, training_job),
    ]
    schedules = [_schedule(f"{name}_{what}_schedule", cron, job, name, watch) for what, cron, job in wanted if cron]
    jobs = [monitoring_job] if declared.monitoring else []
    return dg.Definitions(schedules=schedules, jobs=jobs)


def _schedule(
    name: str, cron: str, job: dg.UnresolvedAssetJobDefinition, model: str, watch: Callable[[Places], Watched]
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=name,
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=f"Runs {job.name} for the newest stored batch of {model}.",
    )
    def newest(context: dg.ScheduleEvaluationContext, places: Places) -> dg.RunRequest | dg.SkipReason:
        watched = watch(places)
        batches = watched.lake.batches(watched.tables.gold)
        if not batches:
            return dg.SkipReason(f"nothing of {model} is stored yet")
        batch = batches[-1]
        moment = context.scheduled_execution_time.strftime("%Y-%m-%dT%H:%M")
        return dg.RunRequest(
            run_key=f"{name}/{moment}",
            partition_key=batch,
            tags={
                records.MODEL_TAG: model,
                records.PURPOSE_TAG: "schedule",
                records.BATCH_TAG: batch,
                records.LOCK_TAG: f"{model}/{batch}",
            },
        )

    return newest
