"""Tables that are partitioned by batch, one Parquet file a partition."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from driftwatch_assets.lake.batch import batch_order, check_name, check_path
from driftwatch_assets.lake.errors import BatchMissing, ColumnMissing, NameRefused, PartitionUnreadable, WriteFailed
from driftwatch_assets.lake.fingerprint import content_fingerprint
from driftwatch_assets.lake.storage import open_storage
from driftwatch_assets.lake.write_gate import writing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

_METADATA_KEY = b"driftwatch"
_FINGERPRINT = "fingerprint"
_PARTITION = re.compile(r"batch=([^/]+)/data\.parquet")


@dataclass(frozen=True)
class Written:
    """What a write did.

    Attributes
    ----------
    uri
        Where the partition lies.
    rows
        Rows in the partition.
    fingerprint
        SHA-256 of its content (see `content_fingerprint`).
    changed
        False when the same content with the same provenance was there already and nothing was written.
    """

    uri: str
    rows: int
    fingerprint: str
    changed: bool


class Lake:
    """Partitioned tables and whole files on a local folder or an fsspec URL.

    A partition is one file, ``<lake>/<table>/batch=<batch>/data.parquet``, and a write of it is whole or absent: a
    reader sees the old partition or the new one at any moment, also when the writer is killed. Of two writers of one
    partition the last one wins.

    Parameters
    ----------
    url
        A local path, or an fsspec URL such as ``s3://bucket/lake``.

    Examples
    --------
    >>> import pandas as pd
    >>> lake = Lake("memory://example")
    >>> frame = pd.DataFrame({"x": [1.5, 2.5]})
    >>> lake.write("gas/silver", "7", frame, {"source": "batch7.dat"}).changed
    True
    >>> lake.write("gas/silver", "7", frame, {"source": "batch7.dat"}).changed
    False
    >>> lake.read("gas/silver", "7")["x"].tolist()
    [1.5, 2.5]
    >>> lake.read("gas/silver", "8")
    Traceback (most recent call last):
    ...
    driftwatch_assets.lake.errors.BatchMissing: table 'gas/silver' has no batch '8' (there are: 7). Materialize ...
    """

    def __init__(self, url: str) -> None:
        self.url = str(url)
        self._storage = open_storage(self.url)

    def write(self, table: str, batch: str, frame: pd.DataFrame | pa.Table, provenance: Mapping[str, str]) -> Written:
        """Store a partition, replacing what was there.

        Parameters
        ----------
        table
            Path-like name, e.g. ``"gas_sensors/silver/readings"``.
        batch
            Batch key.
        frame
            Rows of the partition. A pandas index is not stored; NaN in a DataFrame is stored as missing. A column
            without any value and without a type is stored as text, so that partitions agree.
        provenance
            Where the rows come from, stored in the file; ``fingerprint`` is the lake's own key.

        Raises
        ------
        NameRefused
            `table` or `batch` cannot be a path in the lake, or `provenance` claims the key ``fingerprint``.
        WriteFailed
            The storage refused; the partition that was there before is unchanged.
        """
        path = self._path(table, batch)
        if _FINGERPRINT in provenance:
            raise NameRefused(f"table {table!r}, batch {batch!r}: provenance may not hold {_FINGERPRINT!r}")
        content = _as_table(frame)
        fingerprint = content_fingerprint(content)
        described = {**{str(key): str(value) for key, value in provenance.items()}, _FINGERPRINT: fingerprint}
        changed = self._stored_provenance(table, batch) != described
        if changed:
            self._put(path, _encode(content, described), f"table {table!r}, batch {batch!r}")
        return Written(self._storage.uri(path), content.num_rows, fingerprint, changed)

    def read(self, table: str, batch: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read a partition, or some of its columns in the order asked for.

        Raises
        ------
        BatchMissing
            The partition is not stored; the message names those that are.
        ColumnMissing
            A column in `columns` is not in the partition.
        PartitionUnreadable
            The file is damaged.
        """
        frame: pd.DataFrame = self.read_table(table, batch, columns).to_pandas()
        return frame if columns is None else frame[list(columns)]

    def read_table(self, table: str, batch: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a partition, or some of its columns, as an Arrow table; raises as `read`."""
        parquet = self._open(table, batch)
        stored = parquet.schema_arrow.names
        for column in columns or ():
            if column not in stored:
                raise ColumnMissing(table, batch, column, stored)
        try:
            return parquet.read(columns=None if columns is None else list(columns))
        except (pa.ArrowException, OSError) as error:
            raise self._unreadable(table, batch, error) from error

    def provenance(self, table: str, batch: str) -> dict[str, str]:
        """Read what was written as the partition's provenance, with its ``fingerprint``; raises as `read`."""
        parquet = self._open(table, batch)
        described = (parquet.schema_arrow.metadata or {}).get(_METADATA_KEY)
        if described is None:
            return {_FINGERPRINT: content_fingerprint(parquet.read())}
        found: dict[str, str] = json.loads(described)
        return found

    def fingerprint(self, table: str, batch: str) -> str:
        """Read the content fingerprint of a partition; raises as `read`."""
        return self.provenance(table, batch)[_FINGERPRINT]

    def rows(self, table: str, batch: str) -> int:
        """Count the rows of a partition; raises as `read`."""
        return int(self._open(table, batch).metadata.num_rows)

    def columns(self, table: str, batch: str) -> list[str]:
        """Give the names of a partition's columns; raises as `read`."""
        return [str(name) for name in self._open(table, batch).schema_arrow.names]

    def exists(self, table: str, batch: str) -> bool:
        """Tell whether the partition is stored."""
        return self._storage.exists(self._path(table, batch))

    def batches(self, table: str) -> list[str]:
        """List the stored batches of a table in batch order (see `batch_order`)."""
        below = (path.removeprefix(f"{table}/") for path in self._storage.find(check_path("table", table)))
        matches = (_PARTITION.fullmatch(path) for path in below)
        return sorted((match[1] for match in matches if match), key=batch_order)

    def drop(self, table: str, batch: str) -> None:
        """Remove a partition; nothing happens when it is not stored."""
        self._storage.delete(self._path(table, batch))

    def clear(self, folder: str) -> int:
        """Remove all tables and files below a folder, and give how many objects these were.

        Examples
        --------
        >>> lake = Lake("memory://cleared")
        >>> _ = lake.write_file("iris/reports/7.json", b"{}"), lake.write_file("gas/reports/7.json", b"{}")
        >>> lake.clear("iris"), lake.files("iris"), lake.files("gas")
        (1, [], ['gas/reports/7.json'])

        """
        found = self._storage.find(check_path("folder", folder))
        for path in found:
            self._storage.delete(path)
        return len(found)

    def uri(self, table: str, batch: str) -> str:
        """Say where a partition lies or would lie: a path, or a URL."""
        return self._storage.uri(self._path(table, batch))

    def write_file(self, path: str, content: bytes) -> str:
        """Store a page or a document as a whole and return its URI; the same content is not written again.

        Raises as `write` does.

        Examples
        --------
        >>> Lake("memory://example").write_file("reports/gas/7.json", b"{}")
        'memory:///example/reports/gas/7.json'
        """
        checked = check_path("file", path)
        if not (self._storage.exists(checked) and self._storage.get(checked) == content):
            self._put(checked, content, f"file {path!r}")
        return self._storage.uri(path)

    def uri_of(self, path: str) -> str:
        """Say where a file that `write_file` stores lies or would lie."""
        return self._storage.uri(check_path("file", path))

    def read_file(self, path: str) -> bytes:
        """Read a file that `write_file` stored; FileNotFoundError, which names those beside it, when it is absent."""
        try:
            return self._storage.get(check_path("file", path))
        except FileNotFoundError:
            folder = path.rpartition("/")[0]
            beside = ", ".join(self.files(folder)[:12]) if folder else ""
            raise FileNotFoundError(
                f"the lake {self.url} has no file {path!r}; beside it: {beside or 'nothing'}"
            ) from None

    def has_file(self, path: str) -> bool:
        """Tell whether a file that `write_file` stores is there."""
        return self._storage.exists(check_path("file", path))

    def files(self, folder: str) -> list[str]:
        """List the files below `folder`, as paths that `read_file` takes; partitions are not among them."""
        found = self._storage.find(check_path("folder", folder))
        return [path for path in found if "=" not in path]

    def _path(self, table: str, batch: str) -> str:
        return f"{check_path('table', table)}/batch={check_name('batch', batch)}/data.parquet"

    def _open(self, table: str, batch: str) -> pq.ParquetFile:
        try:
            content = self._storage.get(self._path(table, batch))
        except (FileNotFoundError, NotADirectoryError):
            raise BatchMissing(table, batch, self.batches(table)) from None
        try:
            return pq.ParquetFile(pa.BufferReader(content))
        except (pa.ArrowException, OSError) as error:
            raise self._unreadable(table, batch, error) from error

    def _stored_provenance(self, table: str, batch: str) -> dict[str, str] | None:
        # A damaged partition is one that a write may replace.
        try:
            return self.provenance(table, batch)
        except (BatchMissing, PartitionUnreadable):
            return None

    def _unreadable(self, table: str, batch: str, error: Exception) -> PartitionUnreadable:
        return PartitionUnreadable(
            f"table {table!r}, batch {batch!r} at {self.uri(table, batch)} is no whole Parquet file ({error}). "
            f"It was damaged outside of the lake: materialize the batch again, or restore the file."
        )

    def _put(self, path: str, content: bytes, what: str) -> None:
        try:
            with writing():
                self._storage.put(path, content)
        except OSError as error:
            raise WriteFailed(
                f"{what} could not be written to {self._storage.uri(path)} ({len(content):,} bytes): {error}. What was "
                f"stored there before is unchanged. Check space and permissions, then run the batch again."
            ) from error


def _as_table(frame: pd.DataFrame | pa.Table) -> pa.Table:
    table = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
    for at, field in enumerate(table.schema):
        if pa.types.is_null(field.type):
            table = table.set_column(at, field.with_type(pa.string()), table.column(at).cast(pa.string()))
    return table


def _encode(table: pa.Table, described: Mapping[str, str]) -> bytes:
    metadata = {**(table.schema.metadata or {}), _METADATA_KEY: json.dumps(described, sort_keys=True).encode()}
    # A dictionary of distinct floats costs time and saves nothing.
    repeated = [field.name for field in table.schema if not pa.types.is_floating(field.type)]
    target = io.BytesIO()
    pq.write_table(
        table.replace_schema_metadata(metadata),
        target,
        compression="zstd",
        compression_level=1,
        use_dictionary=repeated,
    )
    return target.getvalue()
