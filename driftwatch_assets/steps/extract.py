"""A batch as its source has it: one bronze frame a table, or a refusal in words."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch_assets.lake import content_fingerprint
from driftwatch_assets.sources import (
    Database,
    DeliveryRefused,
    Files,
    QueryRefused,
    WindowedFiles,
    fingerprint_file,
    list_landing,
    open_snapshot,
    read_cached,
    rows_of_window,
    window_of,
)
from driftwatch_assets.steps.arrive import database_url, landing_file, unplaced_of_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import pyarrow as pa

    from driftwatch_assets.sources import Delivery, Unplaced
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
    with open_snapshot(database_url(watched, source)) as snapshot:
        for name in tables:
            try:
                found[name] = _extracted(snapshot.extract(name, source.tables[name], window), f"table {name}")
            except QueryRefused as refusal:
                found[name] = Refused(f"table {name}", str(refusal))
    return found


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
