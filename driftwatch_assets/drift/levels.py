"""The levels of a discrete column: values that differ by no more than rounding are one and the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ULPS = 8
"""Units in the last place up to which two values are one: what a sum or a product computed another way differs by."""
EXACT = 2.0**53
ROWS_A_LEVEL = 4
"""Rows that a value has on average in a column whose values are levels; elsewhere rounding moves no distance."""


def levels_of(values: Floats) -> Floats | None:
    """Give the distinct values of a sorted discrete sample, or None where it is continuous.

    A sample is discrete when each distinct value stands in `ROWS_A_LEVEL` rows on average.

    Examples
    --------
    >>> levels_of(np.array([0.1] * 10 + [0.3] * 10)), levels_of(np.arange(5.0))
    (array([0.1, 0.3]), None)
    """
    starts = np.empty(values.size, dtype=np.bool_)
    starts[:1] = True
    np.not_equal(values[1:], values[:-1], out=starts[1:])
    return values[starts] if ROWS_A_LEVEL * int(np.count_nonzero(starts)) <= values.size else None


def merged(levels: Floats) -> Floats:
    """Leave of levels that differ by at most `ULPS` units in the last place the lowest.

    Examples
    --------
    >>> merged(np.array([0.3, 0.1 + 0.2, 0.4]))
    array([0.3, 0.4])
    """
    with np.errstate(over="ignore"):
        apart = np.diff(levels)
    if not (apart <= _rounding(levels[1:])).any():
        return levels
    kept = [float(levels[0])]
    for level in levels[1:]:
        if level - kept[-1] > _rounding(np.array(level)):
            kept.append(float(level))
    return np.array(kept)


def snapped(values: Floats, levels: Floats) -> Floats:
    """Move values to the nearest level where they differ from it by rounding; a sorted sample stays sorted.

    Examples
    --------
    >>> snapped(np.array([0.1 + 0.2, 0.35, np.nan]), np.array([0.3, 0.4]))
    array([0.3 , 0.35,  nan])
    """
    after = levels.searchsorted(values)
    above, below = levels.take(after, mode="clip"), levels.take(after - 1, mode="clip")
    with np.errstate(over="ignore"):
        nearest = np.where(np.abs(above - values) <= np.abs(values - below), above, below)
        return np.where(np.abs(values - nearest) <= _rounding(nearest), nearest, values)


def without_noise(values: Floats) -> Floats:
    """Give a sample, in any order and with NaN, with its levels merged where it is discrete."""
    ordered = np.sort(values[~np.isnan(values)])
    levels = levels_of(ordered) if ordered.size else None
    if levels is None:
        return values
    few = merged(levels)
    return values if few.size == levels.size else snapped(values, few)


def _rounding(values: Floats) -> Floats:
    """Give how far a value may be from each of these by rounding; whole numbers up to 2^53 are exact, and distinct."""
    sizes = np.abs(values)
    rounding = ULPS * np.spacing(sizes)
    return np.asarray(np.where(sizes < EXACT, np.minimum(rounding, 0.5), rounding))
