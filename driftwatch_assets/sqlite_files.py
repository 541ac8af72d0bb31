"""SQLite stores that others' libraries make in many steps: made aside and moved into place, one process at a time."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

_WAIT_SECONDS = 120.0


@contextmanager
def alone(store: Path) -> Iterator[None]:
    """Let one process at a time through.

    The lock is a transaction on a SQLite file beside the store: it works on every platform and ends with its process,
    also with a killed one.
    """
    store.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(f"{store}.lock", timeout=_WAIT_SECONDS, isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        yield


def make_whole(store: Path, make: Callable[[Path], None], is_whole: Callable[[sqlite3.Connection], bool]) -> bool:
    """Make a store that is not there, or that was not made to its end, and tell whether it was made.

    Whoever calls it is alone. The store is made in a folder beside it and moved into place whole: who is killed
    meanwhile leaves no store, and nobody sees half of one.

    Parameters
    ----------
    store
        The file.
    make
        Makes the store in a folder, under the name of `store`, and closes it.
    is_whole
        Tells it of a store that is there; one that holds something of a user's is always left as it is.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> store = Path(tempfile.mkdtemp(), "club.db")
    >>> def make(folder: Path) -> None:
    ...     with closing(sqlite3.connect(folder / "club.db")) as made, made:
    ...         _ = made.execute("CREATE TABLE members (name)")
    >>> def is_whole(opened: sqlite3.Connection) -> bool:
    ...     return "members" in tables_of(opened)
    >>> store.touch()
    >>> make_whole(store, make, is_whole), make_whole(store, make, is_whole)
    (True, False)
    """
    aside = store.parent / f"{store.name}.making"
    if aside.is_dir():
        shutil.rmtree(aside)
    if store.is_file() and not _is_unfinished(store, is_whole):
        return False
    aside.mkdir(parents=True)
    make(aside)
    # A journal of the store that was there would be taken for that of the one that comes.
    remove(store)
    (aside / store.name).replace(store)
    shutil.rmtree(aside)
    return True


def _is_unfinished(store: Path, is_whole: Callable[[sqlite3.Connection], bool]) -> bool:
    try:
        with closing(sqlite3.connect(f"{store.as_uri()}?mode=rw", uri=True, timeout=_WAIT_SECONDS)) as opened:
            return not is_whole(opened)
    except sqlite3.DatabaseError:
        # What is no database, or cannot be read, is for a person to see, by the message of whose store it is.
        return False


def tables_of(opened: sqlite3.Connection) -> set[str]:
    """Give the tables of a store."""
    return {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def holds_rows(opened: sqlite3.Connection, besides: Collection[str] = ()) -> bool:
    """Tell whether any table of a store has a row, those `besides` and SQLite's own left aside."""
    names = (name for name in tables_of(opened) - {*besides} if not name.startswith("sqlite_"))
    return any(
        opened.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone() is not None  # noqa: S608 - the store's own names
        for name in names
    )


def remove(store: Path) -> None:
    """Remove a store with its journal and its WAL, where they are."""
    for ending in ("", "-journal", "-wal", "-shm"):
        store.with_name(store.name + ending).unlink(missing_ok=True)
