"""One meaning of truth values: True is 1 and False is 0, in whatever type a table holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.drift.columns import category_codes, category_counts, without_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

AS_TRUTH = {"0": "False", "1": "True"}
AS_NUMBERS = {"False": "0", "True": "1"}


def truth_names(known: Iterable[str], names: Iterable[str], series: pd.Series[Any]) -> Mapping[str, str]:
    """Tell how the truth values of a column are written where the categories `known` were found before.

    Where these are False and True, a number 0 or 1 is one of them; where they are numbers, False and True are 0 and 1.
    Without any of either, a column that mixes both is one of truth values: pandas makes such a column of objects
    when a batch of booleans is put beside one of integers. Text stays what it is.

    Parameters
    ----------
    known
        Categories of the reference; empty where `series` is the reference itself.
    names
        Categories of `series`, as `category_counts` writes them.
    series
        The column whose categories are to be renamed.

    Returns
    -------
    Mapping
        The known name by the name that `series` has for the same value; empty where nothing is to be renamed.

    Examples
    --------
    >>> import pandas as pd
    >>> truth_names(["False", "True"], ["0", "1"], pd.Series([0.0, 1.0, None]))
    {'0': 'False', '1': 'True'}
    >>> truth_names(["0", "1"], ["False", "True"], pd.Series([True, False]))
    {'False': '0', 'True': '1'}
    >>> truth_names(["False", "True"], ["0", "1"], pd.Series(["0", "1"]))
    {}
    """
    found, before = set(names), set(known)
    words = (before or found) & AS_NUMBERS.keys()
    if words and before <= AS_NUMBERS.keys() and found & AS_TRUTH.keys():
        renamed = AS_TRUTH
    elif before & AS_TRUTH.keys() and not words and found & AS_NUMBERS.keys():
        renamed = AS_NUMBERS
    else:
        return {}
    return renamed if without_text(series) else {}


def counted(series: pd.Series[Any], where: str, known: Iterable[str] = ()) -> dict[str, int]:
    """Count a column's values as `category_counts` does, its truth values under the names that are known.

    Examples
    --------
    >>> import pandas as pd
    >>> counted(pd.Series([1, 0, 1]), "batch", known=["False", "True"])
    {'False': 1, 'True': 2}
    """
    counts = category_counts(series, where)
    names = truth_names(known, counts, series)
    if not names:
        return counts
    merged: dict[str, int] = {}
    for name, rows in counts.items():
        merged[names.get(name, name)] = merged.get(names.get(name, name), 0) + rows
    return dict(sorted(merged.items()))


def coded(series: pd.Series[Any], where: str, known: Iterable[str] = ()) -> tuple[NDArray[np.int64], list[str]]:
    """Give a column's categories numbers as `category_codes` does, its truth values under the names that are known.

    Examples
    --------
    >>> import pandas as pd
    >>> coded(pd.Series([True, False, None]), "batch", known=["0", "1"])
    (array([ 0,  1, -1]), ['1', '0'])
    """
    codes, found = category_codes(series, where)
    names = truth_names(known, found, series)
    if not names:
        return codes, found
    merged = list(dict.fromkeys(names.get(name, name) for name in found))
    places = np.array([*(merged.index(names.get(name, name)) for name in found), -1], dtype=np.int64)
    return places[codes], merged
