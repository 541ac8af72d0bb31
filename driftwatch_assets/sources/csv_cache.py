"""Parsed files that are kept in memory, since many batches are read from the same few."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

KEPT_TABLES = 6
"""How many tables are kept; the one that was not asked for longest is given up first."""

_Key = tuple[str, int, int, int, str]

_kept: OrderedDict[_Key, pa.Table] = OrderedDict()
_lock = threading.Lock()


class TableReader(Protocol):
    """A declared reader, e.g. `CsvSource`: a frozen pydantic model that reads a file."""

    def read(self, path: Path) -> pa.Table:
        """Read the file as a bronze table."""

    def model_dump_json(self) -> str:
        """Give the declaration as JSON."""


def read_cached(reader: TableReader, path: Path) -> pa.Table:
    """Read a file, or give the table that was read from it before by the same declaration.

    A file counts as the same while its place, inode, size and modification time are the same. One that changes while
    it is read is read again the next time. Tables are immutable, so that they can be shared.

    Raises
    ------
    DeliveryRefused
        As ``reader.read``; a refusal is not kept.
    """
    key = _key(reader, path)
    if key is not None:
        with _lock:
            if key in _kept:
                _kept.move_to_end(key)
                return _kept[key]
    table = reader.read(path)
    if key is not None and key == _key(reader, path):
        with _lock:
            _kept[key] = table
            _kept.move_to_end(key)
            while len(_kept) > KEPT_TABLES:
                _kept.popitem(last=False)
    return table


def forget_cached() -> None:
    """Give up all kept tables."""
    with _lock:
        _kept.clear()


def _key(reader: TableReader, path: Path) -> _Key | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    declared = f"{type(reader).__qualname__} {reader.model_dump_json()}"
    return str(path.resolve()), seen.st_ino, seen.st_size, seen.st_mtime_ns, declared
