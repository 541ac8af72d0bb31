"""A table as it is given, held against the columns that were fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from driftwatch_assets.drift.errors import ColumnsDiffer, DriftError

if TYPE_CHECKING:
    from collections.abc import Collection


def named(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Give the table with its columns' names as text.

    Raises
    ------
    TypeError
        When it is no DataFrame.
    DriftError
        When two columns have the same name.
    """
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"the {where} is a {type(frame).__name__}; a pandas DataFrame is needed")
    names = pd.Index([str(name) for name in frame.columns], dtype=object)
    if not names.is_unique:
        twice = str(names[names.duplicated()][0])
        raise DriftError(f"the {where} has the column {twice!r} twice; name each column once")
    if all(isinstance(name, str) for name in frame.columns):
        return frame
    return frame.set_axis(names, axis="columns")


def matching(batch: pd.DataFrame, fitted: Collection[str]) -> pd.DataFrame:
    """Give the batch with its columns' names as text, which must be exactly the fitted ones, in any order.

    Raises
    ------
    ColumnsDiffer
        When the batch lacks a column, or has one more.
    """
    batch = named(batch, "batch")
    present = set(batch.columns)
    missing = [name for name in fitted if name not in present]
    extra = [name for name in batch.columns if name not in fitted]
    if missing or extra:
        raise ColumnsDiffer(missing, extra)
    return batch
