"""Making MLflow's store where it is a SQLite file: its own way stays half-way for ever when its process is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.sqlite_files import make_whole, tables_of

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


def make_store(store: Path) -> bool:
    """Make the store where there is none, or where it was not made to its end, and tell whether it was made.

    A store that was opened once has an experiment, MLflow's own; one that has none was never used.
    """
    return make_whole(store.absolute(), lambda folder: _make(folder / store.name), _was_used)


def _was_used(opened: sqlite3.Connection) -> bool:
    if "experiments" not in tables_of(opened):
        return False
    return opened.execute("SELECT 1 FROM experiments LIMIT 1").fetchone() is not None


def _make(store: Path) -> None:
    import sqlalchemy as sa  # noqa: PLC0415 - loaded with MLflow, by the step that needs it
    from mlflow.store.db.utils import _initialize_tables  # noqa: PLC0415 - as above; no public call makes one

    engine = sa.create_engine(f"sqlite:///{store}", poolclass=sa.NullPool)
    try:
        _initialize_tables(engine)  # type: ignore[no-untyped-call]
    finally:
        engine.dispose()
