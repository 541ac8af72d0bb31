"""What the population stability index of categories comes to by chance alone, which grows with their number."""
# ruff: noqa: PLC0415 - scipy.special is loaded by the step that needs it, not when definitions load

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

FEW = 20.0
"""Rows that a category is expected to have on the smaller side from which its share is as good as normal."""
_MOST = 80


def stability_by_chance(reference: Integers, current: Integers) -> float:
    """Compute the mean of the population stability index over all ways to deal the same rows to both sides.

    Without drift each category's t rows are dealt like any others: of N rows the smaller side has m, and of the t rows
    a number that is hypergeometric. The mean of the category's term ``(q - p) ln(q / p)``, an empty side counting as
    half a row as at `population_stability`, is summed over that distribution. Where 20 or more of the t rows are
    expected on the smaller side it is ``(1 / n + 1 / m) (1 - t / N)``, so that all of them add up to the textbook's
    ``(categories - 1) (1 / n + 1 / m)``.

    Parameters
    ----------
    reference, current
        Counts of the same categories; at least one row each.

    Returns
    -------
    float
        0 or more: 0 for a single category, and about 0.9 for 5,000 that share 20,000 rows against 2,000.

    References
    ----------
    B. Yurdakul, "Statistical properties of the population stability index", Western Michigan University (2018).

    Examples
    --------
    >>> round(stability_by_chance(np.array([500, 300, 200]), np.array([100, 60, 40])), 4)
    0.012
    >>> stability_by_chance(np.array([500]), np.array([100]))
    0.0
    """
    totals, categories = np.unique(reference + current, return_counts=True)
    many, few = (int(side) for side in sorted((reference.sum(), current.sum()), reverse=True))
    rows = many + few
    means = (1 / many + 1 / few) * (1 - totals / rows)
    rare = (totals * few / rows < FEW) & (totals > 0) & (totals < rows)
    if rare.any():
        means[rare] = _rare_terms(totals[rare], many, few)
    return float(means[totals > 0] @ categories[totals > 0])


def _rare_terms(totals: Integers, many: int, few: int) -> Floats:
    """Sum a category's term over the hypergeometric distribution of its rows on the smaller side, for each total."""
    from scipy.special import gammaln

    def ways(size: Floats | int, chosen: Floats) -> Floats:
        return np.asarray(gammaln(size + 1.0) - gammaln(chosen + 1.0) - gammaln(size - chosen + 1.0))

    on_few = np.arange(_MOST + 1, dtype=np.float64)
    on_many = totals[:, None] - on_few
    possible = (on_many >= 0) & (on_many <= many) & (on_few <= few)
    here, there = np.where(possible, on_few, 0.0), np.where(possible, on_many, 0.0)
    chance = np.where(
        possible,
        np.exp(ways(few, here) + ways(many, there) - ways(many + few, totals[:, None].astype(np.float64))),
        0.0,
    )
    p, q = np.maximum(there, 0.5) / many, np.maximum(here, 0.5) / few
    return np.asarray((chance * (q - p) * np.log(q / p)).sum(axis=1))
