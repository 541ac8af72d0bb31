"""How likely a distance at least as large would be without any drift."""
# ruff: noqa: PLC0415 - scipy.special is loaded by the step that needs it, not when definitions load

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

LEAST_EXPECTED = 5.0


def ks_pvalue(distance: ArrayLike, n_reference: ArrayLike, n_current: ArrayLike) -> Floats:
    """Approximate the two-sided p-value of two-sample Kolmogorov-Smirnov distances.

    ``p = K((sqrt(n) + 0.12 + 0.11 / sqrt(n)) * (D - step / 2))`` with ``n = n_reference * n_current / (n_reference +
    n_current)``, ``step = gcd(n_reference, n_current) / (n_reference * n_current)`` and ``K`` the survival function of
    Kolmogorov's limit distribution. D moves in multiples of ``step``; without the half step, which is the usual
    correction for continuity, p is 15 % too small at 200 against 100 rows.

    Measured against the exact p-value of continuous data, from p = 0.0001 to 1: at 6,000 against 3,600 rows between
    0.8 % too small and 0.8 % too large; at 6,000 against 161, 3 % and 2 %; at 1,000 against 500, 1 % and 2 %; at 600
    against 60, 1 % and 3 %; at 30 against 30, the worst case that a policy judges, 2 % and 21 % too large. Ties make
    the test conservative, as they do the exact one: heavily discrete columns belong among the categorical ones.

    Parameters
    ----------
    distance
        Distances D, 0 to 1; NaN gives NaN.
    n_reference, n_current
        Values on both sides.

    Returns
    -------
    array
        From 0 to 1, of the shape of the arguments.

    References
    ----------
    M. A. Stephens, "Use of the Kolmogorov-Smirnov, Cramér-von Mises and related statistics without extensive
    tables", Journal of the Royal Statistical Society B 32 (1970).

    Examples
    --------
    >>> ks_pvalue([0.0, 0.05, 0.5], 6000, 200).round(4)
    array([1.    , 0.7098, 0.    ])
    """
    from scipy.special import kolmogorov

    one, other = np.asarray(n_reference, dtype=np.int64), np.asarray(n_current, dtype=np.int64)
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(one / (one + other) * other)
        half_step = np.gcd(one, other) / one / other / 2
        gap = np.maximum(np.asarray(distance, dtype=np.float64) - half_step, 0.0)
        return np.asarray(kolmogorov((root + 0.12 + 0.11 / root) * gap))


def chi_square(reference: NDArray[np.int64], current: NDArray[np.int64]) -> tuple[float, float]:
    """Test whether counts in the same categories come from one distribution (Pearson, without correction).

    ``chi2 = sum over sides and categories of (observed - expected)^2 / expected``, with ``categories - 1`` degrees
    of freedom. Categories of which fewer than 5 rows are expected on a side are pooled before, and the pool joins
    the rarest other category when it is itself that rare (Cochran's rule).

    Parameters
    ----------
    reference, current
        Counts, of equal length, at least one row each.

    Returns
    -------
    tuple
        The statistic, and its p-value. ``(0.0, 1.0)`` when a single category is left.

    Examples
    --------
    >>> statistic, p = chi_square(np.array([500, 300, 200]), np.array([30, 30, 40]))
    >>> round(statistic, 2), round(p, 7)
    (24.21, 5.5e-06)
    >>> chi_square(np.array([10]), np.array([20]))
    (0.0, 1.0)
    """
    from scipy.special import chdtrc

    table = np.stack([reference, current]).astype(np.float64)
    table = table[:, table.sum(axis=0) > 0]
    sides = table.sum(axis=1, keepdims=True) / table.sum()
    rare = (table.sum(axis=0) * sides).min(axis=0) < LEAST_EXPECTED
    if rare.any() and table.shape[1] > 1:
        pool, kept = table[:, rare].sum(axis=1, keepdims=True), table[:, ~rare]
        if kept.shape[1] and (pool.sum() * sides).min() < LEAST_EXPECTED:
            kept[:, kept.sum(axis=0).argmin()] += pool[:, 0]
            table = kept
        else:
            table = np.hstack([kept, pool])
    if table.shape[1] == 1:
        return 0.0, 1.0
    expected = table.sum(axis=0) * sides
    statistic = float(((table - expected) ** 2 / expected).sum())
    return statistic, float(chdtrc(table.shape[1] - 1, statistic))


def one_sided_pvalue(occurrences: int, categories: int, n_with: int, n_without: int) -> float:
    """Bound the chance that a category shows on one side only.

    ``p <= min(1, categories * (n_with / (n_with + n_without)) ** occurrences)``: without drift each occurrence
    falls on the one side with that probability (sampling without replacement only lowers it), and any of the
    categories could have been the one.

    Parameters
    ----------
    occurrences
        Rows of the most frequent category that shows on one side only; with 0 there is nothing to test.
    categories
        Categories seen on either side.
    n_with, n_without
        Rows of the side where it shows, and of the other.

    Returns
    -------
    float
        From 0 to 1; NaN without occurrences.

    Examples
    --------
    >>> one_sided_pvalue(10, 4, 1000, 1000)
    0.00390625
    >>> one_sided_pvalue(1, 4, 1000, 1000)
    1.0
    """
    if not occurrences:
        return float("nan")
    return min(1.0, categories * (n_with / (n_with + n_without)) ** occurrences)


def missing_pvalue(
    missing_reference: ArrayLike, rows_reference: ArrayLike, missing_current: ArrayLike, rows_current: ArrayLike
) -> Floats:
    """Test whether the share of missing values is the same on both sides (two proportions, Yates' correction).

    ``z = (|p1 - p2| - (1/n1 + 1/n2) / 2) / sqrt(p (1 - p) (1/n1 + 1/n2))`` with ``p`` the pooled share; the p-value
    is two-sided normal.

    Parameters
    ----------
    missing_reference, missing_current
        Rows without a value.
    rows_reference, rows_current
        All rows.

    Returns
    -------
    array
        From 0 to 1; NaN where nothing is missing on either side, or a side has no rows: there is nothing to test.

    Examples
    --------
    >>> missing_pvalue([0, 10, 10], 1000, [0, 2, 30], 200).round(6)
    array([nan,  1.,  0.])
    """
    from scipy.special import erfc

    one, other = np.asarray(rows_reference, dtype=np.float64), np.asarray(rows_current, dtype=np.float64)
    lost, gone = np.asarray(missing_reference, dtype=np.float64), np.asarray(missing_current, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = (lost + gone) / (one + other)
        weight = 1 / one + 1 / other
        gap = np.maximum(np.abs(lost / one - gone / other) - weight / 2, 0.0)
        p = erfc(gap / np.sqrt(pooled * (1 - pooled) * weight) / np.sqrt(2.0))
    tested = (lost + gone > 0) & (one > 0) & (other > 0)
    result: Floats = np.where(tested, np.where(pooled == 1, 1.0, p), np.nan)
    return result


def adjusted(pvalues: Floats, method: str) -> Floats:
    """Adjust p-values for their number.

    ``benjamini_hochberg``: with the p-values ascending, ``adjusted[i] = min over k >= i of p[k] * count / k``; calling
    adjusted values below alpha keeps the expected share of false calls at alpha at most, and, when nothing drifted, the
    chance of any call. ``bonferroni``: ``min(1, p * count)``. ``none``: as they are.

    Parameters
    ----------
    pvalues
        NaN where there was no test; these are not counted and stay NaN.
    method
        ``"benjamini_hochberg"``, ``"bonferroni"`` or ``"none"``.

    References
    ----------
    Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society B 57
    (1995).

    Examples
    --------
    >>> adjusted(np.array([0.01, 0.04, np.nan, 0.03]), "benjamini_hochberg")
    array([0.03, 0.04,  nan, 0.04])
    >>> adjusted(np.array([0.01, 0.5]), "bonferroni")
    array([0.02, 1.  ])
    """
    result = np.array(pvalues, dtype=np.float64)
    (tested,) = np.nonzero(~np.isnan(result))
    count = tested.size
    if method == "bonferroni":
        result[tested] = np.minimum(result[tested] * count, 1.0)
    elif method == "benjamini_hochberg":
        order = tested[np.argsort(result[tested])]
        scaled = result[order] * count / np.arange(1, count + 1)
        result[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return result
