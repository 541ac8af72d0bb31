"""Which personal values stand in a folder's files, whatever their format: tables, databases, archives, pages, logs."""

from __future__ import annotations

import io
import re
import sqlite3
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

NAME = r"Customer [0-9]{5}"
NUMBER = r"[0-9]{3}-[0-9]{2}-[0-9]{4}"
_LOOKS_PERSONAL = re.compile(f"(?=({NAME}|{NUMBER}))".encode())


def personal_in(folder: Path, values: Collection[str]) -> dict[str, set[str]]:
    """Give by file the values that stand in it, of those that look like a real name or number."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            hits = {text for content in _contents(path) for text in in_text(content, values)}
            if hits:
                found[path.relative_to(folder).as_posix()] = hits
    return found


def in_text(content: bytes, values: Collection[str]) -> set[str]:
    return {text for hit in _LOOKS_PERSONAL.findall(content) if (text := hit.decode()) in values}


def _contents(path: Path) -> Iterator[bytes]:
    """Give a file's bytes as they are, and what it holds in a form that can be searched."""
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".parquet":
        yield from _cells(path)
    elif raw.startswith(b"SQLite format 3"):
        yield from _rows(path)
    elif raw.startswith(b"PK"):
        yield from _members(raw)


def _cells(path: Path) -> Iterator[bytes]:
    for column in pq.ParquetFile(path).read().columns:
        if not pa.types.is_floating(column.type):
            yield "\n".join({str(value) for value in column.to_pylist()}).encode()


def _rows(path: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - the store's own names
                yield b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)


def _members(raw: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for name in archive.namelist():
            member = archive.read(name)
            yield member
            if member.startswith(b"PK"):
                yield from _members(member)
