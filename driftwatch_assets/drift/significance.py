"""How likely a distance at least as large would be without any drift."""
# ruff: noqa: PLC0415 - scipy.special is loaded by the step that needs it, not when definitions load

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftwatch_assets.drift.fisher import fisher_pvalue

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


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


def missing_pvalue(
    missing_reference: ArrayLike, rows_reference: ArrayLike, missing_current: ArrayLike, rows_current: ArrayLike
) -> Floats:
    """Test whether the share of missing values is the same on both sides (Fisher's exact test, two-sided).

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
    lost, one, gone, other = (
        np.atleast_1d(each)
        for each in np.broadcast_arrays(missing_reference, rows_reference, missing_current, rows_current)
    )
    result = np.full(lost.shape, np.nan)
    tested = (lost + gone > 0) & (one > 0) & (other > 0)
    result[tested] = fisher_pvalue(lost[tested], one[tested], gone[tested], other[tested])
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
