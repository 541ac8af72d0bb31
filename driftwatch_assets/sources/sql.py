"""Tables that a database gives by a query: what is declared, and how to have them for a window."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from driftwatch_assets.sources.sql_values import SqlType

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from driftwatch_assets.sources.sql_snapshot import Snapshot
    from driftwatch_assets.sources.window import Window

CHUNK_ROWS = 10_000
"""Rows that are fetched at once."""

CONNECT_SECONDS = 10
"""How long a database may take to answer at first."""

_TAKEN_NAMES = frozenset({"source_line", "problem", "source_text"})
_WINDOW = frozenset({"start", "end"})
# Comments, literals and quoted names, in which a semicolon or a colon means nothing.
_NOT_CODE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w*)\$.*?\$\1\$", re.DOTALL)
# What SQLAlchemy takes for a bound parameter.
_PARAMETER = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")


class SqlTable(BaseModel):
    """How to extract a table from a database.

    The window is bound, never written into the query: its first moment as ``:start``, the first moment after it as
    ``:end``. SQLite has no times and compares texts. There the bounds are days, ``2024-02-01``, and a day is before
    each of its times however that is written: ``2024-02-01``, ``2024-02-01 00:00:00``, ``2024-02-01T00:00:00``. A
    `time` with a zone belongs to the window of its moment in UTC; where a table has no `time`, and in a watermark, that
    takes a comparison of ``datetime(column)``. Seconds since 1970 are compared, and selected, as
    ``datetime(column, 'unixepoch')``.

    Examples
    --------
    >>> table = SqlTable(
    ...     query="SELECT loan_id, application_time FROM loan_details "
    ...     "WHERE application_time >= :start AND application_time < :end",
    ...     types={"loan_id": "text", "application_time": "timestamp"},
    ... )
    >>> table.windowed
    True
    >>> SqlTable(query="SELECT loan_id FROM loan_details", types={"loan_id": "text"})
    Traceback (most recent call last):
    ...
    pydantic_core._pydantic_core.ValidationError: 1 validation error for SqlTable
      Value error, the query lacks :start, :end: expected ... WHERE time >= :start AND time < :end, or windowed: false
    ...
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str = Field(description="One SELECT, with :start and :end for the window.")
    types: dict[str, SqlType] = Field(
        min_length=1,
        description="The columns that the query gives, no others: column → text, number, integer or timestamp.",
    )
    time: str | None = Field(default=None, description="Column with the row's moment, where it has one.")
    windowed: bool = Field(
        default=True, description="Whether the query gives a window's rows; without, it gives all rows each time."
    )
    personal: tuple[str, ...] = Field(
        default=(), description="Columns with personal data: no message ever shows a value of them."
    )
    may_be_empty: bool = Field(default=False, description="Whether a window without rows is a batch.")
    max_rows: int = Field(default=5_000_000, ge=1, description="The most rows that are taken.")
    timeout_seconds: float = Field(
        default=60, gt=0, le=86_400, description="How long the database may work on a statement, in seconds."
    )

    @field_validator("query")
    @classmethod
    def _one_select(cls, query: str) -> str:
        return check_select(query)

    @model_validator(mode="after")
    def _consistent(self) -> SqlTable:
        check_parameters(self.query, windowed=self.windowed)
        if taken := sorted(self.types.keys() & _TAKEN_NAMES):
            raise ValueError(f"column {taken[0]!r} cannot be declared: bronze has it itself; rename it with AS")
        moments = [column for column, kind in self.types.items() if kind == "timestamp"]
        if self.time is not None and self.time not in moments:
            raise ValueError(
                f"time names {self.time!r}, which types declare to be no timestamp; timestamps are: "
                f"{', '.join(moments) or 'none'}"
            )
        for column in self.personal:
            if column not in self.types:
                raise ValueError(
                    f"personal names column {column!r}, which is not in types: expected one of {', '.join(self.types)}"
                )
        return self


@contextmanager
def open_snapshot(url: str, *, connect_seconds: float = CONNECT_SECONDS) -> Iterator[Snapshot]:
    """Open a database for reading: all that is extracted from the snapshot is of one moment.

    Parameters
    ----------
    url
        ``sqlite:///path`` or ``postgresql://user:password@host:port/name``. Its password is in no message.
    connect_seconds
        How long the database may take to answer.

    Raises
    ------
    DatabaseUnreachable
        It does not answer, or lets nobody in.
    DatabaseUrlRefused
        The address names no database that can be read.
    """
    from driftwatch_assets.sources import sql_snapshot  # noqa: PLC0415 - heavy: loaded when needed

    with sql_snapshot.opened(url, connect_seconds) as snapshot:
        yield snapshot


def extract(
    url: str, name: str, table: SqlTable, window: Window | None = None, *, chunk_rows: int = CHUNK_ROWS
) -> pa.Table:
    """Extract one table, as `Snapshot.extract`, from a snapshot of its own.

    Examples
    --------
    >>> import sqlite3, tempfile
    >>> from pathlib import Path
    >>> from driftwatch_assets.sources.window import window_of
    >>> file = Path(tempfile.mkdtemp(), "loans.sqlite")
    >>> with sqlite3.connect(file) as made:
    ...     _ = made.execute("CREATE TABLE loans (id TEXT, day TEXT)")
    ...     _ = made.execute("INSERT INTO loans VALUES ('A', '2015-04-16 10:00:00'), ('B', '2015-04-17 00:00:00')")
    >>> made.close()
    >>> loans = SqlTable(
    ...     query="SELECT id, day FROM loans WHERE day >= :start AND day < :end",
    ...     types={"id": "text", "day": "timestamp"},
    ... )
    >>> extract(f"sqlite:///{file}", "loans", loans, window_of("day", "2015-04-17"))["id"].to_pylist()
    ['B']
    """
    with open_snapshot(url) as snapshot:
        return snapshot.extract(name, table, window, chunk_rows=chunk_rows)


def check_select(query: str) -> str:
    """Give back a query that can be declared.

    Raises
    ------
    ValueError
        It has more than one statement, or does not begin with SELECT or WITH.

    Examples
    --------
    >>> check_select("SELECT 1; DROP TABLE loans")
    Traceback (most recent call last):
    ...
    ValueError: the query has a ';': expected one statement, without a ';' at its end
    >>> check_select("DELETE FROM loans")
    Traceback (most recent call last):
    ...
    ValueError: the query begins with 'DELETE': expected SELECT or WITH, since a source is only read
    """
    code = _NOT_CODE.sub(" ", query)
    if ";" in code:
        raise ValueError("the query has a ';': expected one statement, without a ';' at its end")
    first = (code.split() or ["nothing"])[0]
    if first.upper().lstrip("(") not in {"SELECT", "WITH", ""}:
        raise ValueError(f"the query begins with {first!r}: expected SELECT or WITH, since a source is only read")
    return query


def check_extent(query: str) -> str:
    """Give back a query that can be asked for the first and the last moment.

    Raises
    ------
    ValueError
        As `check_select`; also for a bound parameter, since it is asked before there is a window.

    Examples
    --------
    >>> check_extent("SELECT min(day), max(day) FROM loans WHERE day >= :start")
    Traceback (most recent call last):
    ...
    ValueError: the query has the parameter :start: expected none, since it is asked before there is a window
    """
    if bound := _PARAMETER.findall(_NOT_CODE.sub(" ", check_select(query))):
        raise ValueError(
            f"the query has the parameter :{bound[0]}: expected none, since it is asked before there is a window"
        )
    return query


def check_watermark(query: str) -> str:
    """Give back a query that can be asked for what tells that a window has changed.

    Raises
    ------
    ValueError
        As `check_select`; also without a window's parameters, or with others.

    Examples
    --------
    >>> check_watermark("SELECT count(*) FROM loans")
    Traceback (most recent call last):
    ...
    ValueError: the query lacks :start, :end: expected ... WHERE time >= :start AND time < :end
    """
    check_parameters(check_select(query), windowed=True, otherwise="")
    return query


def check_parameters(query: str, *, windowed: bool, otherwise: str = ", or windowed: false") -> None:
    """Refuse a query with other bound parameters than those of its window.

    Raises
    ------
    ValueError
        It names another parameter, or one in a literal; lacks ``:start`` or ``:end``; or has them and no window.
    """
    bound = set(_PARAMETER.findall(_NOT_CODE.sub(" ", query)))
    if other := sorted(bound - _WINDOW):
        raise ValueError(f"the query has the parameter :{other[0]}: expected :start and :end, and no others")
    if hidden := sorted(set(_PARAMETER.findall(query)) - bound):
        raise ValueError(
            rf"the query has :{hidden[0]} in a literal or a comment, where it would be taken for a parameter: "
            rf"write \:{hidden[0]} there"
        )
    if windowed and bound != _WINDOW:
        lacking = ", ".join(f":{name}" for name in ("start", "end") if name not in bound)
        raise ValueError(f"the query lacks {lacking}: expected ... WHERE time >= :start AND time < :end{otherwise}")
    if bound and not windowed:
        raise ValueError("the query has a window's parameters, and windowed is false: expected one or the other")
