"""Bringing the alerts of a model to the spans over which its rules failed, and telling of what changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from driftwatch_assets.alerting import PROMOTION_REFUSED, RUN_FAILED, SOURCE_UNREADABLE
from driftwatch_assets.monitoring.errors import AlertUnknown
from driftwatch_assets.monitoring.outbox import announce, heard, take_back
from driftwatch_assets.monitoring.recording import RULES, record_rules, table_of
from driftwatch_assets.monitoring.rows import AlertChanges, AlertRecord
from driftwatch_assets.monitoring.tables import Alert
from driftwatch_assets.monitoring.values import storable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from driftwatch_assets.alerting import AlertRule, AlertSpan, BuiltInRule
    from driftwatch_assets.monitoring.rows import AlertState, Event

ALERTS = table_of(Alert)
NO_LONGER_DECLARED = "the rule is no longer declared or not enabled"
NO_LONGER_FAILED = "with what is known by now the rule did not fail there"
PASSED = "the rule passed"
_PASSED_BY: Mapping[str, str] = {
    RUN_FAILED: "a later run succeeded",
    PROMOTION_REFUSED: "a later challenger was promoted",
    SOURCE_UNREADABLE: "a later look succeeded",
}


@dataclass
class AlertBook:
    """The alerts of a model within a transaction.

    Attributes
    ----------
    connection
        A transaction that has the model for itself.
    model
        The model.
    now
        When this happens.
    details
        What is told of a batch, by batch.
    of_runs
        What is told of a run, by its id.
    at
        When a batch was judged, by batch, and when a run ended, by its id; where it is not known, now.
    channels
        Names of the channels that get a message.
    channels_of
        Names of the channels of single batches, by batch.
    """

    connection: sa.Connection
    model: str
    now: datetime
    details: Mapping[str, Mapping[str, Any]]
    of_runs: Mapping[str, Mapping[str, Any]]
    at: Mapping[str, datetime]
    channels: Sequence[str]
    channels_of: Mapping[str, Sequence[str]]
    _opened: list[int] = field(default_factory=list, init=False)
    _resolved: list[int] = field(default_factory=list, init=False)
    _messages: int = field(default=0, init=False)

    def apply(self, spans_by_rule: Mapping[AlertRule | BuiltInRule, Sequence[AlertSpan]]) -> AlertChanges:
        """Open, update and resolve; see `Monitoring.apply_alerts`."""
        record_rules(self.connection, self.model, spans_by_rule, self.now, replace=False)
        stored = self._stored()
        given = {rule.name for rule in spans_by_rule}
        declared = given | self._declared() | {RUN_FAILED}
        for rule, spans in spans_by_rule.items():
            self._bring(rule, spans, {key: row for (name, key), row in stored.items() if name == rule.name})
        for (name, _), row in stored.items():
            if name not in declared and row.state != "resolved":
                self._resolve(row, None, NO_LONGER_DECLARED, None)
        changed = {row.id: row for row in self._stored().values()}
        return AlertChanges(
            tuple(changed[each] for each in dict.fromkeys(self._opened)),
            tuple(changed[each] for each in dict.fromkeys(self._resolved)),
            self._messages,
        )

    def _stored(self) -> dict[tuple[str, str], AlertRecord]:
        return {(row.rule, row.opened_batch): row for row in read_alerts(self.connection, model=self.model)}

    def _declared(self) -> set[str]:
        query = sa.select(RULES.c.name).where(RULES.c.model == self.model, RULES.c.enabled)
        return set(self.connection.execute(query).scalars())

    def _bring(self, rule: AlertRule | BuiltInRule, spans: Sequence[AlertSpan], stored: dict[str, AlertRecord]) -> None:
        """Bring the alerts of one rule to its spans.

        An alert that is told of already goes on where its span now begins at another batch: late labels may show
        that the rule had failed earlier. Otherwise people would be told twice of one failure.
        """
        wanted = {span.opened_batch: span for span in spans} if rule.enabled else {}
        if rule.name != RUN_FAILED:
            stored = self._moved(wanted, stored)
        for batch, row in stored.items():
            if batch not in wanted and row.state != "resolved":
                why = NO_LONGER_FAILED if rule.enabled else NO_LONGER_DECLARED
                self._resolve(row, None, why, rule)
        for batch, span in wanted.items():
            self._follow(rule, span, stored.get(batch))

    def _moved(self, wanted: Mapping[str, AlertSpan], stored: dict[str, AlertRecord]) -> dict[str, AlertRecord]:
        active = [row for row in stored.values() if row.state != "resolved" and row.opened_batch not in wanted]
        new = [span for batch, span in wanted.items() if batch not in stored]
        for row in active:
            same = (span for span in new if row.latest_batch in {span.latest_batch, span.resolved_batch})
            going_on = (span for span in new if not span.resolved)
            span = next(same, None) or next(going_on, None)
            if span is None:
                continue
            new.remove(span)
            self._write(
                row.id, opened_batch=span.opened_batch, opened_value=span.opened_value, opened_by_run=span.opened_by_run
            )
            moved = self._read(row.id)
            stored = {**{batch: each for batch, each in stored.items() if each.id != row.id}, moved.opened_batch: moved}
        return stored

    def _follow(self, rule: AlertRule | BuiltInRule, span: AlertSpan, row: AlertRecord | None) -> None:
        """Bring one alert to its span."""
        if row is None:
            row = self._open(rule, span)
        elif row.state == "resolved" and not self._is_that(row, span):
            row = self._reopen(rule, span, row)
        if row.state != "resolved" and span.resolved:
            self._update(rule, span, row)
            self._resolve(row, span, _PASSED_BY.get(rule.name, PASSED), rule)
        else:
            self._update(rule, span, row)

    @staticmethod
    def _is_that(row: AlertRecord, span: AlertSpan) -> bool:
        """Tell whether a resolved alert is the span's; a run that failed anew is another one of the same batch."""
        return span.resolved and (row.rule != RUN_FAILED or row.opened_by_run == span.opened_by_run)

    def _facts(self, rule: AlertRule | BuiltInRule, span: AlertSpan) -> dict[str, Any]:
        return {
            "severity": rule.severity,
            "threshold": rule.threshold if span.threshold is None else span.threshold,
            "condition": rule.condition if span.condition is None else span.condition,
            "opened_value": span.opened_value,
            "opened_by_run": span.opened_by_run,
            "latest_batch": span.latest_batch,
            "latest_value": span.latest_value,
            "details": dict(self._told(rule, span.opened_batch, span.opened_by_run) or {}),
        }

    def _told(self, rule: AlertRule | BuiltInRule, batch: str, run: str | None) -> Mapping[str, Any] | None:
        """Give what is known of what an alert is about: the run that failed, or the batch.

        Where a challenger was refused, links lead to the run that trained it.
        """
        of_run = None if run is None else self.of_runs.get(run)
        if rule.name == RUN_FAILED:
            return of_run
        of_batch = self.details.get(batch)
        return {**of_batch, **(of_run or {})} if rule.name == PROMOTION_REFUSED and of_batch else of_batch

    def _moment(self, rule: AlertRule | BuiltInRule, batch: str, run: str | None) -> datetime:
        known_by = run if rule.name in {RUN_FAILED, PROMOTION_REFUSED} else batch
        return self.now if known_by is None else self.at.get(known_by, self.now)

    def _open(self, rule: AlertRule | BuiltInRule, span: AlertSpan) -> AlertRecord:
        values = {
            "model": self.model,
            "rule": rule.name,
            "state": "open",
            "opened_batch": span.opened_batch,
            "opened_at": self._moment(rule, span.opened_batch, span.opened_by_run),
            **self._facts(rule, span),
        }
        found = self.connection.execute(sa.insert(ALERTS).values(_storable(values)).returning(ALERTS.c.id))
        row = self._read(found.scalar_one())
        self._opened.append(row.id)
        self._announce(row, "opened", rule)
        return row

    def _reopen(self, rule: AlertRule | BuiltInRule, span: AlertSpan, row: AlertRecord) -> AlertRecord:
        cleared = dict.fromkeys(
            (
                "acknowledged_at",
                "acknowledged_by",
                "resolved_at",
                "resolved_batch",
                "resolved_value",
                "resolved_by_run",
                "resolved_reason",
            )
        )
        opened_at = self._moment(rule, span.opened_batch, span.opened_by_run)
        self._write(row.id, state="open", opened_at=opened_at, **cleared, **self._facts(rule, span))
        row = self._read(row.id)
        self._opened.append(row.id)
        channels = self._channels(row)
        # Who was not yet told that it had resolved believes it open, and it is. Who was not even told that it had
        # opened is told what opened it now.
        unaware = take_back(self.connection, row.id, "resolved", self.now)
        if channels:
            take_back(self.connection, row.id, "opened", self.now)
        unaware &= heard(self.connection, row.id, "opened")
        self._announce(row, "opened", rule, channels=[name for name in channels if name not in unaware])
        return row

    def _update(self, rule: AlertRule | BuiltInRule, span: AlertSpan, row: AlertRecord) -> None:
        """Tell of an alert that goes on what is known by now; nothing where it is all known."""
        wanted = self._facts(rule, span)
        if row.state == "resolved":
            wanted |= {"resolved_batch": span.resolved_batch, "resolved_value": span.resolved_value}
            wanted |= {"resolved_by_run": span.resolved_by_run}
            if row.resolved_batch is None:  # a person's rule had been taken away; what is said of that stays
                return
        if self._told(rule, span.opened_batch, span.opened_by_run) is None:
            wanted.pop("details")
        # A rule that was declared anew counts from its next alert on: this one opened by the rule as it was.
        for name in ("threshold", "condition", "severity"):
            if row.state == "resolved":
                wanted.pop(name)
        stored = _storable(wanted)
        if any(getattr(row, name) != value for name, value in stored.items()):
            self._write(row.id, **wanted)

    def _resolve(
        self, row: AlertRecord, span: AlertSpan | None, reason: str, rule: AlertRule | BuiltInRule | None
    ) -> None:
        batch = span.resolved_batch if span else None
        run = span.resolved_by_run if span else None
        self._write(
            row.id,
            state="resolved",
            resolved_at=self._moment(rule, batch, run) if rule and batch else self.now,
            resolved_batch=batch,
            resolved_value=span.resolved_value if span else None,
            resolved_by_run=run,
            resolved_reason=reason,
        )
        self._resolved.append(row.id)
        details = self._told(rule, batch, run) if rule and batch else None
        self._announce(self._read(row.id), "resolved", rule, details or {})

    def _announce(
        self,
        row: AlertRecord,
        event: Event,
        rule: AlertRule | BuiltInRule | None,
        details: Mapping[str, Any] | None = None,
        channels: Sequence[str] | None = None,
    ) -> None:
        told = {name: getattr(row, name) for name in ALERTS.c.keys() if name != "id"}  # noqa: SIM118 - of columns
        told |= {"event": event, "metric": rule.metric if rule else None}
        if details is not None:
            told["details"] = dict(details)
        channels = self._channels(row) if channels is None else channels
        self._messages += announce(self.connection, row.id, event, channels, told, self.now)

    def _channels(self, row: AlertRecord) -> list[str]:
        """Give the channels of the batch that opened an alert, and of the one that resolved it: both are told."""
        batches = [batch for batch in (row.opened_batch, row.resolved_batch) if batch is not None]
        return [name for batch in batches for name in self.channels_of.get(batch, self.channels)]

    def _write(self, alert_id: int, **values: Any) -> None:
        self.connection.execute(sa.update(ALERTS).where(ALERTS.c.id == alert_id).values(_storable(values)))

    def _read(self, alert_id: int) -> AlertRecord:
        return read_alerts(self.connection, alert_id=alert_id)[0]


def _storable(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: storable(ALERTS.c[name], value) for name, value in values.items()}


def read_alerts(
    connection: sa.Connection,
    *,
    alert_id: int | None = None,
    model: str | None = None,
    states: Sequence[AlertState] | None = None,
) -> list[AlertRecord]:
    """Give alerts, the newest first."""
    query = sa.select(ALERTS).order_by(ALERTS.c.opened_at.desc(), ALERTS.c.id.desc())
    if alert_id is not None:
        query = query.where(ALERTS.c.id == alert_id)
    if model is not None:
        query = query.where(ALERTS.c.model == model)
    if states is not None:
        query = query.where(ALERTS.c.state.in_(states))
    return [AlertRecord(**row) for row in connection.execute(query).mappings()]


def acknowledge(connection: sa.Connection, alert_id: int, by: str, now: datetime) -> AlertRecord:
    """See `Monitoring.acknowledge`."""
    same = sa.and_(ALERTS.c.id == alert_id, ALERTS.c.state == "open")
    values = {"state": "acknowledged", "acknowledged_at": now, "acknowledged_by": by}
    connection.execute(sa.update(ALERTS).where(same).values(_storable(values)))
    found = read_alerts(connection, alert_id=alert_id)
    if found and found[0].state == "acknowledged":
        return found[0]
    waiting = sorted(row.id for row in read_alerts(connection, states=("open",)))
    which = f"open: {', '.join(map(str, waiting))}" if waiting else "none is open"
    if not found:
        raise AlertUnknown(f"there is no alert {alert_id}; {which}")
    raise AlertUnknown(
        f"alert {alert_id} ({found[0].model}, {found[0].rule}) has resolved by itself: nobody has to see to it; {which}"
    )
