"""What can go wrong with a stored table, as types that a caller can tell apart."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def nearest(found: str, valid: Sequence[str], shown: int = 12) -> str:
    """Name the valid value closest to `found`, or the first few valid ones.

    Examples
    --------
    >>> nearest("lable", ["label", "x1"])
    "did you mean 'label'?"
    >>> nearest("zzz", ["7", "8"])
    'there are: 7, 8'
    >>> nearest("zzz", [])
    'there are none yet'
    """
    if not valid:
        return "there are none yet"
    close = difflib.get_close_matches(found, valid, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    more = f" and {len(valid) - shown} more" if len(valid) > shown else ""
    return f"there are: {', '.join(valid[:shown])}{more}"


class LakeError(Exception):
    """Something that was asked of the lake could not be done."""


class NameRefused(LakeError, ValueError):  # noqa: N818 - named for what happened, as the other refusals are
    """A table, batch or file name that could leave the lake's folder or would be hidden in it."""


class BatchMissing(LakeError, LookupError):  # noqa: N818 - as above
    """A partition that is not stored."""

    def __init__(self, table: str, batch: str, stored: Sequence[str]) -> None:
        super().__init__(
            f"table {table!r} has no batch {batch!r} ({nearest(batch, stored)}). "
            f"Materialize the asset that writes it for this batch first."
        )
        self.table, self.batch, self.stored = table, batch, tuple(stored)


class ColumnMissing(LakeError, LookupError):  # noqa: N818 - as above
    """A column that the stored partition does not have."""

    def __init__(self, table: str, batch: str, column: str, stored: Sequence[str]) -> None:
        super().__init__(f"table {table!r}, batch {batch!r} has no column {column!r} ({nearest(column, stored)})")
        self.table, self.batch, self.column = table, batch, column


class PartitionUnreadable(LakeError):  # noqa: N818 - as above
    """A stored partition that is no whole Parquet file (damaged outside of the lake)."""


class LakeUnreachable(LakeError):  # noqa: N818 - as above
    """A lake's URL that leads to no storage."""


class WriteFailed(LakeError):  # noqa: N818 - as above
    """A write that the storage refused; what was stored before is unchanged."""
