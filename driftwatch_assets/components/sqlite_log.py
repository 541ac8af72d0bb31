"""Dagster's SQLite event log kept open by who executes runs: the same log, written in a fraction of the time.

Dagster makes an engine for every event, connects, and throws both away. Each engine compiles its statements anew, and
closing the last connection of a database in WAL mode writes the whole WAL back and syncs it, so that a run with some
forty checks spends most of its time on its log. Here the engines, and one connection each, live as long as the run,
commits are left to the WAL's own syncs, and the database of a run begins as a copy of the first one, before that had
an event, instead of being made and migrated each time. A process that is killed loses nothing by that. A machine that
loses its power may lose the last moments of the log, never its consistency, and the sensors then take in again what the
log does not know of, which changes nothing that is stored.

Each open database takes three descriptors and up to 4 MB of WAL, so that a run's is closed when the run has ended, and
only a few are open at once, however many runs are read.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dagster as dg

_RUNS_OPEN = 4


@contextmanager
def kept_open(instance: dg.DagsterInstance) -> Iterator[None]:
    """Keep the databases of the event log that are used inside open until the end.

    Inside another one, the index stays open longer than that, and what was opened of runs is closed at the end.
    Nothing is done where the log is not kept in SQLite.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        yield
        return
    around = getattr(vars(storage).get("_connect"), "__self__", None)
    if isinstance(around, _OpenLog):
        try:
            yield
        finally:
            around.close_runs()
        return
    with closing(_OpenLog(storage)) as log:
        # The storage's own methods connect through these two, which the instance's attributes stand before.
        vars(storage).update(_connect=log.connect, has_table=log.has_table)
        try:
            yield
        finally:
            del vars(storage)["_connect"], vars(storage)["has_table"]


class _OpenLog:
    """The engines of an event log's databases, by shard: a run's identity, or the index over all runs."""

    def __init__(self, storage: SqliteEventLogStorage) -> None:
        self._storage = storage
        self._connect_once = storage._connect  # noqa: SLF001 - makes and migrates a shard's database
        self._has_table = storage.has_table
        self._engines: dict[str, sa.Engine] = {}
        self._tables: set[str] = set()
        self._lock = threading.Lock()
        self._empty: bytes | None = None
        self._mode = 0o644

    @contextmanager
    def connect(self, shard: str) -> Iterator[sa.Connection]:
        """Connect as Dagster's own method does: one thread at a time, in a transaction."""
        with self._lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def close_runs(self) -> None:
        """Close the databases of runs; who closes one last writes its WAL back into it."""
        with self._lock:
            for shard in [shard for shard in self._engines if shard != INDEX_SHARD_NAME]:
                self._engines.pop(shard).dispose()

    def close(self) -> None:
        """Close every database."""
        self.close_runs()
        with self._lock:
            while self._engines:
                self._engines.popitem()[1].dispose()

    def has_table(self, table_name: str) -> bool:
        """Tell whether the index has a table; one that it had is not looked for again."""
        if table_name not in self._tables and self._has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _engine(self, shard: str) -> sa.Engine:
        if shard not in self._engines:
            runs = [other for other in self._engines if other != INDEX_SHARD_NAME]
            if shard != INDEX_SHARD_NAME and len(runs) >= _RUNS_OPEN:
                longest_unused = runs[0]
                self._engines.pop(longest_unused).dispose()
            self._make(shard)
            with self._connect_once(shard):
                engine = sa.create_engine(
                    self._storage.conn_string_for_shard(shard),
                    poolclass=sa.QueuePool,
                    pool_size=1,
                    connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
                )
            sa.event.listen(engine, "connect", _leave_syncing_to_the_wal)
        else:
            engine = self._engines.pop(shard)
        self._engines[shard] = engine
        return engine

    def _make(self, shard: str) -> None:
        """Make the database of a run that has none yet; who reads it meanwhile finds none, or a whole one."""
        path = Path(self._storage.path_for_shard(shard))
        if shard == INDEX_SHARD_NAME or path.exists():
            return
        if self._empty is None:
            with self._connect_once(shard), closing(sqlite3.connect(path)) as made:
                self._empty, self._mode = made.serialize(), path.stat().st_mode
            return
        with NamedTemporaryFile(dir=path.parent, suffix=".new") as copy:
            copy.write(self._empty)
            copy.flush()
            os.fchmod(copy.fileno(), self._mode)
            with suppress(FileExistsError):
                os.link(copy.name, path)
                self._storage._initialized_dbs.add(shard)  # noqa: SLF001 - needs neither making nor migrating


def _leave_syncing_to_the_wal(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")
