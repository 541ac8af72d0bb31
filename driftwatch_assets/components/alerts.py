"""The sensor that keeps a model's monitoring database and its alerts up to date."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING

import dagster as dg

from driftwatch_assets.alerting import channels_of
from driftwatch_assets.components import records
from driftwatch_assets.components.lost import LakeLost, check_lake
from driftwatch_assets.components.outages import outages
from driftwatch_assets.components.sensors import awaited_labels, retraining_course
from driftwatch_assets.monitoring import MonitoringError, open_monitoring
from driftwatch_assets.resources import Places
from driftwatch_assets.steps import judge_alerts, record_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from driftwatch_assets.components.keys import Keys
    from driftwatch_assets.monitoring import AlertChanges
    from driftwatch_assets.retraining import Course
    from driftwatch_assets.steps import Watched

_INTERVAL_SECONDS = 15
_PATIENCE = dt.timedelta(minutes=15)
_RUNS = 500


def build_alerts(keys: Keys, watch: Callable[[Places], Watched]) -> dg.SensorDefinition:
    """Build the sensor that brings the monitoring database and the alerts of a model up to date.

    It looks again when a run began or ended, the source could not be looked at, or a rule was changed, and compares all
    that is known with what is recorded: what a run could not record, since the database was down, is recorded here.
    That a run failed, or the source cannot be looked at, is told at once. Rules are judged once the model has settled
    (nothing runs, and no training is asked for), so that a message says what the system did; at the latest a quarter of
    an hour after the first run ended that they were not judged by.
    """

    @dg.sensor(
        name=keys.alerts_sensor,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Records what is known in the monitoring database, and opens and resolves alerts.",
    )
    def alerts(context: dg.SensorEvaluationContext, places: Places) -> dg.SkipReason:
        watched = watch(places)
        before, found = _Looked.read(context.cursor), _look(context.instance, watched)
        if before.seen == found.seen:
            return dg.SkipReason("nothing ran since everything was recorded")
        since = before.since or (None if found.ended == before.ended else _now().isoformat())
        try:
            changes, settled = bring_up_to_date(
                context.instance, watched, keys, run_urls=places.run_urls, patient=not _past(since)
            )
        except (MonitoringError, LakeLost) as unusable:
            raise dg.Failure(description=str(unusable)) from unusable
        context.update_cursor((found if settled else replace(before, since=since)).stored())
        told = f"recorded; {len(changes.opened)} alerts opened, {len(changes.resolved)} resolved"
        if not settled:
            return dg.SkipReason(f"{told}; rules are judged when what runs or is asked for has ended")
        return dg.SkipReason(told)

    return alerts


def bring_up_to_date(
    instance: dg.DagsterInstance,
    watched: Watched,
    keys: Keys,
    *,
    run_urls: str,
    notify: bool = True,
    patient: bool = True,
) -> tuple[AlertChanges, bool]:
    """Record all that is known of a model and judge its rules; tell what changed, and whether all rules were judged.

    Who is patient waits with them until the model has settled, and judges by then only what needs no waiting.

    Raises
    ------
    LakeLost
        See `check_lake`; what is recorded stays.

    """
    check_lake(instance, watched)
    store = open_monitoring(watched.monitoring)
    # What was recorded of runs stays there; a database that knows of none is told of all.
    limit = _RUNS if notify and store.jobs(watched.name) else None
    jobs = records.jobs(instance, watched.name, limit)
    known, _ = record_all(watched, store, jobs)
    course = cache(partial(retraining_course, instance, watched, keys))
    whole = not notify or not patient or _settled(instance, watched, course)
    asked = records.recipients(instance, watched.name, keys.monitoring, limit)
    changes = judge_alerts(
        watched,
        store,
        known,
        run_urls=run_urls,
        why=partial(records.failed_step, instance),
        decided=lambda batch: course().decision(batch),
        channels=_channels(watched, watched.declaration.alerts.recipients),
        channels_of={batch: _channels(watched, recipients) for batch, recipients in asked.items()},
        notify=notify,
        outages=outages(instance, watched.name),
        at_once=not whole,
    )
    return changes, whole


def _channels(watched: Watched, recipients: Sequence[str]) -> list[str]:
    return [one.name for one in channels_of(watched.name, recipients)]


def _settled(instance: dg.DagsterInstance, watched: Watched, course: Callable[[], Course]) -> bool:
    if records.under_way(instance, watched.name) is not None:
        return False
    return not course().decision().pending and not awaited_labels(instance, watched)


@dataclass(frozen=True)
class _Looked:
    """What the sensor keeps: what there was when rules were last judged, and since when they wait for a later run.

    Attributes
    ----------
    seen, ended
        Hashes over the latest runs with how they stand, the outages of the source and the rules, and over those runs
        that have ended.
    since
        When a run was first seen to have ended that no rule was judged by.
    """

    seen: str = ""
    ended: str = ""
    since: str | None = None

    @classmethod
    def read(cls, cursor: str | None) -> _Looked:
        """Read a cursor; one of an earlier version of the sensor says nothing."""
        return cls(**json.loads(cursor)) if cursor and cursor.startswith("{") else cls()

    def stored(self) -> str:
        """Give the cursor."""
        return json.dumps(asdict(self))


def _look(instance: dg.DagsterInstance, watched: Watched) -> _Looked:
    runs = instance.get_runs(dg.RunsFilter(tags={records.MODEL_TAG: watched.name}), limit=_RUNS)
    told = [[run.run_id, run.status.value] for run in runs]
    rules = [rule.model_dump(mode="json") for rule in watched.declaration.alerts.every]
    away = [[one.known_by, one.ended_with] for one in outages(instance, watched.name)]
    return _Looked(_hash([told, away, rules]), _hash([run.run_id for run in runs if run.is_finished]))


def _hash(told: object) -> str:
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _past(since: str | None) -> bool:
    """Tell whether rules have waited long enough; a clock that was moved counts as time that has passed."""
    return since is not None and abs(_now() - dt.datetime.fromisoformat(since)) > _PATIENCE


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
