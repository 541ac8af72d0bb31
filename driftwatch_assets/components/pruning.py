"""Making room on an instance: the logs of runs that ended well long ago go, and what batches rest on stays.

The log of a run is what its page in the UI shows. What was materialized and checked is kept in Dagster's index over all
runs, and the runs themselves with their tags, so that nothing arrives again. A failed run keeps its log, which says why
it failed. A run that is deleted in the UI takes its materializations and checks with it, which is why none is here.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import sqlalchemy as sa
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, EVENT_TYPE_TO_PIPELINE_RUN_STATUS
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as Events
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

_KEPT = {kind.value for kind in (*ASSET_EVENTS, *ASSET_CHECK_EVENTS, *EVENT_TYPE_TO_PIPELINE_RUN_STATUS)}
_PAGE = 500
_LOG = (".db", ".db-wal", ".db-shm")


@dataclass(frozen=True)
class Pruned:
    """What was freed.

    Attributes
    ----------
    runs, events
        How many runs lost how many events of their logs.
    bytes_freed
        On the disk of this machine: event logs and WALs in SQLite, and what steps printed. PostgreSQL reuses the room.
    """

    runs: int
    bytes_freed: int
    events: int


def prune(instance: dg.DagsterInstance, before: dt.datetime) -> Pruned:
    """Delete the logs of runs that ended well before a moment, and write WALs back.

    Parameters
    ----------
    instance
        The instance; nobody has to stop working on it.
    before
        The moment, with a zone.
    """
    home, storage = Path(instance.root_directory), instance.event_log_storage
    runs = freed = events = 0
    for run_id in _ended_well(instance, before):
        printed = home / "storage" / run_id
        freed += _size(printed)
        shutil.rmtree(printed, ignore_errors=True)
        deleted = 0
        if isinstance(storage, SqliteEventLogStorage):
            deleted, smaller = _shrink_log(storage, run_id)
            freed += smaller
        elif isinstance(storage, SqlEventLogStorage):
            deleted = _delete_events(storage, run_id)
        runs += deleted > 0
        events += deleted
    freed += sum(_write_wal_back(path) for path in [*home.glob("*/*.db"), *home.glob("*/runs/index.db")])
    return Pruned(runs, freed, events)


def _ended_well(instance: dg.DagsterInstance, before: dt.datetime) -> Iterator[str]:
    statuses = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.CANCELED]
    filters, cursor = dg.RunsFilter(statuses=statuses, updated_before=before), None
    while page := instance.get_runs(filters, cursor=cursor, limit=_PAGE):
        yield from (run.run_id for run in page)
        cursor = page[-1].run_id


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _shrink_log(storage: SqliteEventLogStorage, run_id: str) -> tuple[int, int]:
    """Delete the events of a run from its own file; give how many went, and how much smaller file and WAL became."""
    path = Path(storage.path_for_shard(run_id))
    if not path.exists():
        return 0, 0
    before = sum(part.stat().st_size for part in _parts(path))
    deleted = _delete_events(storage, run_id)
    if deleted:
        with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=5.0)) as database:
            database.execute("VACUUM")
    _write_wal_back(path)
    return deleted, before - sum(part.stat().st_size for part in _parts(path))


def _parts(path: Path) -> list[Path]:
    return [part for suffix in _LOG if (part := path.with_suffix(suffix)).exists()]


def _delete_events(storage: SqlEventLogStorage, run_id: str) -> int:
    kind = Events.c.dagster_event_type
    with storage.run_connection(run_id) as connection:
        done = connection.execute(
            Events.delete().where(Events.c.run_id == run_id, sa.or_(kind.is_(None), kind.not_in(_KEPT)))
        )
    return int(done.rowcount)


def _write_wal_back(path: Path) -> int:
    """Write a database's WAL back into it, as far as its readers let; give how much smaller the WAL became."""
    wal = path.with_suffix(".db-wal")
    if not wal.exists():
        return 0
    before = wal.stat().st_size
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=5.0)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return before - (wal.stat().st_size if wal.exists() else 0)
