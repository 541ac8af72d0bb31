"""The sensor over served traffic: an hour is watched when it is over, and again when labels of it are told."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import dagster as dg

from driftwatch_assets.attempts import retry_command
from driftwatch_assets.components import records
from driftwatch_assets.components.processes import close_abandoned_runs
from driftwatch_assets.components.sensors import patience_of
from driftwatch_assets.resources import Places
from driftwatch_assets.steps import due_served

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch_assets.components.keys import Keys
    from driftwatch_assets.steps import Watched

_INTERVAL_SECONDS = 60
_AT_ONCE = 24
_PURPOSE = "served"


def build_served_sensor(
    keys: Keys, job: dg.UnresolvedAssetJobDefinition, watch: Callable[[Places], Watched]
) -> dg.SensorDefinition:
    """Build the sensor that asks for the watch over served hours.

    It compares what each hour's evidence rests on with what is stored, so that it heals itself.
    """

    @dg.sensor(
        name=keys.served_job,
        job=job,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests the watch over every hour of served predictions that is over, and again when labels "
        "of it are told.",
    )
    def served(context: dg.SensorEvaluationContext, places: Places) -> dg.SensorResult | dg.SkipReason:
        watched = watch(places)
        close_abandoned_runs(context.instance, watched.name)
        due = due_served(watched, dt.datetime.now(dt.UTC))
        if not due:
            return dg.SkipReason("no hour of served predictions is due")
        busy = records.under_way(context.instance, watched.name)
        if busy:
            return dg.SkipReason(f"batch {busy} is under way")
        tried = records.attempts(context.instance, watched.name, _PURPOSE)
        allowed = watched.declaration.arrivals.attempts
        given_up = records.exhausted(context.instance, watched.name, _PURPOSE, allowed)
        stuck = [hour for hour, identity in due if (hour, identity) in given_up]
        for hour, identity in due:
            if (hour, identity) in given_up:
                context.log.error(
                    "watching %s %s: mend the cause, then run `%s`",
                    hour,
                    given_up[hour, identity],
                    retry_command(watched.name, hour),
                )
        tries = records.tries(context.instance, watched.name, _PURPOSE)
        patience = patience_of(watched)
        waiting = [one for one in due if one not in given_up]
        asked = [one for one in waiting if not patience.left(tries.get(one, []))][:_AT_ONCE]
        if not asked:
            resting = f", {len(waiting)} were interrupted and rest" if waiting else ""
            return dg.SkipReason(f"{len(stuck)} hours were given up{resting}")
        return dg.SensorResult(
            run_requests=[
                records.measuring(watched.name, _PURPOSE, hour, identity, tried[hour, identity] + 1)
                for hour, identity in asked
            ],
            dynamic_partitions_requests=[keys.served_hours.build_add_request([hour for hour, _ in asked])],
        )

    return served
