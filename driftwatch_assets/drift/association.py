"""How strongly a column tells two classes apart, and how likely a change of that is by chance.

Everything is computed between two classes at a time, so that changed class proportions change nothing.
"""
# ruff: noqa: PLC0415 - scipy.special is loaded by the step that needs it, not when definitions load

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.drift.chi_square import LEAST_EXPECTED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

CANDIDATES = 4
_HALVINGS = 24
_LEAST_TOLD = 0.1  # a single category whose change is no clearer than this is not looked at more closely
_SIGNS = np.array([-1.0, 1.0, 1.0, -1.0])  # of the four groups' shares in the change of the difference


@dataclass(frozen=True, eq=False)
class RankAssociation:
    """How the values of a numeric column are ordered by class; all arrays are classes by classes, but `counts`.

    Attributes
    ----------
    counts
        Values of each class.
    strength
        Rank-biserial correlation of class j (row) against k (column): ``P(x_j > x_k) - P(x_j < x_k)``, that is
        ``2 AUC - 1``, from -1 to 1; NaN where a class has no value.
    share
        What class j adds to the strength's variance against k, after DeLong: the strength's variance is ``share[j, k] +
        share[k, j]``; NaN where a class has fewer than two values.
    untied
        ``1 - sum of (t^3 - t) / (N^3 - N)`` over the groups of t equal values: 1 without ties, 0 for a constant.
    """

    counts: Integers
    strength: Floats
    share: Floats
    untied: Floats


def rank_association(values: Floats, classes: Integers, many: int) -> RankAssociation:
    """Compare the ranks of the values between every two classes.

    With ``placement(x, k) = (#{x_k < x} + #{x_k = x} / 2) / n_k``, the strength of j against k is twice the mean
    placement of class j's values among class k's, less 1, and its variance ``4 (var_j / n_j + var_k / n_k)``, where
    ``var_j`` is the sample variance of these placements. One sort and one pass serve all pairs.

    Parameters
    ----------
    values
        Finite numbers; NaN and rows without a class (-1) are left out.
    classes
        Class of each value, -1 or 0 to `many` - 1.
    many
        Number of classes.

    References
    ----------
    E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the areas under two or more correlated receiver
    operating characteristic curves", Biometrics 44 (1988).

    Examples
    --------
    >>> found = rank_association(np.array([1.0, 2.0, 3.0, 2.0, 3.0, 4.0]), np.array([0, 0, 0, 1, 1, 1]), 2)
    >>> found.strength.round(3)
    array([[ 0.   , -0.556],
           [ 0.556,  0.   ]])
    """
    there = ~np.isnan(values) & (classes >= 0)
    order = np.flatnonzero(there)
    order = order[np.argsort(values[order])]
    ordered = values[order]
    member = np.zeros((ordered.size, many))
    member[np.arange(ordered.size), classes[order]] = 1
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if ordered.size else np.empty(0, np.int64)
    grouped = np.add.reduceat(member, starts, axis=0) if ordered.size else np.empty((0, many))
    counts = grouped.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        placement = (np.cumsum(grouped, axis=0) - grouped / 2) / counts
        mean = grouped.T @ placement / counts[:, None]
        deviation = (grouped.T @ placement**2 - counts[:, None] * mean**2) / (counts[:, None] - 1)
        share = 4 * np.maximum(deviation, 0.0) / counts[:, None]
        cubes, mixed = (grouped**3).sum(axis=0), (grouped**2).T @ grouped
        tied = cubes[:, None] + cubes + 3 * (mixed + mixed.T)
        pair = counts[:, None] + counts
        untied = 1 - (tied - pair) / (pair**3 - pair)
    strength = 2 * mean - 1
    # A class against itself is not compared; the diagonal is made harmless.
    np.fill_diagonal(strength, 0.0)
    return RankAssociation(counts.astype(np.int64), strength, share, untied)


def rank_changes(reference: RankAssociation, current: RankAssociation) -> tuple[Floats, Floats]:
    """Give the change of the strength of every two classes, and its two-sided p-value.

    ``t = (r_current - r_reference) / se``, with Student's distribution without drift. ``se^2`` is the larger of two
    estimates: the sum of both DeLong variances, and the sum of both null variances at the pooled area A under Hanley
    and McNeil's model, as Newcombe wrote it, times `untied`::

        4 untied A (1 - A) (1 + ((m + n) / 2 - 1) ((1 - A) / (2 - A) + A / (1 + A))) / (m n)

    The first is right for unlike spreads and for ties; the second does not vanish where one side is separated
    perfectly. The degrees of freedom are Welch and Satterthwaite's, from the four parts of the DeLong variances.

    Returns
    -------
    tuple
        Changes (-2 to 2) and p-values, classes by classes.

    References
    ----------
    J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC)
    curve", Radiology 143 (1982). R. G. Newcombe, "Confidence intervals for an effect size measure based on the
    Mann-Whitney statistic. Part 2", Statistics in Medicine 25 (2006), method 5.
    """
    from scipy.special import stdtr

    change = current.strength - reference.strength
    sides = (reference, current)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = [1 / (1 / side.counts[:, None] + 1 / side.counts) for side in sides]
        pooled = sum(weight * side.strength for weight, side in zip(weights, sides, strict=True)) / sum(weights)
        null = sum(side.untied * null_variance((1 + pooled) / 2, side.counts[:, None], side.counts) for side in sides)
        parts = np.stack([part for side in sides for part in (side.share, side.share.T)])
        freedom = np.stack(
            [
                np.broadcast_to(rows - 1.0, change.shape)
                for side in sides
                for rows in (side.counts[:, None], side.counts)
            ]
        )
        error = np.sqrt(np.maximum(parts.sum(axis=0), 4 * null))
        t = np.where(change == 0, 0.0, np.abs(change) / error)
        return change, 2 * np.asarray(stdtr(_satterthwaite(parts, freedom), -t))


def _satterthwaite(variances: Floats, freedom: Floats) -> Floats:
    """Give the degrees of freedom of a sum of variances (along the first axis), each estimated with its own."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = variances.sum(axis=0) ** 2 / (variances**2 / freedom).sum(axis=0)
    result: Floats = np.where(np.isnan(found), freedom.min(axis=0), found)
    return result


def null_variance(area: Any, one: Any, other: Any) -> Any:
    """Give the variance of an area under the curve from its value and both numbers of rows (Newcombe, method 5).

    Examples
    --------
    >>> round(null_variance(0.5, 10, 20) * 12 * 10 * 20, 6)  # (m + n + 1) / (12 m n), as in the Mann-Whitney test
    31.0
    """
    spread = (1 - area) / (2 - area) + area / (1 + area)
    return area * (1 - area) * (1 + ((one + other) / 2 - 1) * spread) / (one * other)


def contrast_strength(counts: Integers) -> Floats:
    """Measure how differently the categories are distributed in every two classes.

    ``strength = sum over categories of |p_j - p_k| / 2 * s``: the total variation distance, 0 (alike) to 1 (no
    category in common), times ``s = sqrt(max(0, 1 - noise / sum of (p_j - p_k)^2))``, where ``noise`` is what chance
    alone adds to that sum; without ``s`` many categories in few rows would look strong.

    Parameters
    ----------
    counts
        Rows by category (rows) and class (columns).

    Returns
    -------
    array
        Classes by classes; NaN where a class has no rows.

    Examples
    --------
    >>> contrast_strength(np.array([[800, 200], [200, 800]])).round(2)
    array([[0. , 0.6],
           [0.6, 0. ]])
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = counts / counts.sum(axis=0)
        noise = ((shares * (1 - shares)).sum(axis=0)) / counts.sum(axis=0)
        gaps = shares[:, :, None] - shares[:, None, :]
        result = _shrunk(gaps, noise[:, None] + noise)
    np.fill_diagonal(result, 0.0)
    return result


def contrast_change(reference: Integers, current: Integers) -> tuple[float, float]:
    """Test whether two classes differ in a categorical column as they did in the reference.

    With ``d = p_1 - p_2``, the difference of both classes' shares by category, the change is half the sum of
    ``|d_current - d_reference|`` (0 to 2), shrunk as in `contrast_strength`. The p-value is that of the frequent
    categories, or of a single rare one: ``min(1, 2 * min(p_frequent, p_rare))`` where there are both.

    Frequent: ``W = (d_current - d_reference)' V^-1 (d_current - d_reference)``, V being the sum of the four multinomial
    covariances, of shares with half a row added to each category. Two estimates of V are taken, and the larger p-value:
    from the shares of each side (Wald), where ``W (f - q + 1) / (f q)`` is read off the F distribution with q =
    categories - 1 and f - q + 1 degrees of freedom, f being Satterthwaite's; and from those of both sides together
    (score), where W is read off the chi-square distribution with q. Where few rows are expected, the first is too small
    for shares that fell, and the second for shares that rose.

    Rare: categories of which fewer than 5 rows are expected in one of the four groups. They count as one among the
    frequent, and each is tested by itself: p is the level at which the exact limits of its four shares (Clopper and
    Pearson) no longer tell ``d_current`` from ``d_reference``, times the number of rare categories. This holds at every
    size, and sees a rare category that surges in one class.

    Parameters
    ----------
    reference, current
        Rows by category (rows) and the two classes (columns); the same categories on both sides, each group with a
        row at least.

    Returns
    -------
    tuple
        The change, and its p-value; ``(0.0, 1.0)`` for a single category.

    References
    ----------
    A. Wald, "Tests of statistical hypotheses concerning several parameters when the number of observations is large",
    Transactions of the American Mathematical Society 54 (1943). C. Clopper, E. S. Pearson, "The use of confidence or
    fiducial limits illustrated in the case of the binomial", Biometrika 26 (1934).

    Examples
    --------
    >>> before, now = np.array([[80, 20], [20, 80]]), np.array([[50, 50], [50, 50]])
    >>> change, p = contrast_change(before, now)
    >>> round(change, 2), p < 1e-6
    (0.59, True)
    >>> change, p = contrast_change(np.array([[9990, 9990], [10, 10]]), np.array([[100, 10], [0, 90]]))
    >>> round(change, 2), p < 1e-20
    (0.9, True)
    """
    table = np.hstack([reference, current]).astype(np.float64)
    table = table[table.sum(axis=1) > 0]
    if len(table) == 1:
        return 0.0, 1.0
    totals = table.sum(axis=0)
    shares = table / totals
    change = float(_shrunk(shares @ _SIGNS, (shares * (1 - shares) / totals).sum()))
    rare = table.sum(axis=1) * (totals / totals.sum()).min() < LEAST_EXPECTED
    if not rare.any():
        return change, _common_change(table)
    single = _rare_change(table[rare], totals)
    frequent = _pooled(table, rare)
    return change, single if len(frequent) == 1 else min(1.0, 2 * min(single, _common_change(frequent)))


def _common_change(table: Floats) -> float:
    """Give the p-value of a change of frequent categories: of the two estimates of the covariance the larger."""
    from scipy.special import chdtrc, fdtrc

    totals, tested = table.sum(axis=0), len(table) - 1
    gap = (table / totals) @ _SIGNS
    shares = (table + 0.5) / (totals + len(table) / 2)
    freedom = float(_satterthwaite((shares * (1 - shares)).sum(axis=0) / totals, totals - 1))
    left = max(freedom - tested + 1, 1.0)
    wald = fdtrc(tested, left, _distance(gap, shares, totals) * left / (freedom * tested))
    both = table[:, :2] + table[:, 2:]
    both = (both + 0.5) / (both.sum(axis=0) + len(table) / 2)
    return float(max(wald, chdtrc(tested, _distance(gap, np.hstack([both, both]), totals))))


def _distance(gap: Floats, shares: Floats, totals: Floats) -> float:
    """Give ``gap' V^-1 gap`` without the most frequent category, by Woodbury's identity: V is diagonal but for four."""
    kept = np.arange(len(gap)) != shares.sum(axis=1).argmax()
    gap, shares = gap[kept], shares[kept]
    scale = 1 / (shares / totals).sum(axis=1)
    roots = shares / np.sqrt(totals)
    towards = roots.T @ (scale * gap)
    inner = np.eye(len(totals)) - roots.T @ (scale[:, None] * roots)
    return max(float((scale * gap**2).sum() + towards @ np.linalg.solve(inner, towards)), 0.0)


def _rare_change(counts: Floats, totals: Floats) -> float:
    """Give the p-value of the change of a rare category, times their number; those that changed most are tested."""
    from scipy.special import betaincinv

    gap = (counts / totals) @ _SIGNS
    order = np.argsort(-np.abs(gap) / np.sqrt(((counts + 0.5) / totals**2).sum(axis=1)), kind="stable")[:CANDIDATES]
    upwards = _SIGNS * np.where(gap[order] < 0, -1.0, 1.0)[:, None] > 0
    # The limit that is nearer to no change: the lower one of a share that speaks for the change, else the upper one.
    hits = np.where(upwards, counts[order], totals - counts[order])

    def told(log_level: Floats) -> NDArray[np.bool_]:
        level = np.exp(log_level)[:, None] / 8  # four limits, and a change may go either way
        limits = np.where(hits > 0, betaincinv(np.maximum(hits, 0.5), totals - hits + 1, level), 0.0)
        return np.asarray(np.where(upwards, limits, limits - 1).sum(axis=1) > 0)

    low, high = np.full(len(order), -700.0), np.full(len(order), np.log(_LEAST_TOLD))
    clear = told(high)
    if not clear.any():
        return 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = told(middle)
        low, high = np.where(found, low, middle), np.where(found, middle, high)
    return float(min(1.0, len(counts) * np.exp(np.where(clear, high, 0.0).min())))


def _shrunk(gaps: Floats, noise: Any) -> Floats:
    squares = (gaps**2).sum(axis=0)
    kept = np.sqrt(np.maximum(0.0, 1 - np.divide(noise, squares, out=np.ones_like(squares), where=squares > 0)))
    result: Floats = np.abs(gaps).sum(axis=0) / 2 * kept
    return result


def _pooled(table: Floats, rare: NDArray[np.bool_]) -> Floats:
    """Make rare categories one, which joins the rarest other category where it is as rare itself."""
    pool, kept = table[rare].sum(axis=0), table[~rare]
    totals = table.sum(axis=0)
    if len(kept) and pool.sum() * (totals / totals.sum()).min() < LEAST_EXPECTED:
        kept[kept.sum(axis=1).argmin()] += pool
        return kept
    return np.vstack([kept, pool[None, :]])
