"""The tables of the monitoring database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class UtcTime(sa.types.TypeDecorator[datetime]):
    """A moment: `timestamptz` on PostgreSQL, UTC without a zone on SQLite; read back in UTC with its zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What a row holds."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC."""
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


_DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """The tables; the names of their constraints are the same on every database, so that migrations can name them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own attribute
        str: sa.Text,
        float: sa.Double,
        datetime: UtcTime,
        dict[str, Any]: _DOCUMENT,
    }


class ModelVersion(Base):
    """A version of the registry and what its gates decided."""

    __tablename__ = "model_versions"

    model: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    trained_through: Mapped[str]
    candidate: Mapped[str]
    gate_result: Mapped[str] = mapped_column(
        sa.Text, sa.CheckConstraint("gate_result IN ('promoted', 'refused')", name="gate_result")
    )
    is_champion: Mapped[bool]
    metric: Mapped[str]
    score: Mapped[float | None]
    score_low: Mapped[float | None]
    score_high: Mapped[float | None]
    champion_compared: Mapped[int | None]
    reason: Mapped[str]
    fingerprint: Mapped[str]
    mlflow_run_id: Mapped[str]
    recorded_at: Mapped[datetime]


class Batch(Base):
    """A batch and what was found about it."""

    __tablename__ = "batches"

    model: Mapped[str] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    period_start: Mapped[datetime | None]
    state: Mapped[str]
    rows: Mapped[int | None]
    quarantined: Mapped[int | None]
    champion_version: Mapped[int | None]
    drift_detected: Mapped[bool | None]
    drift_severity: Mapped[str | None]
    headline: Mapped[str]
    report_url: Mapped[str]
    recorded_at: Mapped[datetime]


class Metric(Base):
    """A number of a batch."""

    __tablename__ = "metrics"

    model: Mapped[str] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float]
    recorded_at: Mapped[datetime]


class FeatureDrift(Base):
    """How far a feature of a batch is from its reference."""

    __tablename__ = "feature_drift"

    model: Mapped[str] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(primary_key=True)
    feature: Mapped[str] = mapped_column(primary_key=True)
    effect: Mapped[float | None]
    psi: Mapped[float | None]
    drifted: Mapped[bool | None]


class Rule(Base):
    """A declared alert rule; the one for runs has no metric, condition and threshold."""

    __tablename__ = "alert_rules"

    model: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    metric: Mapped[str | None]
    condition: Mapped[str | None] = mapped_column(
        sa.Text, sa.CheckConstraint("condition IN ('<', '<=', '>', '>=')", name="condition")
    )
    threshold: Mapped[float | None]
    severity: Mapped[str] = mapped_column(
        sa.Text, sa.CheckConstraint("severity IN ('low', 'medium', 'high', 'critical')", name="severity")
    )
    enabled: Mapped[bool]


class Alert(Base):
    """A rule that failed from a batch on; an id is never given twice."""

    __tablename__ = "alerts"
    __table_args__ = (
        sa.UniqueConstraint("model", "rule", "opened_batch"),
        sa.Index(None, "state"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str]
    rule: Mapped[str]
    severity: Mapped[str] = mapped_column(
        sa.Text, sa.CheckConstraint("severity IN ('low', 'medium', 'high', 'critical')", name="severity")
    )
    state: Mapped[str] = mapped_column(
        sa.Text, sa.CheckConstraint("state IN ('open', 'acknowledged', 'resolved')", name="state")
    )
    opened_batch: Mapped[str]
    opened_value: Mapped[float | None]
    threshold: Mapped[float | None]
    condition: Mapped[str | None]
    opened_at: Mapped[datetime]
    opened_by_run: Mapped[str | None]
    latest_batch: Mapped[str]
    latest_value: Mapped[float | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    resolved_batch: Mapped[str | None]
    resolved_value: Mapped[float | None]
    resolved_by_run: Mapped[str | None]
    resolved_reason: Mapped[str | None]
    details: Mapped[dict[str, Any]]


class Job(Base):
    """A run of the orchestrator: what it was for and how it ended."""

    __tablename__ = "jobs"
    __table_args__ = (sa.Index(None, "model", "started_at"),)

    run_id: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str]
    job: Mapped[str]
    purpose: Mapped[str]
    batch: Mapped[str | None]
    status: Mapped[str]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    error: Mapped[str | None]
    recorded_at: Mapped[datetime]


class OutboxEntry(Base):
    """A message that a channel is to get, kept until it was sent; an id is never given twice."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.UniqueConstraint("alert_id", "event", "channel"),
        sa.Index(None, "sent_at", "next_attempt_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(sa.ForeignKey("alerts.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(sa.Text, sa.CheckConstraint("event IN ('opened', 'resolved')", name="event"))
    channel: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
