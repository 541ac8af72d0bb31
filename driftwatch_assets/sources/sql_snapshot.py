"""A database that is open for reading: one read-only transaction, in which all tables are of one moment."""

from __future__ import annotations

import contextlib
import datetime as dt
import difflib
import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from driftwatch_assets.sources.quarantine import WITHHELD_TEXT
from driftwatch_assets.sources.sql import CHUNK_ROWS, check_parameters, check_select, check_watermark
from driftwatch_assets.sources.sql_database import ENGINES, Database, explain, parse_url
from driftwatch_assets.sources.sql_failure import DatabaseUnreachable, QueryRefused
from driftwatch_assets.sources.sql_values import ARROW_TYPES, EXPECTED, as_typed
from driftwatch_assets.sources.sql_zones import belongs, looks_back, margins, strays
from driftwatch_assets.sources.unplaced import is_placed, unplaced_rows
from driftwatch_assets.sources.window import EARLIEST, LATEST, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from driftwatch_assets.sources.sql import SqlTable
    from driftwatch_assets.sources.unplaced import Unplaced

Bounds = tuple[object, object]
"""What is bound as the first moment of a window, and as the first one after it."""

_LONGEST_QUOTE = 40
# What no time compares as earlier than, and what none compares as later than: SQLite compares texts.
_ENDS: dict[str, Bounds] = {"sqlite": ("", "\U0010ffff"), "postgresql": (dt.datetime.min, dt.datetime.max)}  # noqa: DTZ901 - no zone
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Snapshot:
    """All rows of a database as they were at one moment; got from `open_snapshot`."""

    def __init__(
        self, connection: sa.Connection, database: Database, set_timeout: Callable[[sa.Connection, float], None]
    ) -> None:
        self._connection, self._database, self._set_timeout = connection, database, set_timeout

    def extract(
        self, name: str, table: SqlTable, window: Window | None = None, *, chunk_rows: int = CHUNK_ROWS
    ) -> pa.Table:
        """Extract a table as a bronze table.

        The database streams the rows; at most `chunk_rows` of them are held in any other form than the result. SQLite
        compares a time with a zone as a text: the rows of the window by their time in UTC are taken from the days
        beside it, too, and those that are not are left to their own window.

        Parameters
        ----------
        name
            What messages call the table.
        table
            What is declared.
        window
            The batch's window; None for a table that is not windowed.
        chunk_rows
            Rows that are fetched at once.

        Returns
        -------
        pyarrow.Table
            One row a row of the result: ``source_line`` (int64, its number, from 1), the declared columns in their
            declared order, ``problem`` (string; a value that is not of its type, by row and column) and
            ``source_text`` (the row as JSON, where `problem` is set, or that it is withheld).

        Raises
        ------
        DatabaseUnreachable
            The connection is lost; also in the middle, after which nothing is given.
        QueryRefused
            The query cannot be run, writes, takes too long, gives other columns than declared, no rows, or too many;
            or not one of its rows is of the declared types.
        ValueError
            A windowed table without a window.
        """
        if table.windowed and window is None:
            raise ValueError(f"table {name} is windowed: expected the window to extract")
        label = name if window is None else f"{name}, window {window.key}"
        parts: list[pa.Table] = []
        rows = 0
        with self._explaining(label, lambda: rows, withhold=bool(table.personal)):
            self._set_timeout(self._connection, table.timeout_seconds)
            for chunk, order in self._chunks(label, table, window, chunk_rows):
                if rows + len(chunk) > table.max_rows:
                    raise QueryRefused(
                        self._database.shown,
                        label,
                        f"the query gives more than max_rows: {table.max_rows:,}",
                        "Let it select less, or raise max_rows in the declaration.",
                    )
                parts.append(_bronze(chunk, order, table, rows + 1))
                rows += len(chunk)
        if rows == 0 and not table.may_be_empty:
            raise QueryRefused(
                self._database.shown,
                label,
                "the query gives no rows",
                "Check the window and the query, or declare may_be_empty: true if that is a batch.",
            )
        bronze = pa.concat_tables(parts or [_bronze([], range(len(table.types)), table, 1)]).combine_chunks()
        if rows and bronze.column("problem").null_count == 0:
            raise QueryRefused(
                self._database.shown,
                label,
                f"none of its {rows:,} rows can be read; the first: {bronze.column('problem')[0].as_py()}",
                "Correct the types in the declaration, or cast in the query.",
            )
        return bronze

    def extent(
        self, query: str, *, name: str = "extent", timeout_seconds: float = 60
    ) -> tuple[dt.datetime | None, dt.datetime | None] | None:
        """Ask for the first and the last moment of a table.

        Parameters
        ----------
        query
            One SELECT without parameters that gives one row of two times: ``SELECT min(t), max(t) FROM ...``.
        name
            What messages call it.
        timeout_seconds
            How long the database may work on it.

        Returns
        -------
        tuple or None
            The two moments, without a zone; None where the table has no rows. A moment that can be no row's, since it
            cannot be read or does not lie between `EARLIEST` and `LATEST`, is None: it says nothing of the other rows.

        Raises
        ------
        DatabaseUnreachable, QueryRefused
            As `extract`.
        ValueError
            The query is no single SELECT, or has parameters.
        """
        check_parameters(check_select(query), windowed=False)
        rows = self._few_rows(name, query, None, timeout_seconds)
        if len(rows) == 1 and len(rows[0]) == 2:  # noqa: PLR2004 - the first moment and the last
            if rows[0] == (None, None):
                return None
            ends, unfit = as_typed([_comparable(value) for value in rows[0]], "timestamp")
            if len(unfit) < len(ends):
                first, last = (end if end and EARLIEST <= end < LATEST else None for end in ends.to_pylist())
                return first, last
        shown = f"{len(rows)} rows of {len(rows[0]) if rows else 0} values"
        if len(rows) == 1:
            shown = " and ".join(f"{value!r:.{_LONGEST_QUOTE}}" for value in rows[0])
        raise QueryRefused(
            self._database.shown,
            name,
            f"the query gives {shown}, and not two times",
            "Expected one row: SELECT min(t), max(t) FROM table, in SQLite of texts as YYYY-MM-DD, with or without "
            "HH:MM:SS; of seconds since 1970, write datetime(t, 'unixepoch') there and in the tables' queries.",
        )

    def span(
        self, name: str, table: SqlTable, first: dt.datetime, end: dt.datetime
    ) -> tuple[dt.datetime, dt.datetime] | None:
        """Ask for the first and the last moment of a table's rows between two moments; None where it has no such row.

        Parameters
        ----------
        name, table
            As in `extract`; the table has a `time`.
        first, end
            The first moment, and the first after the last.

        Raises
        ------
        DatabaseUnreachable, QueryRefused
            As `extract`; not where there is no row.
        """
        assert table.time is not None  # noqa: S101 - as said
        time = _quoted(table.time)
        query = f"SELECT min({time}), max({time}) FROM (\n{table.query}\n) AS extracted"  # noqa: S608 - as declared
        [ends] = self._few_rows(name, query, Window(name, first, end), table.timeout_seconds)
        found, unfit = as_typed(ends, "timestamp")
        if unfit or found.null_count:
            return None
        earliest, latest = found.to_pylist()
        return earliest, latest

    def watermark(self, query: str, window: Window, *, timeout_seconds: float = 60) -> str:
        """Ask for what tells that the rows of a window have changed.

        Parameters
        ----------
        query
            One SELECT with ``:start`` and ``:end`` that gives one row: ``SELECT count(*), max(changed) FROM ...``.
        window
            The batch's window.
        timeout_seconds
            How long the database may work on it.

        Returns
        -------
        str
            Fingerprint of the row's values, 16 hex digits. One and the same database gives the same one for the same
            row; another database may write a value otherwise.

        Raises
        ------
        DatabaseUnreachable, QueryRefused
            As `extract`.
        ValueError
            The query is no single SELECT, or lacks a window's parameters.
        """
        check_watermark(query)
        label = f"watermark, window {window.key}"
        rows = self._few_rows(label, query, window, timeout_seconds)
        if len(rows) != 1:
            raise QueryRefused(
                self._database.shown,
                label,
                f"the query gives {'more than one row' if rows else 'no row'}",
                "Expected one row for a window: SELECT count(*), max(changed) FROM table WHERE ...",
            )
        return hashlib.sha256(json.dumps(rows[0], default=str).encode()).hexdigest()[:16]

    def unplaced(self, name: str, table: SqlTable) -> Unplaced:
        """Give the rows of a table that belong to no window, since their `time` can be no row's.

        They are asked for as a window's are: those whose time compares as earlier than `EARLIEST`, or as `LATEST` or
        later, which in SQLite is also a text that is no time. A time that is missing compares with nothing, so that
        such a row is never seen. Parameters and errors are those of `extract`; the table has a `time`.
        """
        assert table.time is not None  # noqa: S101 - as said
        label = f"{name}, rows that belong to no window"
        lowest, highest = _ENDS[self._database.kind]
        low, high = self._bound(Window(name, EARLIEST, LATEST))
        rows, of = _bronze([], range(len(table.types)), table, 1), 0
        with self._explaining(label, lambda: rows.num_rows, withhold=bool(table.personal)):
            self._set_timeout(self._connection, table.timeout_seconds)
            for bounds in ((lowest, low), (high, highest)):
                for chunk, order in self._pieces(label, table, bounds, CHUNK_ROWS):
                    found = _bronze(chunk, order, table, rows.num_rows + 1)
                    rows = pa.concat_tables([rows, found.filter(pc.invert(is_placed(found.column(table.time))))])
            if rows.num_rows:
                counted = f"SELECT count(*) FROM (\n{table.query}\n) AS extracted"  # noqa: S608 - as declared
                with contextlib.closing(self._run(counted, (lowest, highest), 1)) as result:
                    of = int(str(result.scalar()))
        return replace(unplaced_rows(rows, table.time, origin=f"table {name}", personal=table.personal), of=of)

    def ids(self, name: str, table: SqlTable, column: str, window: Window) -> pa.Array:
        """Give the values of one column of a window's rows, of its declared type, null where they are of another.

        Parameters are those of `extract`.

        Raises
        ------
        DatabaseUnreachable, QueryRefused
            As `extract`; not for a window without rows.
        """
        label = f"{name}, window {window.key}"
        query = f"SELECT {_quoted(column)} FROM (\n{table.query}\n) AS extracted"  # noqa: S608 - as declared
        with self._explaining(label, lambda: 0, withhold=bool(table.personal)):
            self._set_timeout(self._connection, table.timeout_seconds)
            with contextlib.closing(self._run(query, self._bound(window), CHUNK_ROWS)) as result:
                values = [row[0] for row in result]
        return as_typed(values, table.types[column])[0]

    def _chunks(
        self, label: str, table: SqlTable, window: Window | None, chunk_rows: int
    ) -> Iterator[tuple[Sequence[sa.Row[tuple[object, ...]]], list[int]]]:
        """Give the rows of a window piece by piece, each with where the declared columns stand in it."""
        asked = window if table.windowed else None
        if asked is None or table.time is None or self._database.kind != "sqlite":
            yield from self._pieces(label, table, None if asked is None else self._bound(asked), chunk_rows)
            return
        at_time = list(table.types).index(table.time)
        earlier = False
        for chunk, order in self._pieces(label, table, self._bound(asked), chunk_rows):
            place = order[at_time]
            earlier = earlier or any(looks_back(row[place], asked) for row in chunk)
            yield [row for row in chunk if not strays(row[place], asked)], order
        for beside in margins(asked):
            # A query that asks for earlier rows by itself has given those of the day before.
            if not (earlier and beside.start < asked.start):
                for chunk, order in self._pieces(label, table, self._bound(beside), chunk_rows):
                    yield [row for row in chunk if belongs(row[order[at_time]], asked)], order

    def _pieces(
        self, label: str, table: SqlTable, bounds: Bounds | None, chunk_rows: int
    ) -> Iterator[tuple[Sequence[sa.Row[tuple[object, ...]]], list[int]]]:
        result = self._run(table.query, bounds, chunk_rows)
        with contextlib.closing(result):
            order = self._columns(label, list(result.keys()), list(table.types))
            for chunk in result.partitions(chunk_rows):
                yield chunk, order

    def _few_rows(
        self, label: str, query: str, window: Window | None, timeout_seconds: float
    ) -> list[tuple[object, ...]]:
        """Give the first two rows of a query that shall have one."""
        with self._explaining(label, lambda: 0, withhold=False):
            self._set_timeout(self._connection, timeout_seconds)
            bounds = None if window is None else self._bound(window)
            with contextlib.closing(self._run(query, bounds, 2)) as result:
                return [tuple(row) for row in result.fetchmany(2)]

    def _bound(self, window: Window) -> Bounds:
        """Give the ends of a window as they are bound."""
        if self._database.kind == "sqlite":
            # A day is before all times of that day, in whichever of the usual ways these are written.
            return window.start.date().isoformat(), window.end.date().isoformat()
        return window.start, window.end

    def _run(self, query: str, bounds: Bounds | None, chunk_rows: int) -> sa.CursorResult[tuple[object, ...]]:
        bound = {} if bounds is None else dict(zip(("start", "end"), bounds, strict=True))
        options = {"stream_results": True, "yield_per": chunk_rows}
        return self._connection.execute(sa.text(query), bound, execution_options=options)

    def _columns(self, label: str, found: list[str], declared: list[str]) -> list[int]:
        missing = [name for name in declared if name not in found]
        extra = [name for name in found if name not in declared]
        twice = sorted({name for name in found if found.count(name) > 1})
        if missing or extra or twice:
            parts = [f"lacks column {_near(name, extra)}" for name in missing]
            parts += [f"has column {_near(name, missing)}, which is not declared" for name in extra]
            parts += [f"has column {name!r} twice" for name in twice]
            raise QueryRefused(
                self._database.shown,
                label,
                f"the query's result {', '.join(parts)}",
                f"Expected exactly {', '.join(declared)}: correct the query, or types in the declaration.",
            )
        return [found.index(name) for name in declared]

    @contextlib.contextmanager
    def _explaining(self, label: str, rows: Callable[[], int], *, withhold: bool) -> Iterator[None]:
        """Tell what the driver says of the query from what it says of the connection."""
        try:
            yield
        except SQLAlchemyError as error:
            failed = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
            raise explain(failed, self._database, label, rows(), withhold=withhold) from None


def _bronze(chunk: Sequence[sa.Row[tuple[object, ...]]], order: Sequence[int], table: SqlTable, first: int) -> pa.Table:
    values = list(zip(*chunk, strict=True)) if chunk else [()] * len(order)
    columns: dict[str, pa.Array] = {}
    problems: dict[int, str] = {}
    for at, (name, kind) in zip(order, table.types.items(), strict=True):
        columns[name], unfit = as_typed(values[at], kind)
        for row in unfit:
            found = "a value that is withheld (the column is personal)"
            if name not in table.personal:
                found = f"{values[at][row]!r:.{_LONGEST_QUOTE}}"
            problems.setdefault(row, f"row {first + row}, column {name}: found {found}, expected {EXPECTED[kind]}")
    reasons, texts = (np.full(len(chunk), None, object) for _ in range(2))
    for row, problem in problems.items():
        named = {name: values[at][row] for at, name in zip(order, table.types, strict=True)}
        reasons[row] = problem
        texts[row] = WITHHELD_TEXT if table.personal else json.dumps(named, default=str, ensure_ascii=False)
    if problems:
        read = pa.array(~np.isin(np.arange(len(chunk)), list(problems)))
        columns = {name: pc.if_else(read, column, pa.scalar(None, column.type)) for name, column in columns.items()}
    return pa.table(
        {
            "source_line": pa.array(range(first, first + len(chunk)), pa.int64()),
            **{name: columns[name].cast(ARROW_TYPES[kind]) for name, kind in table.types.items()},
            "problem": pa.array(reasons, pa.string()),
            "source_text": pa.array(texts, pa.string()),
        }
    )


def _comparable(value: object) -> object:
    """Give a time of SQLite that compares as its text does; one that is written in another way is none."""
    return value if not isinstance(value, str) or _DAY.match(value) else f"not as a day: {value}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _near(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"{name!r}{f' (nearest: {near[0]!r})' if near else ''}"


@contextlib.contextmanager
def opened(url: str, connect_seconds: float) -> Iterator[Snapshot]:
    """Open a snapshot; see `driftwatch_assets.sources.open_snapshot`."""
    parsed, database = parse_url(url)
    engine, set_timeout = ENGINES[database.kind](parsed, connect_seconds)
    with contextlib.ExitStack() as stack:
        stack.callback(engine.dispose)
        try:
            connection = engine.connect()
            stack.callback(_close, connection)
            if database.kind == "sqlite":
                connection.exec_driver_sql("BEGIN")
                # The snapshot begins with the first read, which also shows whether this is a database.
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
            else:
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                connection.execute(sa.text("SELECT set_config('TimeZone', 'UTC', true)"))
        except SQLAlchemyError as error:
            cause = database.without_secrets(str(getattr(error, "orig", None) or error))
            raise DatabaseUnreachable(database.shown, "it was opened", cause) from None
        yield Snapshot(connection, database, set_timeout)


def _close(connection: sa.Connection) -> None:
    # A transaction that only read loses nothing when its connection is gone before it ends.
    with contextlib.suppress(SQLAlchemyError):
        connection.close()
