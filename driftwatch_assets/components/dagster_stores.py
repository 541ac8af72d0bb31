"""Making Dagster's SQLite stores: its own way leaves one that nothing can complete when its process is killed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage

from driftwatch_assets.sqlite_files import alone, holds_rows, make_whole, tables_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

_OF_ITS_MAKING = ("alembic_version", "secondary_indexes")
"""Tables in which Dagster notes how far a store has been made."""

_STORES: tuple[tuple[str, str, str, Callable[[str], Any]], ...] = (
    ("run_storage_data", "SqliteRunStorage", "runs.db", SqliteRunStorage.from_local),
    ("event_storage_data", "SqliteEventLogStorage", "index.db", SqliteEventLogStorage),
    ("schedule_storage_data", "SqliteScheduleStorage", "schedules.db", SqliteScheduleStorage.from_local),
)


def make_stores(home: Path) -> list[str]:
    """Make those of an instance's SQLite stores that are not there, or were not made to their end; give their names.

    Stores that hold anything, and those of other kinds, are left as they are.
    """
    ref = InstanceRef.from_dir(str(home))
    made = []
    with alone(home / "stores"):
        for of, kind, name, make in _STORES:
            data = getattr(ref, of)
            if data is None or data.class_name != kind:
                continue
            store = Path(data.config_dict["base_dir"]) / name
            store.parent.mkdir(parents=True, exist_ok=True)
            if make_whole(store, partial(_make, make), _is_whole):
                made.append(name)
    return made


def _is_whole(opened: sqlite3.Connection) -> bool:
    """Tell whether a store has come to its last steps, or holds what somebody put there."""
    tables = tables_of(opened)
    if all(
        name in tables and opened.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone()  # noqa: S608 - Dagster's names
        for name in _OF_ITS_MAKING
    ):
        return True
    return holds_rows(opened, _OF_ITS_MAKING)


def _make(make: Callable[[str], Any], folder: Path) -> None:
    make(str(folder)).dispose()
