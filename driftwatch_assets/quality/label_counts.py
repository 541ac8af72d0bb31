"""What the labels are by the values of a feature: the counts that the search for leaks looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.quality.comparison import comparable

if TYPE_CHECKING:
    Counts = np.ndarray[Any, np.dtype[np.int64]]
    Mask = np.ndarray[Any, np.dtype[np.bool_]]

HALVES_SEED = 0
NO_VARIANCE = 1e-9


@dataclass(frozen=True)
class FeatureCounts:
    """A feature's distinct values, ordered where they have an order, and what labels their rows have."""

    name: str
    ordered: bool
    numbers: np.ndarray[Any, Any]  # V distinct values as numbers; empty without an order
    value_of: Counts  # n: the row's place among them, -1 where missing
    counts: Counts  # V x K: rows by value and class

    def positions(self, first: int, last: int) -> Counts:
        """Give the rows that have the values from `first` to `last`."""
        return np.flatnonzero((self.value_of >= first) & (self.value_of <= last))


def count_labels(series: pd.Series[Any], name: str, label: Counts, classes: int) -> FeatureCounts:
    """Count the labels by value: numbers and moments are ordered, anything else is only equal or not.

    Examples
    --------
    >>> count_labels(pd.Series([5.0, 3.0, None, 5.0]), "x", np.array([0, 1, 1, 1]), 2).counts.tolist()
    [[0, 1], [1, 1]]

    """
    values = None
    if series.dtype != bool:
        values = comparable(series, numbers=True)
        values = comparable(series, numbers=False) if values is None else values
    ordered = values is not None
    value_of = np.full(len(series), -1, dtype=np.int64)
    distinct = np.empty(0)
    if values is None:
        codes, found = pd.factorize(series)
        value_of[:] = codes
        many = len(found)
    else:
        numbers = values.astype(np.int64) if values.dtype.kind == "M" else values
        there = series.notna().to_numpy(dtype=bool)
        distinct, value_of[there] = np.unique(numbers[there], return_inverse=True)
        many = len(distinct)
    known = value_of >= 0
    counts = np.bincount(value_of[known] * classes + label[known], minlength=many * classes)
    return FeatureCounts(name, ordered, distinct.astype(float), value_of, counts.reshape(many, classes))


def apart(values: np.ndarray[Any, Any], sizes: Counts, gap: float) -> Mask:
    """Tell after which of V ordered values there is a gap of more than `gap` quartile ranges of the values beyond it.

    Parameters
    ----------
    values
        V distinct values, rising or falling.
    sizes
        V numbers of rows.
    gap
        How many quartile ranges. Infinities count for no range; a single value beyond has the range 0.

    Returns
    -------
    numpy.ndarray
        V - 1 answers.

    Examples
    --------
    >>> apart(np.array([1.0, 2.0, 3.0, 90.0])[::-1], np.array([1, 5, 5, 5]), gap=5.0).tolist()
    [True, False, True]

    """
    reached = np.cumsum(np.where(np.isfinite(values), sizes, 0))
    beyond = reached[-1] - reached[:-1]
    first, third = (values[np.searchsorted(reached, reached[:-1] + share * beyond)] for share in (0.25, 0.75))
    distance = np.abs(np.diff(values))
    return np.asarray((beyond > 0) & (distance > gap * np.abs(third - first)))


def out_of_half(codes: Counts, ones: Mask) -> Counts:
    """Give the rows and those of the class by score, where a row's score is the share of the class in its value.

    The share is that in the other half of the rows, so that no row tells its own label; a value that the other half
    has not is worth the share of the class in that half.
    """
    half = np.random.default_rng(HALVES_SEED).permutation(len(codes)) % 2
    score = np.empty(len(codes))
    many = int(codes.max()) + 1
    for side in (0, 1):
        other = half != side
        rows = np.bincount(codes[other], minlength=many)
        share = ones[other].mean()
        expected = (np.bincount(codes[other], weights=ones[other], minlength=many) + share) / (rows + 1)
        score[half == side] = expected[codes[half == side]]
    distinct, place = np.unique(score, return_inverse=True)
    return np.column_stack([np.bincount(place), np.bincount(place, weights=ones, minlength=len(distinct)).astype(int)])


def area_under_curve(counts: Counts) -> tuple[float, float]:
    """Give the AUC of V ordered scores (rows, rows of the class; V x 2), and its standard deviation without relation.

    AUC = (R - n1 (n1 + 1) / 2) / (n1 n0) with the sum R of the mid-ranks of the class; the deviation has the usual
    correction for ties (Mann & Whitney 1947; Lehmann, Nonparametrics, 1975).
    """
    rows, ones = counts[:, 0].astype(float), counts[:, 1].astype(float)
    n, n1 = rows.sum(), ones.sum()
    n0 = n - n1
    ranks = np.cumsum(rows) - (rows - 1) / 2
    auc = ((ones * ranks).sum() - n1 * (n1 + 1) / 2) / (n1 * n0)
    ties = (rows**3 - rows).sum() / (n * (n - 1))
    return float(auc), float(np.sqrt(max(n + 1 - ties, NO_VARIANCE) / (12 * n1 * n0)))
