"""Opening the monitoring database: its address, its transactions, and what a driver's error means."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError

from driftwatch_assets.monitoring.errors import MonitoringRefused, MonitoringUnreachable, MonitoringUrlRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

_WAIT_SECONDS = 30
_CONNECT_SECONDS = 5
_WRITES = "driftwatch_writes"
_NOT_PERMITTED = "42501"
_LOCKS = 0x0D71F7  # the first half of every advisory lock of this project
_MIGRATION = 0

_EXPECTED = "expected sqlite:///path or postgresql://user:password@host:port/name"


@dataclass(frozen=True)
class Database:
    """An engine and what may be shown of it.

    Attributes
    ----------
    engine
        Opens a connection a transaction and keeps none, so that processes may fork and a server may restart.
    shown
        The address without its password.
    """

    engine: sa.Engine
    shown: str
    secret: str | None = field(repr=False)

    @property
    def is_postgresql(self) -> bool:
        """Whether it is a PostgreSQL server; otherwise it is a SQLite file."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def writing(self, attempted: str, alone_for: str | None = None) -> Iterator[sa.Connection]:
        """Give a transaction that is stored whole at the end, or not at all.

        Parameters
        ----------
        attempted
            What is done in it, as a clause for the message of a failure.
        alone_for
            A model: two writers of the same one take turns, so that what one reads holds until it wrote.

        Raises
        ------
        MonitoringUnreachable, MonitoringRefused
        """
        with self._explained(attempted), self.engine.execution_options(**{_WRITES: True}).begin() as connection:
            if alone_for is not None and self.is_postgresql:
                key = zlib.crc32(alone_for.encode()) - 2**31
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCKS, key)))
            yield connection

    @contextmanager
    def reading(self, attempted: str) -> Iterator[sa.Connection]:
        """Give a transaction that sees the database as it is at one moment; see `writing`."""
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if self.is_postgresql else {}
        with self._explained(attempted), self.engine.connect() as connection:
            connection.execution_options(**options)
            with connection.begin():
                yield connection

    @contextmanager
    def alone(self, attempted: str) -> Iterator[sa.Connection]:
        """Give a transaction that one process at a time has, to change the tables themselves; see `writing`."""
        with self.writing(attempted) as connection:
            if self.is_postgresql:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCKS, _MIGRATION)))
            yield connection

    @contextmanager
    def _explained(self, attempted: str) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as failed:
            said = self._without_secrets(str(failed.orig))
            state = getattr(failed.orig, "sqlstate", None)
            if state == _NOT_PERMITTED:
                raise MonitoringRefused(
                    f"{self.shown} does not let this user do what was asked while {attempted} ({said}). Nothing was "
                    f"stored. Use a user who may, or grant it"
                ) from failed
            if _at_fault(failed):
                raise
            raise MonitoringUnreachable(self.shown, attempted, said) from failed

    def _without_secrets(self, text: str) -> str:
        said = " ".join(text.split())
        return said.replace(self.secret, "***") if self.secret else said


def _at_fault(failed: DBAPIError) -> bool:
    """Tell a statement that is wrong, which is this program's fault, from a database that cannot be used."""
    if isinstance(failed.orig, sqlite3.Error):
        return getattr(failed.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_ERROR
    state = getattr(failed.orig, "sqlstate", None)
    return state is not None and state.startswith(("22", "23", "42"))


def connect(url: str) -> Database:
    """Read an address and give its database; nothing is opened yet.

    Raises
    ------
    MonitoringUrlRefused
        It names neither a SQLite file nor a PostgreSQL database.

    Examples
    --------
    >>> connect("postgresql://watch:secret@db:5432/monitoring").shown
    'postgresql://watch@db:5432/monitoring'
    """
    try:
        parsed = sa.make_url(url)
        kind = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        raise MonitoringUrlRefused(f"DRIFTWATCH_MONITORING_URL cannot be read: {_EXPECTED}") from None
    if kind == "sqlite":
        return _sqlite(parsed)
    if kind in {"postgresql", "postgres"}:
        return _postgresql(parsed)
    raise MonitoringUrlRefused(f"DRIFTWATCH_MONITORING_URL begins with {kind}://: {_EXPECTED}")


def _sqlite(url: sa.URL) -> Database:
    if url.database in {None, "", ":memory:"}:
        raise MonitoringUrlRefused(f"DRIFTWATCH_MONITORING_URL names no file: {_EXPECTED}")
    file = Path(str(url.database)).expanduser()
    shown = f"sqlite:///{file}"
    engine = sa.create_engine(
        url.set(drivername="sqlite", database=str(file)),
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args={"timeout": _WAIT_SECONDS},
    )

    @sa.event.listens_for(engine, "connect")
    def _opened(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver would leave CREATE TABLE outside of the transaction
        connection.execute("PRAGMA foreign_keys = ON")

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        # A writer that began by reading could not wait for another one.
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return Database(engine, shown, None)


def _postgresql(url: sa.URL) -> Database:
    place = f"{url.host or 'localhost'}{f':{url.port}' if url.port else ''}/{url.database or ''}"
    shown = f"postgresql://{f'{url.username}@' if url.username else ''}{place}"
    secret = url.password or url.query.get("password")
    # A server that is gone without a word is noticed after about a minute, a lock that is never released too.
    patience = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "driftwatch",
            **patience,
        },
    )

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        # Not by the connection's options, which a pooler between may refuse.
        connection.exec_driver_sql(
            f"SELECT set_config('lock_timeout', '{_WAIT_SECONDS}s', true), "
            f"set_config('statement_timeout', '{2 * _WAIT_SECONDS}s', true)"
        )

    return Database(engine, shown, str(secret) if secret else None)
