"""Where texts lie below a folder: in files as they are, in tables, in archives and in databases."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def traces(folder: Path, texts: Iterable[str], *, but: Iterable[Path] = ()) -> list[str]:
    """Name the files below a folder, other than those below `but`, that have one of the texts."""
    left_out, wanted = tuple(but), [text.encode() for text in texts]
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(path.is_relative_to(one) for one in left_out)
        and any(text in content for content in _contents(path.name, path.read_bytes()) for text in wanted)
    ]


def _contents(name: str, content: bytes) -> Iterator[bytes]:
    yield content
    if name.endswith(".parquet"):
        table = pq.read_table(pa.BufferReader(content))
        yield str(table.schema.metadata).encode()
        for column in table.columns:
            yield "\n".join(map(str, column.to_pylist())).encode()
    elif zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for inside in archive.namelist():
                yield from _contents(inside, archive.read(inside))
