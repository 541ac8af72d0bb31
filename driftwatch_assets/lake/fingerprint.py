"""The identity of a table's content, whatever file, chunking or index it came in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from hashlib import _Hash

_SAME_CONTENT = {pa.large_string(): pa.string(), pa.large_binary(): pa.binary()}


def content_fingerprint(table: pa.Table) -> str:
    """Compute the SHA-256 (64 hex digits) of a table's columns and values.

    It covers column names, their order and types, the rows in their order, and which values are missing. It does
    not depend on chunking, on the encoding (dictionary or plain, 32- or 64-bit string offsets), on metadata, or on a
    pandas index. All NaN count as one value, which differs from a missing one.

    Examples
    --------
    >>> import pyarrow as pa
    >>> whole = pa.table({"x": [1.0, None], "gas": ["ethanol", "acetone"]})
    >>> chunked = pa.concat_tables([whole.slice(0, 1), whole.slice(1)])
    >>> content_fingerprint(whole) == content_fingerprint(chunked)
    True
    >>> content_fingerprint(whole) == content_fingerprint(whole.slice(0, 1))
    False
    """
    digest = hashlib.sha256(f"rows {table.num_rows}\n".encode())
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        kind = _SAME_CONTENT.get(kind, kind)
        digest.update(f"{len(name)} {name} {kind}\n".encode())
        plain = column if column.type == kind else column.cast(kind)
        _add_column(digest, plain.combine_chunks() if plain.num_chunks != 1 else plain.chunk(0))
    return digest.hexdigest()


def _add_column(digest: _Hash, values: pa.Array) -> None:
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    if values.null_count:
        digest.update(np.packbits(pc.is_valid(values).to_numpy(zero_copy_only=False)).tobytes())
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        lengths = pc.fill_null(pc.binary_length(values), -1)
        digest.update(lengths.to_numpy(zero_copy_only=False).astype("<i8").tobytes())
        _add_texts(digest, values.drop_null() if values.null_count else values)
    elif pa.types.is_floating(kind):
        numbers = np.ascontiguousarray(pc.fill_null(values, 0.0).to_numpy(zero_copy_only=False))
        if np.isnan(numbers).any():
            numbers = np.where(np.isnan(numbers), np.array(np.nan, numbers.dtype), numbers)
        digest.update(numbers.astype(numbers.dtype.newbyteorder("<"), copy=False).data)
    elif pa.types.is_integer(kind):
        numbers = np.ascontiguousarray(pc.fill_null(values, 0).to_numpy(zero_copy_only=False))
        digest.update(numbers.astype(numbers.dtype.newbyteorder("<"), copy=False).data)
    elif pa.types.is_boolean(kind):
        digest.update(np.packbits(pc.fill_null(values, False).to_numpy(zero_copy_only=False)).tobytes())
    elif (
        pa.types.is_timestamp(kind)
        or pa.types.is_date64(kind)
        or pa.types.is_duration(kind)
        or pa.types.is_time64(kind)
    ):
        _add_column(digest, values.cast(pa.int64()))
    elif pa.types.is_date32(kind) or pa.types.is_time32(kind):
        _add_column(digest, values.cast(pa.int32()))
    else:
        # Nested and decimal columns are rare and small: their Python form is canonical enough and needs no layout.
        digest.update(repr(values.to_pylist()).encode())


def _add_texts(digest: _Hash, values: pa.Array) -> None:
    """Add the bytes of all values, none of which is missing, without a copy of them."""
    if len(values) == 0:
        return
    _, offsets, content = values.buffers()
    ends = np.frombuffer(offsets, np.int32)[values.offset : values.offset + len(values) + 1]
    if ends[-1] > ends[0]:
        digest.update(content[int(ends[0]) : int(ends[-1])])
