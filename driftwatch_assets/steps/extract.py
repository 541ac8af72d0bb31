"""A batch as its source has it: one bronze frame a table, or a refusal in words."""

from __future__ import annotations

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.compute as pc

from driftwatch_assets.lake import content_fingerprint
from driftwatch_assets.quoting import quoted
from driftwatch_assets.sources import (
    EARLIEST,
    Database,
    DeliveryRefused,
    Files,
    QueryRefused,
    Unplaced,
    WindowedFiles,
    fingerprint_file,
    list_landing,
    open_snapshot,
    read_cached,
    rows_aside,
    rows_of_window,
    window_at,
    window_of,
)
from driftwatch_assets.steps.arrive import database_url, landing_file, unplaced_of_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from driftwatch_assets.sources import Delivery, Window
    from driftwatch_assets.sources.sql_snapshot import Snapshot
    from driftwatch_assets.steps.watched import Watched


class DeliveryMissing(LookupError):  # noqa: N818 - named for what is the matter
    """A batch has neither a source that holds it nor a stored bronze partition."""


class DeliveryChanged(RuntimeError):  # noqa: N818 - named for what happened
    """A file was replaced between being fingerprinted and being read."""


@dataclass(frozen=True)
class Extract:
    """One table of a batch.

    Attributes
    ----------
    frame
        Its rows in the shape of bronze.
    origin
        File, or table of a database, for people.
    fingerprint
        Of what was read.
    unplaced
        Rows of the whole source that belong to no batch; None where that is not known, or cannot be.

    """

    frame: pd.DataFrame
    origin: str
    fingerprint: str
    unplaced: Unplaced | None = None


@dataclass(frozen=True)
class Refused:
    """A table that cannot be taken in, and why."""

    origin: str
    reason: str


def find_delivery(watched: Watched, batch: str) -> Delivery | None:
    """Find the file of a batch in the landing folder; `None` when it is not there."""
    source = watched.declaration.source
    if not isinstance(source, Files):
        return None
    landing = list_landing(watched.landing, source.pattern, now=time.time(), settle_seconds=0.0)
    return next((delivery for delivery in landing.deliveries if delivery.batch == batch), None)


def extract(watched: Watched, batch: str, tables: Sequence[str]) -> dict[str, Extract | Refused]:
    """Read the chosen tables of a batch from its source.

    Where a file has left the landing folder, what is stored stands for it.

    Raises
    ------
    DeliveryMissing
        When there is nothing to take in and nothing stored.
    DeliveryChanged
        When a file changed while it was read.
    driftwatch_assets.sources.DatabaseUnreachable
        When the database does not answer, before or in the middle of the extraction.

    """
    source = watched.declaration.source
    if isinstance(source, Files):
        return {source.table: _file(watched, source, batch)}
    if isinstance(source, WindowedFiles):
        with ThreadPoolExecutor(max_workers=4) as pool:
            found = pool.map(lambda name: _window_of_file(watched, source, batch, name), tables)
            return dict(zip(tables, found, strict=True))
    return _queried(watched, source, batch, tables)


def _file(watched: Watched, source: Files, batch: str) -> Extract | Refused:
    delivery = find_delivery(watched, batch)
    if delivery is None:
        return _stored(watched, source.table, batch, f"no file in {watched.landing} matches {source.pattern!r} for it")
    try:
        frame = source.reader.read(delivery.path).to_pandas()
    except DeliveryRefused as refusal:
        return Refused(delivery.path.name, str(refusal))
    if fingerprint_file(delivery.path) != delivery.fingerprint:
        message = (
            f"{watched.name}: {delivery.path.name} changed while batch {batch} was read from it; nothing was stored, "
            f"and the next tick of the arrivals sensor takes in what it has become"
        )
        raise DeliveryChanged(message)
    return Extract(frame, delivery.path.name, delivery.fingerprint)


def _window_of_file(watched: Watched, source: WindowedFiles, batch: str, name: str) -> Extract | Refused:
    table = source.tables[name]
    path = landing_file(watched, table)
    if not path.is_file():
        return _stored(watched, name, batch, f"{path} is not there")
    try:
        whole = read_cached(table.reader, path)
        rows = rows_of_window(whole, table.time, window_of(source.every, batch), path=path)
        unplaced = unplaced_of_file(source, table, whole, path)
    except DeliveryRefused as refusal:
        return Refused(table.file, str(refusal))
    if not rows.num_rows and not table.may_be_empty:
        reason = (
            f"{table.file} has no row whose {table.time} lies in {batch}; deliver it whole, or declare "
            f"may_be_empty for the table {name}"
        )
        return Refused(table.file, reason)
    return _extracted(rows, table.file, unplaced)


def _queried(watched: Watched, source: Database, batch: str, tables: Sequence[str]) -> dict[str, Extract | Refused]:
    found: dict[str, Extract | Refused] = {}
    window = window_of(source.every, batch)
    url = database_url(watched, source)
    unloaded = {} if watched.database is not None else rows_aside(url)
    with open_snapshot(url) as snapshot:
        for name in tables:
            table = source.tables[name]
            try:
                rows = snapshot.extract(name, table, window)
                wrong = _in_two_windows(watched, source, snapshot, name, window, rows)
                timed = table.windowed and table.time is not None
                aside = snapshot.unplaced(name, table) if timed else None
            except QueryRefused as refusal:
                found[name] = Refused(f"table {name}", str(refusal))
                continue
            if aside is not None and aside.too_many(source.max_unplaced):
                wrong = (
                    f"table {name}: {aside.told}. At most {source.max_unplaced:.2%} may (max_unplaced). Correct the "
                    f"times in the database, or max_unplaced if that many are expected"
                )
            if watched.database is None:
                aside = _together(unloaded.get(name, Unplaced.none(0)), aside or Unplaced.none(0))
            found[name] = _extracted(rows, f"table {name}", aside) if wrong is None else Refused(f"table {name}", wrong)
    return found


def _together(unloaded: Unplaced, unplaced: Unplaced) -> Unplaced:
    """Give what is put aside of a table when its file is loaded, and when it is queried, as one."""
    if not unloaded or not unplaced:
        return unloaded or unplaced
    return Unplaced(pd.concat([unloaded.rows, unplaced.rows], ignore_index=True), max(unloaded.of, unplaced.of))


def _in_two_windows(
    watched: Watched, source: Database, snapshot: Snapshot, name: str, window: Window, rows: pa.Table
) -> str | None:
    """Say which rows the window before has, too, where no time of theirs would tell; None where none is in both."""
    table, column = source.tables[name], watched.declaration.task.id
    if not table.windowed or table.time is not None or column not in table.types or window.start <= EARLIEST:
        return None
    before = window_at(source.every, window.start - dt.timedelta(microseconds=1))
    own = rows.column(column)
    twice = own.filter(pc.is_in(own, value_set=snapshot.ids(name, table, column, before))).drop_null()
    if not len(twice):
        return None
    first = "" if column in table.personal else f"; the first has {column} {quoted(twice[0].as_py())}"
    return (
        f"table {name}, window {window.key}: {len(twice):,} of its {rows.num_rows:,} rows are in window {before.key}, "
        f"too{first}. A row belongs to one window: let the query compare its time as >= :start AND < :end. If "
        f"{column} comes again by its meaning, or the query looks back, select the row's time and declare it as time "
        f"of the table {name}"
    )


def _extracted(rows: pa.Table, origin: str, unplaced: Unplaced | None = None) -> Extract:
    return Extract(rows.to_pandas(), origin, content_fingerprint(rows), unplaced)


def _stored(watched: Watched, table: str, batch: str, why: str) -> Extract:
    bronze = watched.tables.bronze(table)
    if not watched.lake.exists(bronze, batch):
        message = (
            f"{watched.name}: bronze of batch {batch} was asked for, but {why} and nothing is stored; put the file "
            f"there, or run `driftwatch simulate {watched.name} --to {watched.landing}`"
        )
        raise DeliveryMissing(message)
    provenance = watched.lake.provenance(bronze, batch)
    return Extract(watched.lake.read(bronze, batch), provenance["source_file"], provenance["source_fingerprint"])
