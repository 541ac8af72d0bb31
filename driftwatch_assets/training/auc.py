"""The area under the ROC curve: its value, its uncertainty, and the curves that belong to it."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from driftwatch_assets.training.shares import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

POINTS = 101
"""Points that a curve has at most."""

_CELLS = 500_000  # of a block of draws: some MB, which stay in the processor's cache far longer than all draws would
_LEAST = 2


def auc(positive: ArrayLike, scores: ArrayLike) -> float:
    """Give the probability that a positive row has a higher score than a negative one; a tie counts half.

    Parameters
    ----------
    positive
        Whether a row is positive, shape (rows,).
    scores
        Higher where positive is likelier, shape (rows,).

    Returns
    -------
    float
        In [0, 1]; NaN where all rows are of one class.

    Examples
    --------
    >>> auc([True, True, False, False], [0.9, 0.4, 0.4, 0.1])
    0.875

    """
    truth, ranks = np.asarray(positive, dtype=bool), _midranks(np.asarray(scores, dtype=float))
    ones = int(truth.sum())
    zeros = len(truth) - ones
    if not ones or not zeros:
        return float("nan")
    return float((ranks[truth].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def delong_variance(positive: ArrayLike, scores: ArrayLike) -> float:
    """Give DeLong's variance of the area under the ROC curve.

    ``var(V10)/m + var(V01)/n``, where V10 of a positive row is the share of the n negative ones that it exceeds, and
    V01 of a negative row the share of the m positive ones that exceed it, ties half: DeLong, DeLong and
    Clarke-Pearson, "Comparing the Areas under Two or More Correlated Receiver Operating Characteristic Curves",
    Biometrics 44 (1988); computed from midranks as in Sun and Xu, IEEE Signal Processing Letters 21 (2014).

    Returns
    -------
    float
        NaN where a class has fewer than two rows.

    Examples
    --------
    >>> round(delong_variance([1, 1, 1, 0, 0, 0], [0.9, 0.8, 0.3, 0.5, 0.2, 0.1]), 4)
    0.0247

    """
    truth, values = np.asarray(positive, dtype=bool), np.asarray(scores, dtype=float)
    ones = int(truth.sum())
    zeros = len(truth) - ones
    if min(ones, zeros) < _LEAST:
        return float("nan")
    ranks = _midranks(values)
    exceeds = (ranks[truth] - _midranks(values[truth])) / zeros
    exceeded = 1 - (ranks[~truth] - _midranks(values[~truth])) / ones
    return float(exceeds.var(ddof=1) / ones + exceeded.var(ddof=1) / zeros)


def auc_interval(positive: ArrayLike, scores: ArrayLike, *, level: float = 0.95) -> tuple[float, float]:
    """Give the interval of the area under the ROC curve.

    With A the area, s² DeLong's variance and z the normal quantile, the bounds are
    ``expit(logit(A) ± z·s / (A·(1 - A)))``: on the logit scale they stay within [0, 1] and hold their level near the
    ends (Pepe, "The Statistical Evaluation of Medical Tests", 2003, section 5.2). Where the variance is 0, as with a
    perfect separation, they are Wilson's for as many rows as the smaller class has, of which all (or none) were placed
    rightly.

    Returns
    -------
    low, high : float
        NaN where a class has fewer than two rows.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> truth = generator.random(400) < 0.3
    >>> [round(bound, 3) for bound in auc_interval(truth, generator.normal(size=400) + truth)]
    [0.73, 0.823]
    >>> [round(bound, 3) for bound in auc_interval([0] * 20 + [1] * 10, [0.1] * 20 + [0.9] * 10)]
    [0.722, 1.0]

    """
    truth = np.asarray(positive, dtype=bool)
    variance, value = delong_variance(truth, scores), auc(truth, scores)
    if np.isnan(variance):
        return float("nan"), float("nan")
    if variance == 0 or value in {0.0, 1.0}:
        smaller = min(int(truth.sum()), int((~truth).sum()))
        return wilson_interval(round(value * smaller), smaller, level=level)
    middle = np.log(value / (1 - value))
    half = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(variance) / (value * (1 - value))
    return float(1 / (1 + np.exp(half - middle))), float(1 / (1 + np.exp(-half - middle)))


def resampled_auc(
    positive: ArrayLike, scores: Mapping[str, ArrayLike], *, draws: int, generator: np.random.Generator
) -> tuple[dict[str, float], dict[str, NDArray[np.float64]]]:
    """Resample rows with replacement, the same rows for every predictor, and measure the area in each draw.

    A draw is a count a row. With the rows in the order of their scores, the area of a draw is a weighted sum of
    cumulated counts, taken over groups of equal scores, so that no draw is sorted again.

    Parameters
    ----------
    positive
        Whether a row is positive, shape (rows,).
    scores
        Scores a predictor, each of shape (rows,).
    draws
        Number of resamples.
    generator
        Source of randomness.

    Returns
    -------
    values : dict[str, float]
        The area of each predictor on the rows themselves.
    resamples : dict[str, numpy.ndarray]
        The area of each predictor a draw, shape (draws,); paired over predictors, NaN where a draw has one class only.

    Examples
    --------
    >>> truth = np.arange(100) % 2 == 0
    >>> values, found = resampled_auc(
    ...     truth, {"good": truth, "poor": np.zeros(100)}, draws=50, generator=np.random.default_rng(1)
    ... )
    >>> values, sorted(set(found["good"].tolist())), sorted(set(found["poor"].tolist()))
    ({'good': 1.0, 'poor': 0.5}, [1.0], [0.5])

    """
    truth = np.asarray(positive, dtype=bool)
    rows = len(truth)
    ordered = {}
    for name, one in scores.items():
        values = np.asarray(one, dtype=float)
        order = np.argsort(values, kind="stable")
        first = np.flatnonzero(np.diff(values[order], prepend=-np.inf) != 0) if rows else np.empty(0, dtype=int)
        ordered[name] = (order, first)
    found = {name: np.empty(draws) for name in scores}
    block = max(1, _CELLS // max(rows, 1))
    for begin in range(0, draws, block):
        size = min(block, draws - begin)
        drawn = generator.integers(0, rows, size=(size, rows)) + np.arange(size)[:, None] * rows
        counts = np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows)
        for name, (order, first) in ordered.items():
            found[name][begin : begin + size] = _weighted(counts[:, order], truth[order], first)
    return {name: auc(truth, one) for name, one in scores.items()}, found


def roc_points(positive: ArrayLike, scores: ArrayLike) -> list[list[float]]:
    """Give the ROC curve: false positive rate and true positive rate, from (0, 0) to (1, 1).

    Where there are more than 101 points, those are kept that are nearest to even steps along the curve.

    Examples
    --------
    >>> roc_points([True, False, True, False], [0.9, 0.8, 0.7, 0.1])
    [[0.0, 0.0], [0.0, 0.5], [0.5, 0.5], [0.5, 1.0], [1.0, 1.0]]

    """
    hits, false = _above(positive, scores)
    if not len(hits) or not hits[-1] or not false[-1]:
        return []
    curve = np.column_stack([np.append(0, false / false[-1]), np.append(0, hits / hits[-1])])
    return _thinned(curve, curve.sum(axis=1))


def precision_recall_points(positive: ArrayLike, scores: ArrayLike) -> list[list[float]]:
    """Give recall and precision at each threshold, by rising recall; at most 101 points, thinned by even recall.

    Examples
    --------
    >>> precision_recall_points([True, False, True, False], [0.9, 0.8, 0.7, 0.1])
    [[0.5, 1.0], [0.5, 0.5], [1.0, 0.6666666666666666], [1.0, 0.5]]

    """
    hits, false = _above(positive, scores)
    if not len(hits) or not hits[-1]:
        return []
    curve = np.column_stack([hits / hits[-1], hits / (hits + false)])
    return _thinned(curve, np.arange(len(curve)) + curve[:, 0] * len(curve))


def _weighted(counts: NDArray[np.int64], truth: NDArray[np.bool_], first: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the area a draw, of counts (draws, rows) whose rows stand in the order of their scores."""
    ones = np.add.reduceat(counts * truth, first, axis=1)
    zeros = np.add.reduceat(counts * ~truth, first, axis=1)
    twice_below = 2 * np.cumsum(zeros, axis=1) - zeros
    pairs = ones.sum(axis=1) * zeros.sum(axis=1)
    wins = np.einsum("ij,ij->i", ones, twice_below) / 2
    return np.asarray(np.divide(wins, pairs, out=np.full(len(counts), np.nan), where=pairs > 0))


def _midranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give ranks from 1; equal values share the mean of theirs."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[group])


def _above(positive: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count true and false positives at each distinct score as threshold, from the highest down."""
    truth, values = np.asarray(positive, dtype=bool), np.asarray(scores, dtype=float)
    order = np.argsort(-values, kind="stable")
    last = np.flatnonzero(np.diff(values[order], append=np.nan) != 0)
    return np.cumsum(truth[order])[last], np.cumsum(~truth[order])[last]


def _thinned(curve: NDArray[np.float64], along: NDArray[np.float64]) -> list[list[float]]:
    if len(curve) > POINTS:
        wanted = np.linspace(along[0], along[-1], POINTS)
        curve = curve[np.unique(np.searchsorted(along, wanted).clip(0, len(curve) - 1))]
    return [[float(x), float(y)] for x, y in curve]
