"""A column of a table as the comparison needs it: sorted numbers, or counted categories."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from numbers import Number
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from driftwatch_assets.drift.distances import bin_counts, center, quantile_edges, spread
from driftwatch_assets.drift.errors import ColumnRefused
from driftwatch_assets.drift.levels import levels_of, merged, snapped
from driftwatch_assets.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

Kind = Literal["numeric", "categorical"]


@dataclass(frozen=True, eq=False)
class NumericColumn:
    """A numeric column of a reference.

    Attributes
    ----------
    ordered
        The values that are there, ascending, read-only.
    rows
        All rows, also those without a value.
    edges, counts
        Bins for the population stability index, and the reference's rows in them.
    mean, std
        Of the values (dividing by n); NaN without values.
    """

    ordered: NDArray[np.float64]
    rows: int
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    mean: float
    std: float

    @classmethod
    def of(cls, values: NDArray[np.float64], rows: int) -> NumericColumn:
        """Summarize sorted values; levels of a discrete column that differ by rounding are one."""
        if not values.size:
            empty = np.empty(0)
            return cls(values, rows, empty, np.zeros(1, dtype=np.int64), float("nan"), float("nan"))
        levels = levels_of(values)
        if levels is not None:
            few = merged(levels)
            if few.size < levels.size:
                values = snapped(values, few)
                values.flags.writeable = False
        edges = quantile_edges(values)
        return cls(values, rows, edges, bin_counts(values, edges), center(values), spread(values))

    @cached_property
    def levels(self) -> NDArray[np.float64] | None:
        """The distinct values of a discrete column; None for a continuous one."""
        return levels_of(self.ordered)

    @property
    def n(self) -> int:
        """Rows with a value."""
        return self.ordered.size

    @property
    def missing_rate(self) -> float:
        """Rows without a value over all rows."""
        return 1 - self.n / self.rows


@dataclass(frozen=True)
class CategoricalColumn:
    """A categorical column of a reference.

    Attributes
    ----------
    counts
        Rows by category, in alphabetical order.
    rows
        All rows, also those without a value.
    """

    counts: Mapping[str, int]
    rows: int

    @property
    def n(self) -> int:
        """Rows with a value."""
        return sum(self.counts.values())

    @property
    def missing_rate(self) -> float:
        """Rows without a value over all rows."""
        return 1 - self.n / self.rows


Column = NumericColumn | CategoricalColumn
_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "decimal"})


def kind_of(series: pd.Series[Any], where: str) -> Kind:
    """Decide from the dtype whether a column is numeric or categorical.

    Integers and floats are numeric, also in a column of objects (as a table becomes where a batch without a single
    value is put beside one with numbers); text, booleans, pandas categories and other objects are categorical.

    Raises
    ------
    ColumnRefused
        For dates, durations and complex numbers.
    """
    if pd.api.types.is_bool_dtype(series.dtype) or isinstance(series.dtype, pd.CategoricalDtype):
        return "categorical"
    if pd.api.types.is_complex_dtype(series.dtype):
        raise _refused(series, where)
    if pd.api.types.is_numeric_dtype(series.dtype):
        return "numeric"
    if pd.api.types.is_object_dtype(series.dtype):
        return "numeric" if pd.api.types.infer_dtype(series, skipna=True) in _NUMBERS else "categorical"
    if pd.api.types.is_string_dtype(series.dtype):
        return "categorical"
    raise _refused(series, where)


def _refused(series: pd.Series[Any], where: str) -> ColumnRefused:
    return ColumnRefused(
        str(series.name),
        where,
        f"has the type {series.dtype}, which is neither numeric nor categorical",
        "Derive a number from it (an age, a duration in days), or leave it out.",
    )


def sorted_values(series: pd.Series[Any], where: str) -> NDArray[np.float64]:
    """Give the values that are there as float64 in ascending order; a truth value is 1 or 0.

    Integers beyond 2^53 are rounded to the nearest float64.

    Raises
    ------
    ColumnRefused
        When a value is infinite, or the column is not numeric (one that holds nothing at all may have any type).
    """
    values = _floats(series, where)
    values.sort()
    if values.size and np.isnan(values[-1]):
        values = values[: values.searchsorted(np.nan)]
    if values.size and (np.isinf(values[0]) or np.isinf(values[-1])):
        raise _infinite(series, values, where)
    return values


def numbers(series: pd.Series[Any], where: str) -> NDArray[np.float64]:
    """Give the values as float64 in their own order, NaN where there is none; raises as `sorted_values` does."""
    values = _floats(series, where)
    if np.isinf(values).any():
        raise _infinite(series, values, where)
    return values


def _floats(series: pd.Series[Any], where: str) -> NDArray[np.float64]:
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "bfiu":
        return np.array(series.to_numpy(), dtype=np.float64)
    if series.isna().all():
        return np.full(len(series), np.nan)
    if isinstance(series.dtype, pd.CategoricalDtype):
        values = np.append(_floats(series.cat.categories.to_series(name=series.name), where), np.nan)
        return values[series.cat.codes.to_numpy()]
    if kind_of(series, where) == "numeric" or without_text(series):
        return np.array(series.to_numpy(dtype=np.float64, na_value=np.nan))
    sample = series.dropna().iloc[0]
    raise ColumnRefused(
        str(series.name),
        where,
        f"has the type {series.dtype} (first value {quoted(sample)}), but it is compared as a number",
        "Convert it to numbers, or fit the reference with this column among `categorical`.",
    )


def without_text(series: pd.Series[Any]) -> bool:
    """Tell whether every value is a truth value or a number.

    Examples
    --------
    >>> without_text(pd.Series([True, 1.0, None], dtype=object)), without_text(pd.Series(["1", "0"]))
    (True, False)
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        return without_text(series.cat.categories.to_series())
    if pd.api.types.is_object_dtype(series.dtype):
        return all(isinstance(value, bool | np.bool_ | Number) for value in pd.unique(series.dropna()))
    return bool(pd.api.types.is_bool_dtype(series.dtype) or pd.api.types.is_numeric_dtype(series.dtype))


def _infinite(series: pd.Series[Any], values: NDArray[np.float64], where: str) -> ColumnRefused:
    count = int(np.isinf(values).sum())
    return ColumnRefused(
        str(series.name),
        where,
        f"holds {count} infinite {'value' if count == 1 else 'values'}",
        "Reject those rows, or store the values as missing, before the comparison.",
    )


def category_counts(series: pd.Series[Any], where: str) -> dict[str, int]:
    """Count the values of a column as text, in alphabetical order; missing values are left out.

    Whole numbers are written without a decimal point, so that 1 and 1.0 are the same category: a column of
    integers becomes one of floats in pandas as soon as a value is missing.

    Raises
    ------
    ColumnRefused
        When a cell holds a list or another value that cannot be counted.

    Examples
    --------
    >>> category_counts(pd.Series(["b", "a", None, "b"], name="gas"), "batch")
    {'a': 1, 'b': 2}
    >>> category_counts(pd.Series([1.0, 2.0, np.nan], name="gas"), "batch")
    {'1': 1, '2': 1}
    """
    try:
        found = series.value_counts(dropna=True)
    except TypeError as error:
        raise _uncountable(series, where, error) from error
    counts: dict[str, int] = {}
    for value, count in found.items():
        if count:
            text = value if type(value) is str else _category(value)
            counts[text] = counts.get(text, 0) + int(count)
    return dict(sorted(counts.items()))


def category_codes(series: pd.Series[Any], where: str) -> tuple[NDArray[np.int64], list[str]]:
    """Give the categories of a column numbers, in the order of their first row.

    Returns
    -------
    tuple
        The number of each row's category, -1 where there is no value, and the categories as `category_counts` writes
        them.

    Raises
    ------
    ColumnRefused
        When a cell holds a list or another value that cannot be counted.

    Examples
    --------
    >>> category_codes(pd.Series([2.0, None, 1.0, 2.0]), "batch")
    (array([ 0, -1,  1,  0]), ['2', '1'])
    """
    try:
        codes, found = pd.factorize(series)
    except TypeError as error:
        raise _uncountable(series, where, error) from error
    texts = [value if type(value) is str else _category(value) for value in found]
    names = list(dict.fromkeys(texts))
    numbered = {name: at for at, name in enumerate(names)}
    merged = np.array([*(numbered[text] for text in texts), -1], dtype=np.int64)
    return merged[codes], names


def class_names(labels: pd.Series[Any]) -> pd.Series[Any]:
    """Give each row's category as text, None where there is none.

    Examples
    --------
    >>> class_names(pd.Series([1.0, np.nan])).tolist()
    ['1', None]
    """
    return pd.Series(
        [None if missing else _category(label) for label, missing in zip(labels, labels.isna(), strict=True)],
        index=labels.index,
        dtype=object,
    )


def _uncountable(series: pd.Series[Any], where: str, error: TypeError) -> ColumnRefused:
    return ColumnRefused(
        str(series.name), where, f"holds values that cannot be counted ({error})", "Turn them into text first."
    )


def _category(value: Any) -> str:
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if whole else str(value)
