"""The monitoring database as one object."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from driftwatch_assets.monitoring import alerts, outbox, reading
from driftwatch_assets.monitoring.database import connect
from driftwatch_assets.monitoring.recording import (
    BATCHES,
    FEATURE_DRIFT,
    JOBS,
    METRICS,
    RULES,
    VERSIONS,
    record_rows,
    record_rules,
)
from driftwatch_assets.monitoring.rows import (
    BatchRow,
    Changes,
    FeatureRow,
    JobRow,
    MetricRow,
    VersionRow,
)
from driftwatch_assets.monitoring.upgrading import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from driftwatch_assets.alerting import AlertRule, AlertSpan, BuiltInRule
    from driftwatch_assets.monitoring.database import Database
    from driftwatch_assets.monitoring.rows import (
        AlertChanges,
        AlertRecord,
        AlertState,
        OutboxRow,
        Overview,
        Snapshot,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def open_monitoring(url: str, *, clock: Callable[[], datetime] = _now) -> Monitoring:
    """Open the monitoring database, whose tables are created or upgraded first.

    Nothing stays open between calls, so that it may be kept over forks and over a restart of the server.

    Parameters
    ----------
    url
        ``sqlite:///path`` or ``postgresql://user:password@host:port/name``.
    clock
        What the time is.

    Raises
    ------
    MonitoringUrlRefused
        The address names no database.
    MonitoringUnreachable
        The database does not answer.
    MonitoringRefused
        Its tables are of a newer version of the project, or may not be created.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = open_monitoring(f"sqlite:///{folder.name}/monitoring.db")
    >>> rows = [MetricRow(batch="7", name="accuracy", value=0.8)]
    >>> store.record_metrics("iris", rows), store.record_metrics("iris", rows)
    (Changes(inserted=1, updated=0, deleted=0), Changes(inserted=0, updated=0, deleted=0))
    >>> folder.cleanup()
    """
    database = connect(url)
    upgrade(database)
    return Monitoring(database, clock)


class Monitoring:
    """What is known of all models, as tables for people and dashboards, and the outbox of alerts.

    Every method is one transaction: it is stored whole, or nothing of it is. What is recorded is true from then on, so
    that recording the same twice changes nothing.

    Raises
    ------
    MonitoringUnreachable
        By every method: the database did not answer, and nothing of what was attempted is stored.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = _now) -> None:
        self.database = database
        self.clock = clock

    @property
    def shown(self) -> str:
        """The address without its password."""
        return self.database.shown

    def record(self, model: str, snapshot: Snapshot) -> Changes:
        """Bring a model's tables to what is known of it; what is no longer true is deleted.

        A table of which the snapshot says nothing (None) is left as it is. Jobs are only added and updated: what ran
        did run, also where the orchestrator has forgotten it.
        """
        now = self.clock()
        whole = (
            (VersionRow, snapshot.versions),
            (BatchRow, snapshot.batches),
            (MetricRow, snapshot.metrics),
            (FeatureRow, snapshot.feature_drift),
        )
        changes = Changes()
        with self.database.writing(f"{model} was recorded", alone_for=model) as connection:
            for kind, rows in whole:
                if rows is not None:
                    changes += record_rows(connection, model, kind, rows, now, replace=True)
            if snapshot.rules is not None:
                changes += record_rules(connection, model, snapshot.rules, now, replace=True)
            if snapshot.jobs is not None:
                changes += record_rows(connection, model, JobRow, snapshot.jobs, now, replace=False)
        return changes

    def record_versions(self, model: str, rows: Iterable[VersionRow]) -> Changes:
        """Store versions, and leave others as they are."""
        return self._record(model, VersionRow, rows)

    def record_batches(self, model: str, rows: Iterable[BatchRow]) -> Changes:
        """Store batches, and leave others as they are."""
        return self._record(model, BatchRow, rows)

    def record_metrics(self, model: str, rows: Iterable[MetricRow]) -> Changes:
        """Store numbers, and leave others as they are; one that is not known is taken away."""
        return self._record(model, MetricRow, rows)

    def record_feature_drift(self, model: str, rows: Iterable[FeatureRow]) -> Changes:
        """Store the drift of features, and leave others as they are."""
        return self._record(model, FeatureRow, rows)

    def record_jobs(self, model: str, rows: Iterable[JobRow]) -> Changes:
        """Store runs, and leave others as they are."""
        return self._record(model, JobRow, rows)

    def record_rules(self, model: str, rules: Iterable[AlertRule | BuiltInRule]) -> Changes:
        """Store all alert rules of a model; those that are not among them are no longer declared."""
        with self.database.writing(f"alert rules of {model} were recorded", alone_for=model) as connection:
            return record_rules(connection, model, rules, self.clock(), replace=True)

    def _record(self, model: str, kind: type, rows: Iterable[Any]) -> Changes:
        with self.database.writing(f"{model} was recorded", alone_for=model) as connection:
            return record_rows(connection, model, kind, rows, self.clock(), replace=False)

    def forget(self, model: str) -> None:
        """Delete all that is recorded of a model, its alerts and waiting messages too."""
        with self.database.writing(f"{model} was forgotten", alone_for=model) as connection:
            for table in (alerts.ALERTS, VERSIONS, BATCHES, METRICS, FEATURE_DRIFT, RULES, JOBS):
                connection.execute(sa.delete(table).where(table.c.model == model))

    def apply_alerts(
        self,
        model: str,
        spans_by_rule: Mapping[AlertRule | BuiltInRule, Sequence[AlertSpan]],
        details: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        of_runs: Mapping[str, Mapping[str, Any]] | None = None,
        channels: Sequence[str] = (),
        channels_of: Mapping[str, Sequence[str]] | None = None,
        notify: bool = True,
        at: Mapping[str, datetime] | None = None,
    ) -> AlertChanges:
        """Bring a model's alerts to the spans over which its rules failed, and put messages into the outbox.

        An alert is known by model, rule and the batch that opened it. It opens once, goes on while the rule fails and
        resolves by itself; applying the same spans again changes nothing. Where an alert that had resolved is open
        again, it opens anew and is told of again. An open alert whose rule did not fail there with what is known by
        now resolves, and so does one whose rule is neither given nor declared (`record_rules`) any more. Rules that
        are not given but still declared are left alone, so that failed runs and metrics may be told of apart.

        Parameters
        ----------
        model
            The model.
        spans_by_rule
            All spans of each rule (`driftwatch_assets.alerting.spans` and `run_spans`).
        details
            What is told of a batch, by batch: the fields of a `Notice` that the alert itself does not have, such as
            ``features``, ``retrained``, ``decision``, ``run_url``. An alert keeps those of the batch that opened it,
            also as they become known later; the message of a resolved one tells those of the batch that passed.
        of_runs
            What is told of a run, by its id, likewise: an alert of the rule for runs keeps what is told of the run
            that failed. What it keeps stays where nothing is told of that run any more.
        channels
            Names, without secrets, of the channels that get each message.
        channels_of
            Those of single batches, by batch, in their place. The channels of the batch that opened an alert are told
            when another one resolves it, too.
        notify
            Whether messages are put into the outbox; not where a history is rebuilt.
        at
            When a batch was judged, by batch, and when a run ended, by its id; where that is not known, now.

        Returns
        -------
        AlertChanges
        """
        with self.database.writing(f"alerts of {model} were brought up to date", alone_for=model) as connection:
            book = alerts.AlertBook(
                connection=connection,
                model=model,
                now=self.clock(),
                details=details or {},
                of_runs=of_runs or {},
                at=at or {},
                channels=channels if notify else (),
                channels_of=(channels_of or {}) if notify else {},
            )
            return book.apply(spans_by_rule)

    def alerts(self, state: AlertState | None = None, model: str | None = None) -> list[AlertRecord]:
        """Give alerts, the newest first."""
        with self.database.reading("alerts were read") as connection:
            return alerts.read_alerts(connection, model=model, states=None if state is None else (state,))

    def acknowledge(self, alert_id: int, by: str) -> AlertRecord:
        """Note that someone sees to an open alert; one that somebody sees to already stays as it is.

        Raises
        ------
        AlertUnknown
            There is no such alert, or it has resolved.
        """
        with self.database.writing(f"alert {alert_id} was acknowledged") as connection:
            return alerts.acknowledge(connection, alert_id, by, self.clock())

    def read(self, model: str) -> Snapshot:
        """Give all that is recorded of a model, batches and runs in their order."""
        with self.database.reading(f"{model} was read") as connection:
            return reading.snapshot(connection, model)

    def jobs(self, model: str) -> list[JobRow]:
        """Give every run of a model that was ever recorded, in the order in which they started."""
        with self.database.reading(f"runs of {model} were read") as connection:
            return reading.jobs(connection, model)

    def overview(self) -> Overview:
        """Tell where every model stands, all at one moment."""
        with self.database.reading("the models were looked at") as connection:
            return reading.overview(connection)

    def claim(self, limit: int, now: datetime | None = None) -> list[OutboxRow]:
        """Take messages that are due, the oldest first; for `outbox.CLAIM` nobody else gets them.

        Who crashes with a claim loses it when it expires. That an alert was resolved is not told to a channel before
        that it opened, and no more where it has opened again since. A message whose next attempt lies further ahead
        than any wait on purpose is due: the clock that put it off has jumped back.
        """
        with self.database.writing("messages were taken from the outbox") as connection:
            return outbox.claim(connection, limit, now or self.clock())

    def sent(self, id: int, now: datetime | None = None) -> None:  # noqa: A002 - as the column is called
        """Mark a message as sent; one that has been replaced meanwhile is left alone."""
        with self.database.writing("a message was marked as sent") as connection:
            outbox.sent(connection, id, now or self.clock())

    def failed(self, id: int, error: str, next_attempt_at: datetime) -> None:  # noqa: A002 - as above
        """Count an attempt that failed, and let the message wait until then."""
        with self.database.writing("a failed message was put back") as connection:
            outbox.failed(connection, id, error, next_attempt_at)

    def postponed(self, id: int, next_attempt_at: datetime) -> None:  # noqa: A002 - as above
        """Let a message wait that was not tried."""
        with self.database.writing("a message was put back") as connection:
            outbox.postponed(connection, id, next_attempt_at)

    def sent_between(self, channel: str, since: datetime, until: datetime) -> int:
        """Count the messages that a channel took after `since` and up to `until`."""
        with self.database.reading("sent messages were counted") as connection:
            return outbox.sent_between(connection, channel, since, until)

    def waiting(self) -> dict[str, int]:
        """Count the messages that were not sent yet, by channel."""
        with self.database.reading("waiting messages were counted") as connection:
            return outbox.waiting(connection)

    def drop(self, channel: str, model: str | None = None) -> int:
        """Delete the messages that wait for a channel, and for each recipient of it; give how many there were.

        For a channel that was taken away for good: the alerts themselves stay.
        """
        with self.database.writing(f"messages for {channel} were dropped") as connection:
            return outbox.drop(connection, channel, model)
