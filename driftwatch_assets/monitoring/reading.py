"""Reading back what is recorded: where each model stands."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from driftwatch_assets.alerting import (
    PROMOTION_REFUSED,
    RUN_FAILED,
    SEVERITIES,
    SOURCE_UNREADABLE,
    AlertRule,
    BuiltInRule,
    PromotionRule,
    RunRule,
    SourceRule,
)
from driftwatch_assets.monitoring import outbox
from driftwatch_assets.monitoring.alerts import ALERTS, read_alerts
from driftwatch_assets.monitoring.recording import BATCHES, FEATURE_DRIFT, JOBS, METRICS, RULES, VERSIONS
from driftwatch_assets.monitoring.rows import (
    AlertRecord,
    BatchRow,
    FeatureRow,
    JobRow,
    MetricRow,
    ModelOverview,
    Overview,
    Snapshot,
    VersionRow,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch_assets.monitoring.rows import AlertState

Row = TypeVar("Row", VersionRow, BatchRow, MetricRow, FeatureRow, JobRow)
_UNRESOLVED: tuple[AlertState, ...] = ("open", "acknowledged")


def overview(connection: sa.Connection) -> Overview:
    """See `Monitoring.overview`."""
    tables = (VERSIONS, BATCHES, METRICS, RULES, ALERTS, JOBS)
    known = sa.union(*(sa.select(table.c.model) for table in tables))
    count, oldest = outbox.pending(connection)
    return Overview(
        models={model: _model(connection, model) for model in sorted(connection.execute(known).scalars())},
        outbox_pending=count,
        outbox_oldest=oldest,
    )


def _model(connection: sa.Connection, model: str) -> ModelOverview:
    batches = sa.select(BATCHES).where(BATCHES.c.model == model).order_by(BATCHES.c.position.desc()).limit(2)
    newest = connection.execute(batches).mappings().all()
    metrics = [_metrics(connection, model, row["batch"]) for row in newest]
    champion = sa.select(VERSIONS).where(VERSIONS.c.model == model, VERSIONS.c.is_champion)
    champion = champion.order_by(VERSIONS.c.version.desc()).limit(1)
    results = dict(
        connection.execute(
            sa.select(VERSIONS.c.gate_result, sa.func.count())
            .where(VERSIONS.c.model == model)
            .group_by(VERSIONS.c.gate_result)
        )
        .tuples()
        .all()
    )
    # A run that never started, since its process could not be launched, has ended nevertheless.
    begun = sa.func.coalesce(JOBS.c.started_at, JOBS.c.ended_at)
    job = (
        sa.select(JOBS).where(JOBS.c.model == model, begun.is_not(None)).order_by(begun.desc(), JOBS.c.run_id).limit(1)
    )
    return ModelOverview(
        model=model,
        batches=_count(connection, BATCHES, model),
        latest=as_row(BatchRow, newest[0]) if newest else None,
        metrics=metrics[0] if metrics else {},
        previous_metrics=metrics[1] if len(metrics) > 1 else {},
        champion=_first(connection, champion, VersionRow),
        versions=sum(results.values()),
        promoted=results.get("promoted", 0),
        alerts=tuple(sorted(read_alerts(connection, model=model, states=_UNRESOLVED), key=_urgency)),
        latest_job=_first(connection, job, JobRow),
    )


def _urgency(alert: AlertRecord) -> tuple[int, Any, int]:
    return (-SEVERITIES.index(alert.severity), alert.opened_at, alert.id)


def _metrics(connection: sa.Connection, model: str, batch: str) -> dict[str, float]:
    query = sa.select(METRICS.c.name, METRICS.c.value).where(METRICS.c.model == model, METRICS.c.batch == batch)
    return dict(connection.execute(query.order_by(METRICS.c.name)).tuples().all())


def _count(connection: sa.Connection, table: sa.Table, model: str) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(table.c.model == model)
    return int(connection.execute(query).scalar_one())


def _first(connection: sa.Connection, query: sa.Select[Any], kind: type[Row]) -> Row | None:
    found = connection.execute(query).mappings().first()
    return None if found is None else as_row(kind, found)


def jobs(connection: sa.Connection, model: str) -> list[JobRow]:
    """See `Monitoring.jobs`."""
    query = sa.select(JOBS).where(JOBS.c.model == model).order_by(JOBS.c.started_at, JOBS.c.run_id)
    return [as_row(JobRow, row) for row in connection.execute(query).mappings()]


def snapshot(connection: sa.Connection, model: str) -> Snapshot:
    """See `Monitoring.read`."""

    def of(table: sa.Table, *order: sa.Column[Any]) -> Sequence[Mapping[Any, Any]]:
        query = sa.select(table).where(table.c.model == model).order_by(*(order or table.primary_key))
        return connection.execute(query).mappings().all()

    return Snapshot(
        versions=tuple(as_row(VersionRow, row) for row in of(VERSIONS)),
        batches=tuple(as_row(BatchRow, row) for row in of(BATCHES, BATCHES.c.position, BATCHES.c.batch)),
        metrics=tuple(as_row(MetricRow, row) for row in of(METRICS)),
        feature_drift=tuple(as_row(FeatureRow, row) for row in of(FEATURE_DRIFT)),
        rules=tuple(_rule(row) for row in of(RULES)),
        jobs=tuple(jobs(connection, model)),
    )


_BUILT_IN: Mapping[str, type[BuiltInRule]] = {
    RUN_FAILED: RunRule,
    PROMOTION_REFUSED: PromotionRule,
    SOURCE_UNREADABLE: SourceRule,
}


def _rule(row: Mapping[Any, Any]) -> AlertRule | BuiltInRule:
    kind = _BUILT_IN.get(row["name"], AlertRule)
    return kind.model_validate({name: value for name, value in row.items() if name != "model"})


def as_row(kind: type[Row], found: Mapping[Any, Any]) -> Row:
    """Give a stored row as plain data."""
    return kind(**{each.name: found[each.name] for each in fields(kind)})
