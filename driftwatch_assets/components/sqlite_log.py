"""Dagster's SQLite event log kept open by who executes runs: the same log, written in a fraction of the time.

Dagster opens a connection for every event and closes it again. Closing the last connection of a database in WAL mode
writes the whole WAL back and syncs it, and every commit syncs once more, so that a run with some forty checks spends
most of its time waiting for the disk. Here a second connection stays open beside Dagster's, which leaves the WAL where
it is, and commits are left to the WAL's own syncs. A process that is killed loses nothing by that. A machine that loses
its power may lose the last moments of the log, never its consistency, and the sensors then take in again what the log
does not know of, which changes nothing that is stored.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dagster as dg

_folders: set[str] = set()


@contextmanager
def kept_open(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Keep the event log of a run, and the index over all runs, open while a run is executed.

    Nothing is done where the log is not kept in SQLite.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        yield
        return
    # Asking for a run's events makes its database, which the second connection needs to find.
    storage.get_logs_for_run(run_id)
    with ExitStack() as stack:
        for shard in (INDEX_SHARD_NAME, run_id):
            path = Path(storage.path_for_shard(shard))
            _folders.add(str(path.parent))
            held = stack.enter_context(closing(sqlite3.connect(path)))
            held.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield


@sa.event.listens_for(sa.Engine, "connect")
def _leave_syncing_to_the_wal(connection: Any, _: Any) -> None:
    if not _folders or not isinstance(connection, sqlite3.Connection):
        return
    file = connection.execute("PRAGMA database_list").fetchone()[2]
    if os.path.dirname(file) in _folders:  # noqa: PTH120 - text as SQLite gives it
        connection.execute("PRAGMA synchronous = NORMAL")
