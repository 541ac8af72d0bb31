"""The sensor that keeps a model's monitoring database and its alerts up to date."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg

from driftwatch_assets.alerting import channels_of
from driftwatch_assets.components import records
from driftwatch_assets.components.sensors import awaited_labels, retraining_decision
from driftwatch_assets.monitoring import AlertChanges, MonitoringError, open_monitoring
from driftwatch_assets.resources import Places
from driftwatch_assets.steps import judge_alerts, record_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from driftwatch_assets.components.keys import Keys
    from driftwatch_assets.steps import Watched

_INTERVAL_SECONDS = 15
_PATIENCE = dt.timedelta(minutes=15)
_RUNS = 500


def build_alerts(keys: Keys, watch: Callable[[Places], Watched]) -> dg.SensorDefinition:
    """Build the sensor that brings the monitoring database and the alerts of a model up to date.

    It looks again when a run began or ended, or a rule was changed, and compares all that is known with what is
    recorded: what a run could not record, since the database was down, is recorded here. Rules are judged once the
    model has settled (nothing runs, and no training is asked for), so that a message says what the system did;
    at the latest after a quarter of an hour.
    """

    @dg.sensor(
        name=keys.alerts_sensor,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Records what is known in the monitoring database, and opens and resolves alerts.",
    )
    def alerts(context: dg.SensorEvaluationContext, places: Places) -> dg.SkipReason:
        watched = watch(places)
        seen = _seen(context.instance, watched)
        if context.cursor == seen:
            return dg.SkipReason("nothing ran since everything was recorded")
        try:
            changes, settled = bring_up_to_date(context.instance, watched, keys, run_urls=places.run_urls)
        except MonitoringError as unusable:
            raise dg.Failure(description=str(unusable)) from unusable
        if not settled:
            return dg.SkipReason("recorded; rules are judged when what runs or is asked for has ended")
        context.update_cursor(seen)
        return dg.SkipReason(f"recorded; {len(changes.opened)} alerts opened, {len(changes.resolved)} resolved")

    return alerts


def bring_up_to_date(
    instance: dg.DagsterInstance,
    watched: Watched,
    keys: Keys,
    *,
    run_urls: str,
    notify: bool = True,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> tuple[AlertChanges, bool]:
    """Record all that is known of a model and judge its rules; tell what changed, and whether the model has settled."""
    store = open_monitoring(watched.monitoring)
    # What was recorded of runs stays there; a database that knows of none is told of all.
    limit = _RUNS if notify and store.jobs(watched.name) else None
    jobs = records.jobs(instance, watched.name, limit)
    known, _ = record_all(watched, store, jobs)
    ended = max((job.ended_at for job in jobs if job.ended_at is not None), default=None)
    # A run that ends in what is the future by now was timed by a clock that has jumped back: it has been waited for.
    waited = ended is not None and abs(now() - ended) > _PATIENCE
    if notify and not waited and not _settled(instance, watched, keys):
        return AlertChanges(), False
    asked = records.recipients(instance, watched.name, keys.monitoring, limit)
    changes = judge_alerts(
        watched,
        store,
        known,
        run_urls=run_urls,
        why=partial(records.failed_step, instance),
        channels=_channels(watched, watched.declaration.alerts.recipients),
        channels_of={batch: _channels(watched, recipients) for batch, recipients in asked.items()},
        notify=notify,
    )
    return changes, True


def _channels(watched: Watched, recipients: Sequence[str]) -> list[str]:
    return [one.name for one in channels_of(watched.name, recipients)]


def _settled(instance: dg.DagsterInstance, watched: Watched, keys: Keys) -> bool:
    if records.under_way(instance, watched.name) is not None:
        return False
    return not retraining_decision(instance, watched, keys).pending and not awaited_labels(instance, watched)


def _seen(instance: dg.DagsterInstance, watched: Watched) -> str:
    """Give what tells whether anything happened: the latest runs with how they stand, and the rules."""
    runs = instance.get_runs(dg.RunsFilter(tags={records.MODEL_TAG: watched.name}), limit=_RUNS)
    told = [[run.run_id, run.status.value] for run in runs]
    rules = [rule.model_dump(mode="json") for rule in watched.declaration.alerts.every]
    return hashlib.sha256(json.dumps([told, rules]).encode()).hexdigest()
