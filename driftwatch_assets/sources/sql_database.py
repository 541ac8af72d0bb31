"""Which database an address names, how it is opened for reading, and what its errors mean."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from driftwatch_assets.sources.sql_dates import read_all_dates
from driftwatch_assets.sources.sql_failure import DatabaseUnreachable, DatabaseUrlRefused, QueryRefused

if TYPE_CHECKING:
    from collections.abc import Callable

_STEPS_BETWEEN_LOOKS = 10_000
# SQLSTATE: the connection (08), who may enter (28, 3D), resources (53), an operator who stops the server (57P).
_NOT_THE_QUERYS_FAULT = ("08", "28", "3D", "53", "57P")
_TIMED_OUT = "57014"
_READ_ONLY = "25006"
_SYNTAX = "42"
_SQLITE_QUERYS_FAULT = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT})


@dataclass(frozen=True)
class Database:
    """What is known of a database: its name without secrets, and what no message may show."""

    kind: str
    shown: str
    secret: str | None

    def without_secrets(self, text: str) -> str:
        """Take the password out of what a driver says."""
        said = " ".join(text.split())
        return said.replace(self.secret, "***") if self.secret else said


def parse_url(url: str) -> tuple[sa.URL, Database]:
    """Read a database's address.

    Raises
    ------
    DatabaseUrlRefused
        It cannot be read, or names no database that a source can be.

    Examples
    --------
    >>> parse_url("postgresql://etl:secret@db:5432/loans")[1].shown
    'postgresql://etl@db:5432/loans'
    """
    expected = "expected sqlite:///path or postgresql://user:password@host:port/name"
    try:
        parsed = sa.make_url(url)
        kind = {"postgres": "postgresql"}.get(parsed.get_backend_name(), parsed.get_backend_name())
    except (ArgumentError, ValueError):
        raise DatabaseUrlRefused(f"the address of the source database cannot be read: {expected}") from None
    if kind not in ENGINES:
        raise DatabaseUrlRefused(f"the address of the source database begins with {kind}://: {expected}")
    if kind == "sqlite":
        if parsed.database in {None, "", ":memory:"}:
            raise DatabaseUrlRefused(f"the address of the source database names no file: {expected}")
        return parsed, Database(kind, f"sqlite:///{parsed.database}", None)
    place = f"{parsed.host or 'localhost'}{f':{parsed.port}' if parsed.port else ''}/{parsed.database or ''}"
    shown = f"{kind}://{f'{parsed.username}@' if parsed.username else ''}{place}"
    secret = parsed.password or parsed.query.get("password")
    return parsed, Database(kind, shown, str(secret) if secret else None)


Engine = tuple[sa.Engine, "Callable[[sa.Connection, float], None]"]


def _sqlite(url: sa.URL, connect_seconds: float) -> Engine:
    file = f"file:{quote(str(url.database))}?mode=ro"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(file, uri=True, timeout=connect_seconds, isolation_level=None)

    def set_timeout(connection: sa.Connection, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - what `connect` made
        driver.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)

    return sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool, hide_parameters=True), set_timeout


def _postgresql(url: sa.URL, connect_seconds: float) -> Engine:
    def set_timeout(connection: sa.Connection, seconds: float) -> None:
        milliseconds = str(max(1, round(seconds * 1000)))
        connection.execute(sa.text("SELECT set_config('statement_timeout', :limit, true)"), {"limit": milliseconds})

    # A server that is gone without a word is noticed after about a minute.
    patience = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": max(1, round(connect_seconds)), "application_name": "driftwatch", **patience},
    )
    sa.event.listen(engine, "connect", lambda connection, _: read_all_dates(connection))
    return engine, set_timeout


ENGINES: dict[str, Callable[[sa.URL, float], Engine]] = {"sqlite": _sqlite, "postgresql": _postgresql}
"""Kind of database → how it is opened: the engine, and how a statement's time is limited."""


def explain(
    failed: BaseException, database: Database, label: str, rows: int, *, withhold: bool
) -> DatabaseUnreachable | QueryRefused:
    """Tell what a driver's error says of the connection from what it says of the query.

    Parameters
    ----------
    failed
        The driver's error.
    database
        Where it comes from.
    label
        The table, with its window.
    rows
        How many rows had come.
    withhold
        Whether the query's data may be personal, so that no message may quote it.
    """
    said = database.without_secrets(str(failed)) or type(failed).__name__
    state = getattr(failed, "sqlstate", None)
    code = getattr(failed, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if isinstance(failed, sqlite3.Error):
        lost = code not in _SQLITE_QUERYS_FAULT
        timed_out, read_only = code == sqlite3.SQLITE_INTERRUPT, code == sqlite3.SQLITE_READONLY
    else:
        gone = state is None and type(failed).__name__ in {"OperationalError", "InterfaceError"}
        lost = gone or (state is not None and state.startswith(_NOT_THE_QUERYS_FAULT))
        timed_out, read_only = state == _TIMED_OUT, state == _READ_ONLY
    if lost:
        return DatabaseUnreachable(database.shown, f"table {label} was extracted, after {rows:,} rows", said)
    if timed_out:
        found, what_to_do = (
            f"the database was stopped at the time limit ({said})",
            "Raise timeout_seconds, or add an index.",
        )
    elif read_only:
        found, what_to_do = (
            f"the query writes ({said})",
            "A source is only read: take the writing part out of the query.",
        )
    else:
        # What the database says of data (not of syntax) quotes the value.
        if withhold and state is not None and not state.startswith(_SYNTAX):
            said = f"{type(failed).__name__}, SQLSTATE {state}; its text is withheld: the table has personal columns"
        found, what_to_do = f"the query cannot be run ({said})", "Correct the query in the declaration."
    return QueryRefused(database.shown, label, found, what_to_do)
