"""What is recorded and read back: a row of each table as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from driftwatch_assets.alerting import AlertRule, BuiltInRule, Severity

AlertState = Literal["open", "acknowledged", "resolved"]
Event = Literal["opened", "resolved"]


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """A version of a model; see the table `model_versions`."""

    version: int
    trained_through: str
    candidate: str
    gate_result: Literal["promoted", "refused"]
    is_champion: bool
    metric: str
    score: float | None = None
    score_low: float | None = None
    score_high: float | None = None
    champion_compared: int | None = None
    reason: str
    fingerprint: str
    mlflow_run_id: str


@dataclass(frozen=True, kw_only=True)
class BatchRow:
    """A batch of a model; `position` counts from zero in batch order."""

    batch: str
    position: int
    state: str
    period_start: datetime | None = None
    rows: int | None = None
    quarantined: int | None = None
    champion_version: int | None = None
    drift_detected: bool | None = None
    drift_severity: str | None = None
    headline: str = ""
    report_url: str = ""


@dataclass(frozen=True, kw_only=True)
class MetricRow:
    """A number of a batch; one that is not known (None, NaN, infinite) is not stored, and no longer stored."""

    batch: str
    name: str
    value: float | None


@dataclass(frozen=True, kw_only=True)
class FeatureRow:
    """How far a feature of a batch is from its reference."""

    batch: str
    feature: str
    effect: float | None = None
    psi: float | None = None
    drifted: bool | None = None


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """A run: what it was for and how it ended, in Dagster's words (``SUCCESS``, ``FAILURE``, ``STARTED``)."""

    run_id: str
    job: str
    purpose: str
    status: str
    batch: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All that is known of a model, table by table; a table that is None is left as it is."""

    versions: tuple[VersionRow, ...] | None = None
    batches: tuple[BatchRow, ...] | None = None
    metrics: tuple[MetricRow, ...] | None = None
    feature_drift: tuple[FeatureRow, ...] | None = None
    rules: tuple[AlertRule | BuiltInRule, ...] | None = None
    jobs: tuple[JobRow, ...] | None = None


@dataclass(frozen=True)
class Changes:
    """How many rows a recording changed; nothing where all of it was there already."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    def __add__(self, other: Changes) -> Changes:
        """Count both."""
        return Changes(self.inserted + other.inserted, self.updated + other.updated, self.deleted + other.deleted)

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.inserted or self.updated or self.deleted)


@dataclass(frozen=True, kw_only=True)
class AlertRecord:
    """An alert as it is stored; see the table `alerts`."""

    id: int
    model: str
    rule: str
    severity: Severity
    state: AlertState
    opened_batch: str
    opened_value: float | None
    threshold: float | None
    condition: str | None
    opened_at: datetime
    opened_by_run: str | None
    latest_batch: str
    latest_value: float | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    resolved_at: datetime | None
    resolved_batch: str | None
    resolved_value: float | None
    resolved_by_run: str | None
    resolved_reason: str | None
    details: Mapping[str, Any]


@dataclass(frozen=True)
class AlertChanges:
    """What a set of spans changed.

    Attributes
    ----------
    opened
        Alerts that opened, or opened again.
    resolved
        Alerts that resolved.
    messages
        How many messages were put into the outbox.
    """

    opened: tuple[AlertRecord, ...] = ()
    resolved: tuple[AlertRecord, ...] = ()
    messages: int = 0


@dataclass(frozen=True, kw_only=True)
class OutboxRow:
    """A message that a channel is to get.

    Attributes
    ----------
    attempts
        How often a channel did not take it.
    claimed_until
        Until when nobody else may claim it.
    payload
        The alert's columns at that event, times as ISO 8601, and the rule's ``metric``.
    """

    id: int
    alert_id: int
    event: Event
    channel: str
    payload: Mapping[str, Any]
    created_at: datetime
    attempts: int
    next_attempt_at: datetime
    claimed_until: datetime | None
    sent_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, kw_only=True)
class ModelOverview:
    """Where a model stands.

    Attributes
    ----------
    model
        Its name.
    batches
        How many batches are known.
    latest
        The last batch in batch order.
    previous_metrics, metrics
        The numbers of the batch before it and of that batch, by name.
    champion
        The version that serves.
    versions
        How many versions were trained, and how many of them promoted.
    alerts
        The alerts that are not resolved, the most severe and oldest first.
    latest_job
        The run that started last.
    """

    model: str
    batches: int = 0
    latest: BatchRow | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    previous_metrics: Mapping[str, float] = field(default_factory=dict)
    champion: VersionRow | None = None
    versions: int = 0
    promoted: int = 0
    alerts: tuple[AlertRecord, ...] = ()
    latest_job: JobRow | None = None


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Where all models stand, at one moment.

    Attributes
    ----------
    models
        By name, in alphabetical order.
    outbox_pending
        Messages that were not sent yet.
    outbox_oldest
        When the oldest of them was put there.
    """

    models: Mapping[str, ModelOverview]
    outbox_pending: int
    outbox_oldest: datetime | None
