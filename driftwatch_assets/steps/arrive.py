"""What has arrived of a model: a look at its source, whatever that is, without storing anything."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from driftwatch_assets.arrivals import Landed
from driftwatch_assets.lake import batch_order
from driftwatch_assets.sources import (
    CLOCK_SKEW_SECONDS,
    EARLIEST,
    LATEST,
    Database,
    DeliveryRefused,
    Files,
    LandingUnreadable,
    WindowedFiles,
    embedded_database,
    list_landing,
    open_snapshot,
    read_cached,
    rows_aside,
    unplaced_rows,
    window_at,
    window_fingerprints,
    window_of,
    windows_between,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from driftwatch_assets.sources import Every, Unplaced, WindowedTable
    from driftwatch_assets.sources.sql_snapshot import Snapshot
    from driftwatch_assets.steps.watched import Watched


_NAMED_WINDOWS = 12
_MOMENT = dt.timedelta(microseconds=1)


class SourceRefused(RuntimeError):  # noqa: N818 - named for what happened
    """A source that holds all time cannot be parted into batches; nothing was taken in."""


@dataclass(frozen=True)
class Arrived:
    """What a look at a source found.

    Attributes
    ----------
    landed
        Batches that are there whole, in batch order, each with the fingerprint of its content.
    waiting
        What may still be being written, in words; look again.
    remarks
        What lies there and is not taken, in words.
    cache
        JSON-like; given to the next look, it spares reading again what did not change.

    """

    landed: tuple[Landed, ...]
    waiting: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    cache: Mapping[str, Any] = field(default_factory=dict)


def look(watched: Watched, known: Mapping[str, Any] | None = None, *, settle_seconds: float | None = None) -> Arrived:
    """Look at a model's source.

    Parameters
    ----------
    watched
        The model.
    known
        The `cache` of the look before.
    settle_seconds
        How long a file must have been left alone; by default as declared.

    Raises
    ------
    LandingUnreadable
        The landing folder cannot be listed.
    SourceRefused
        A file that holds all time cannot be read; the message names it and the line.
    driftwatch_assets.sources.DatabaseUnreachable
        The database does not answer, which is not the same as an empty one.
    driftwatch_assets.sources.QueryRefused
        The extent or the watermark of a window cannot be asked as it is declared.

    """
    source = watched.declaration.source
    settle = watched.declaration.arrivals.settle_seconds if settle_seconds is None else settle_seconds
    if isinstance(source, Files):
        return _files(watched, source, known or {}, settle)
    if isinstance(source, WindowedFiles):
        return _windowed(watched, source, known or {}, settle)
    return _database(watched, source, known or {})


def landing_file(watched: Watched, table: WindowedTable) -> Path:
    """Give the path of a table's file, which may not lead out of the landing folder."""
    path = watched.landing / table.file
    if not path.resolve().is_relative_to(watched.landing.resolve()):
        message = f"{watched.name}: {path} is a link out of the landing folder; put the file itself there"
        raise SourceRefused(message)
    return path


def unplaced_of_file(source: WindowedFiles, table: WindowedTable, whole: pa.Table, path: Path) -> Unplaced:
    """Give the rows of a file that belong to no window.

    Raises
    ------
    driftwatch_assets.sources.DeliveryRefused
        There are more of them than is declared to be bearable.

    """
    aside = unplaced_rows(whole, table.time, origin=table.file, personal=table.reader.personal)
    if aside.too_many(source.max_unplaced):
        raise DeliveryRefused(
            path,
            int(aside.rows["source_line"].iloc[0]),
            None,
            f"{aside.told}. At most {source.max_unplaced:.2%} may (max_unplaced)",
            "Correct the file, the format of its dates in the declaration, or max_unplaced if that many are expected.",
        )
    return aside


def database_url(watched: Watched, source: Database) -> str:
    """Give the URL of a model's database; without one that is set, that of the embedded one, brought up to date."""
    if watched.database is not None:
        return watched.database
    readers = {
        name: table.file.model_copy(update={"personal": (*table.file.personal, *table.personal)})
        for name, table in source.tables.items()
        if table.file is not None
    }
    types = {name: source.tables[name].types for name in readers}
    try:
        return embedded_database(
            watched.landing,
            readers,
            types,
            model=watched.name,
            into=watched.embedded,
            max_aside=source.max_unplaced,
        )
    except DeliveryRefused as refusal:
        message = f"{watched.name}: {refusal}"
        raise SourceRefused(message) from refusal


def _files(watched: Watched, source: Files, known: Mapping[str, Any], settle: float) -> Arrived:
    cached = {name: (int(entry[0]), int(entry[1]), str(entry[2])) for name, entry in known.items()}
    landing = list_landing(watched.landing, source.pattern, now=time.time(), settle_seconds=settle, known=cached)
    misfits = {one.batch: watched.tables.misfit(one.batch) for one in landing.deliveries}
    return Arrived(
        tuple(
            Landed(delivery.batch, delivery.fingerprint)
            for delivery in landing.deliveries
            if not misfits[delivery.batch]
        ),
        tuple(f"{held.path.name}: {held.reason}" for held in landing.settling),
        (
            *(f"{held.path.name}: {held.reason}" for held in landing.ignored),
            *(f"{one.path.name}: {misfits[one.batch]}" for one in landing.deliveries if misfits[one.batch]),
            *(f"batch {conflict.batch}: {conflict.reason}" for conflict in landing.duplicates),
        ),
        {name: list(entry) for name, entry in landing.cache.items()},
    )


def _windowed(watched: Watched, source: WindowedFiles, known: Mapping[str, Any], settle: float) -> Arrived:
    if not watched.landing.is_dir():
        message = f"the landing folder {watched.landing} is not there; create it, or name another in DRIFTWATCH_LANDING"
        raise LandingUnreadable(message)
    missing, waiting = [], []
    cache: dict[str, Any] = {}
    now = time.time()
    for name, table in source.tables.items():
        path = landing_file(watched, table)
        try:
            state = path.stat()
        except FileNotFoundError:
            missing.append(table.file)
            continue
        except OSError as error:
            message = f"{path} cannot be looked at ({error.strerror or error}); grant permission to read its folder"
            raise LandingUnreadable(message) from error
        age = now - state.st_mtime
        if settle > 0 and -CLOCK_SKEW_SECONDS <= age < settle:
            told = f"it was modified {max(age, 0):.1f} s ago and has to rest for {settle:g} s"
            waiting.append(f"{table.file}: {told}")
            continue
        declared = {
            "every": source.every,
            "table": table.model_dump_json(),
            "max_unplaced": str(source.max_unplaced),
        }
        seen = [state.st_size, state.st_mtime_ns, _joined(declared)]
        before = known.get(name)
        if before is None or before[:-1] != seen:
            try:
                whole = read_cached(table.reader, path)
                found = window_fingerprints(whole, table.time, source.every, path=path)
                aside = unplaced_of_file(source, table, whole, path)
            except DeliveryRefused as refusal:
                message = f"{watched.name}, table {name}: {refusal}"
                raise SourceRefused(message) from refusal
            before = [*seen, {"windows": found, "aside": f"{table.file}: {aside.told}" if len(aside) else ""}]
        cache[name] = before
    if missing:
        have = f"; {', '.join(waiting)}" if waiting else ""
        return Arrived((), tuple(waiting), (f"{', '.join(missing)}: not there{have}",), cache)
    if waiting:
        return Arrived((), tuple(waiting), (), cache)
    by_table = {name: entry[-1]["windows"] for name, entry in cache.items()}
    without_window = tuple(entry[-1]["aside"] for entry in cache.values() if entry[-1]["aside"])
    keys = sorted({key for found in by_table.values() for key in found}, key=batch_order)
    taken, remarks = _within(source, source.every, keys)
    return Arrived(
        tuple(Landed(key, _joined({name: found.get(key, "") for name, found in by_table.items()})) for key in taken),
        (),
        (*without_window, *remarks),
        cache,
    )


def _database(watched: Watched, source: Database, known: Mapping[str, Any]) -> Arrived:
    if watched.database is None:
        files = [f"{name}.csv" for name in source.tables]
        absent = [name for name in files if not (watched.landing / name).is_file()]
        if absent:
            return Arrived((), remarks=(f"{', '.join(absent)}: not in {watched.landing}, and no database is set",))
    url = database_url(watched, source)
    aside = {} if watched.database is not None else rows_aside(url)
    told = tuple(f"{name}.csv: {rows.told}" for name, rows in aside.items())
    with open_snapshot(url) as snapshot:
        bounds = snapshot.extent(source.extent)
        if bounds is None:
            return Arrived((), remarks=("the database holds no row yet",))
        taken, remarks = _windows_of_database(source, snapshot, *bounds)
        remarks = (*told, *remarks)
        marks = _watermarks(snapshot, source, taken, known)
    # What a window holds is known once it is extracted; until then its identity is how it is asked for, and what the
    # database says of it.
    asked = _joined({name: table.query for name, table in source.tables.items()})
    if source.watermark is None:
        return Arrived(tuple(Landed(key, asked) for key in taken), remarks=remarks)
    landed = tuple(Landed(key, _joined({"asked": asked, "watermark": marks[key]})) for key in taken)
    return Arrived(landed, remarks=remarks, cache={"watermark": source.watermark, "marks": marks})


def _windows_of_database(
    source: Database, snapshot: Snapshot, first: dt.datetime | None, last: dt.datetime | None
) -> tuple[list[str], tuple[str, ...]]:
    """Give the windows that are over and within the declared period, and what is to be said of the others.

    One row with a stand-in for its time, such as 9999-12-31, may not make a window of each day up to it: where an end
    of the extent is no row's (None), or not over yet, the tables that have a `time` tell which row is the first or the
    last.
    """
    every, running = source.every, window_at(source.every, _now())
    start, end = _declared_span(source)
    remarks = []
    if first is None or last is None:
        remarks.append(
            f"the extent has a time that is no row's (before {EARLIEST.year}, after {LATEST.year - 1}, or not to be "
            f"read); such rows belong to no batch"
        )
    low, high = first, last
    if low is None or high is None or high >= running.end:
        found = _spans(source, snapshot, running.end)
        low = low or min([one[0] for one in found], default=start)
        high = max([one[1] for one in found], default=running.start if high is None else high)
    over = min(end, running.start)
    outside = [
        _named_between(every, since, until)
        for since, until in ((low, min(high, start - _MOMENT)), (max(low, end), last or high))
        if since <= until
    ]
    if outside:
        remarks.append(f"{', '.join(outside)}: outside of the declared start and end")
    since, until = max(low, running.start, start), min(last or high, end - _MOMENT)
    if since <= until:
        remarks.append(f"{_named_between(every, since, until)}: not over yet")
    since, until = max(low, start), min(high, over - _MOMENT)
    keys = [one.key for one in windows_between(every, since, until)] if since <= until else []
    return keys, tuple(remarks)


def _spans(source: Database, snapshot: Snapshot, end: dt.datetime) -> list[tuple[dt.datetime, dt.datetime]]:
    """Give the first and the last moment before `end` of each table that has a `time`."""
    timed = {name: table for name, table in source.tables.items() if table.windowed and table.time is not None}
    found = (snapshot.span(name, table, EARLIEST, end) for name, table in timed.items())
    return [one for one in found if one is not None]


def _named_between(every: Every, first: dt.datetime, last: dt.datetime) -> str:
    """Name the windows between two moments; of many the first and the last."""
    keys = [one.key for one in islice(windows_between(every, first, last), _NAMED_WINDOWS + 1)]
    return ", ".join(keys) if len(keys) <= _NAMED_WINDOWS else f"{keys[0]} to {window_at(every, last).key}"


def _watermarks(snapshot: Snapshot, source: Database, keys: Sequence[str], known: Mapping[str, Any]) -> dict[str, str]:
    """Ask for the watermarks of the windows that are revisited, and of those that were not looked at before."""
    if source.watermark is None:
        return {}
    seen = known.get("marks", {}) if known.get("watermark") == source.watermark else {}
    again = keys if source.revisit == "all" else keys[-source.revisit :]
    settled = {key: seen[key] for key in keys if key in seen and key not in again}
    return {key: settled.get(key) or snapshot.watermark(source.watermark, window_of(source.every, key)) for key in keys}


def _declared_span(source: WindowedFiles | Database) -> tuple[dt.datetime, dt.datetime]:
    """Give the first moment of the declared period, and the first after it."""
    first = window_at(source.every, dt.datetime.combine(source.start, dt.time())).start
    if source.end is None:
        return first, LATEST
    return first, window_at(source.every, dt.datetime.combine(source.end, dt.time())).end


def _within(source: WindowedFiles, every: Every, keys: Iterable[str]) -> tuple[list[str], tuple[str, ...]]:
    """Part windows into those that are over and within the declared period, and what is to be said of the others."""
    now = _now()
    first, end = _declared_span(source)
    taken, outside, running = [], [], []
    for key in keys:
        found = window_of(every, key)
        if not first <= found.start < end:
            outside.append(key)
        elif found.end > now:
            running.append(key)
        else:
            taken.append(key)
    remarks = [f"{_named(outside)}: outside of the declared start and end"] if outside else []
    remarks += [f"{_named(running)}: not over yet"] if running else []
    return taken, tuple(remarks)


def _named(keys: Sequence[str]) -> str:
    """Name windows; of many the first and the last, and how many there are."""
    return ", ".join(keys) if len(keys) <= _NAMED_WINDOWS else f"{keys[0]} to {keys[-1]} ({len(keys):,} windows)"


def _now() -> dt.datetime:
    """Give the time as the windows have it: without a zone, in UTC."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _joined(parts: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
