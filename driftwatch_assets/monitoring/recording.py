"""Bringing tables to what is known: what is stored already stays untouched."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from driftwatch_assets.monitoring.rows import (
    BatchRow,
    Changes,
    FeatureRow,
    JobRow,
    MetricRow,
    VersionRow,
)
from driftwatch_assets.monitoring.tables import Batch, FeatureDrift, Job, Metric, ModelVersion, Rule
from driftwatch_assets.monitoring.values import storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from driftwatch_assets.alerting import AlertRule, BuiltInRule
    from driftwatch_assets.monitoring.tables import Base

RECORDED_AT = "recorded_at"
_AT_ONCE = 500


def table_of(model: type[Base]) -> sa.Table:
    """Give the table of a class."""
    return cast("sa.Table", model.__table__)


VERSIONS, BATCHES, METRICS, FEATURE_DRIFT, RULES, JOBS = (
    table_of(each) for each in (ModelVersion, Batch, Metric, FeatureDrift, Rule, Job)
)

_TABLES: Mapping[type, sa.Table] = {
    VersionRow: VERSIONS,
    BatchRow: BATCHES,
    MetricRow: METRICS,
    FeatureRow: FEATURE_DRIFT,
    JobRow: JOBS,
}


def record_rows(
    connection: sa.Connection,
    model: str,
    kind: type,
    rows: Iterable[Any],
    now: datetime,
    *,
    replace: bool,
) -> Changes:
    """Store rows of a kind; see `bring`."""
    table = _TABLES[kind]
    names = [each.name for each in fields(kind)]
    found = [{name: getattr(row, name) for name in names} for row in rows]
    return bring(connection, table, model, found, now, replace=replace)


def record_rules(
    connection: sa.Connection, model: str, rules: Iterable[AlertRule | BuiltInRule], now: datetime, *, replace: bool
) -> Changes:
    """Store the rules of a model; see `bring`."""
    return bring(connection, RULES, model, [rule.model_dump() for rule in rules], now, replace=replace)


def bring(
    connection: sa.Connection,
    table: sa.Table,
    model: str,
    rows: Sequence[Mapping[str, Any]],
    now: datetime,
    *,
    replace: bool,
) -> Changes:
    """Bring the rows of a model to what is given.

    Parameters
    ----------
    connection
        A transaction that has the model for itself.
    table
        The table.
    model
        The model.
    rows
        By column. The last one of a key holds. One without a value in a column that cannot be null (a metric that is
        not known) is not stored, and no longer stored.
    now
        What `recorded_at` of a new or changed row is; that of an equal row stays.
    replace
        Whether the model's other rows are deleted.
    """
    key_names = tuple(column.name for column in table.primary_key)
    wanted, unknown = _wanted(table, model, rows, key_names)
    stored = dict(_stored(connection, table, model, None if replace else [*wanted, *unknown]))
    inserted, updated = [], []
    for key, row in wanted.items():
        before = stored.get(key)
        stamped = {**row, RECORDED_AT: now} if RECORDED_AT in table.c else row
        if before is None:
            inserted.append(stamped)
        elif any(before[name] != value for name, value in row.items()):
            updated.append(stamped)
    gone = [key for key in stored if key in unknown or (replace and key not in wanted)]
    for part in _parts(gone):
        connection.execute(sa.delete(table).where(_among(table, part)))
    if inserted:
        connection.execute(sa.insert(table), inserted)
    for row in updated:
        same = sa.and_(*(table.c[name] == row[name] for name in key_names))
        connection.execute(sa.update(table).where(same).values(row))
    return Changes(len(inserted), len(updated), len(gone))


def _wanted(
    table: sa.Table, model: str, rows: Sequence[Mapping[str, Any]], key_names: tuple[str, ...]
) -> tuple[dict[tuple[Any, ...], dict[str, Any]], set[tuple[Any, ...]]]:
    """Give the rows that can be stored by their keys, and the keys of those whose value is not known."""
    wanted: dict[tuple[Any, ...], dict[str, Any]] = {}
    unknown: set[tuple[Any, ...]] = set()
    for given in rows:
        row = {name: storable(table.c[name], value) for name, value in {**given, "model": model}.items()}
        key = tuple(row[name] for name in key_names)
        wanted.pop(key, None)
        unknown.discard(key)
        if any(
            value is None and table.c[name].type.python_type is float and not table.c[name].nullable
            for name, value in row.items()
        ):
            unknown.add(key)
        else:
            wanted[key] = row
    return wanted, unknown


def _stored(
    connection: sa.Connection, table: sa.Table, model: str, keys: Sequence[tuple[Any, ...]] | None
) -> Iterator[tuple[tuple[Any, ...], Mapping[Any, Any]]]:
    """Give the rows of some keys, or where none are named of the model, by their keys."""
    every = sa.select(table)
    some = [table.c.model == model] if keys is None else [_among(table, part) for part in _parts(keys)]
    for where in some:
        for row in connection.execute(every.where(where)).mappings():
            yield tuple(row[column.name] for column in table.primary_key), row


def _among(table: sa.Table, keys: Sequence[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
    columns = tuple(table.primary_key)
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return sa.tuple_(*columns).in_(keys)


def _parts(keys: Sequence[tuple[Any, ...]]) -> Iterable[Sequence[tuple[Any, ...]]]:
    """Give keys in parts that fit into one statement."""
    return (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))
