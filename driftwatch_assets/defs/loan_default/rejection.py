"""Which rows cannot go on, and why: what every table of loans is held to."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def doubtful_cells(bronze: pd.DataFrame, typed: pd.DataFrame, source: Mapping[str, str]) -> pd.Series[int]:
    """Count by row the cells that were filled and are not believed.

    Parameters
    ----------
    bronze, typed
        A table before and after typing, under the same index.
    source
        Column of `bronze` by column of `typed`.

    Examples
    --------
    >>> bronze, typed = pd.DataFrame({"Age": ["-500", "28", None]}), pd.DataFrame({"Age": [None, 28, None]})
    >>> doubtful_cells(bronze, typed, {"Age": "Age"}).tolist()
    [1, 0, 0]
    """
    counts = [(typed[name].isna() & bronze[raw].notna()).astype(np.int64) for name, raw in source.items()]
    return reduce(lambda one, other: one + other, counts)


def rejected(
    lines: pd.Series[int],
    typed: pd.DataFrame,
    key: Sequence[str],
    needed: Iterable[str] | None = None,
    faults: Iterable[tuple[pd.Series[bool], str]] = (),
) -> pd.Series[Any]:
    """Say which rows lack a needed cell, have a fault, or repeat the key of an earlier row without one.

    Parameters
    ----------
    lines
        Source line by row.
    typed
        The typed table, under the same index.
    key
        Columns that name a row.
    needed
        Columns without which a row cannot be used; those of the key by default.
    faults
        Further faults: for which rows each holds, and its sentence.

    Returns
    -------
    pandas.Series
        A sentence, or null where the row goes on.

    Examples
    --------
    >>> table = pd.DataFrame({"Customer_ID": ["a", None, "a"]})
    >>> rejected(pd.Series([2, 3, 4]), table, ["Customer_ID"]).tolist()
    [None, 'Customer_ID is missing or cannot be read', 'repeats the Customer_ID of line 2']
    """
    lacking = [
        (typed[name].isna(), f"{name} is missing or cannot be read") for name in (key if needed is None else needed)
    ]
    reasons = joined([*lacking, *faults], typed.index)
    whole = reasons.isna()
    first = lines[whole].groupby([typed.loc[whole, name] for name in key]).transform("first")
    repeats = first.index[first.to_numpy() != lines[whole].to_numpy()]
    reasons[repeats] = [f"repeats the {' and '.join(key)} of line {line}" for line in first[repeats]]
    return reasons


def joined(reasons: Iterable[tuple[pd.Series[bool], str]], index: pd.Index[Any]) -> pd.Series[Any]:
    """Join by row the sentences that hold; null where none does.

    Examples
    --------
    >>> rows = pd.RangeIndex(2)
    >>> joined([(pd.Series([True, False]), "no customer"), (pd.Series([True, False]), "no month")], rows).tolist()
    ['no customer; no month', None]
    """
    sentences = np.full(len(index), "", dtype=object)
    for holds, sentence in reasons:
        sentences[holds.to_numpy(dtype=bool)] += f"; {sentence}"
    return pd.Series([text.removeprefix("; ") or None for text in sentences], index=index, dtype=object)
