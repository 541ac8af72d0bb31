"""What other rows of the same batches might have shown: metrics on rows drawn with replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftwatch_assets.training.auc import resampled_auc
from driftwatch_assets.training.class_metrics import class_metric, positive_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from driftwatch_assets.training.task import Metric, Task


DRAWS = 2000
LEVEL = 0.95


def resampled(
    labels: ArrayLike,
    predictions: Mapping[str, ArrayLike],
    metric: Metric,
    *,
    draws: int,
    generator: np.random.Generator,
    task: Task | None = None,
) -> tuple[dict[str, float], dict[str, NDArray[np.float64]]]:
    """Resample rows with replacement, the same rows for every predictor, and measure each draw.

    Rows with the same label and the same predictions are alike, so a draw of rows is a multinomial draw of these
    patterns: exact, and at a cost that does not grow with the rows. Scores are hardly ever alike; for `auc` the rows
    themselves are drawn (see `resampled_auc`).

    Parameters
    ----------
    labels
        Class names, shape (rows,); not read for `rate_fit`.
    predictions
        What each predictor said, of shape (rows,): scores of the positive class for `auc`, else class names.
    metric
        What is measured.
    draws
        Number of resamples.
    generator
        Source of randomness.
    task
        Whose positive class or contamination is meant; `accuracy` and `f1_macro` need none.

    Returns
    -------
    values : dict[str, float]
        The metric of each predictor on the rows themselves; NaN where it is undefined.
    resamples : dict[str, numpy.ndarray]
        The metric of each predictor a draw, shape (draws,); paired over predictors.

    Examples
    --------
    >>> values, draws = resampled(
    ...     ["a", "a", "b", "b"],
    ...     {"good": ["a", "a", "b", "b"], "poor": ["a", "b", "b", "a"]},
    ...     "accuracy",
    ...     draws=100,
    ...     generator=np.random.default_rng(1),
    ... )
    >>> values, bool((draws["good"] >= draws["poor"]).all())
    ({'good': 1.0, 'poor': 0.5}, True)

    """
    if metric == "auc":
        positive = np.asarray(labels).astype(str) == positive_class(task, metric)
        return resampled_auc(positive, predictions, draws=draws, generator=generator)
    said = [np.asarray(one).astype(str) for one in predictions.values()]
    columns = [said[0] if metric == "rate_fit" else np.asarray(labels).astype(str), *said]
    classes, codes = np.unique(np.concatenate(columns), return_inverse=True)
    patterns, counts = np.unique(codes.reshape(len(columns), -1).T, axis=0, return_counts=True)
    rows = int(counts.sum())
    weights = np.vstack([counts, generator.multinomial(rows, counts / rows, size=draws)]).astype(float)
    truth = _indicators(patterns[:, 0], len(classes))
    values, resamples = {}, {}
    for at, name in enumerate(predictions, start=1):
        guess = _indicators(patterns[:, at], len(classes))
        counted = weights @ (truth * guess), weights @ truth, weights @ guess
        measured = class_metric(metric, *counted, classes=classes.tolist(), task=task)
        values[name], resamples[name] = float(measured[0]), measured[1:]
    return values, resamples


def confusion_interval(
    confusion: ArrayLike, classes: Sequence[str], metric: Metric, *, task: Task | None = None
) -> tuple[float, float]:
    """Give the 95 % percentile-bootstrap interval of a metric that has no closed one, such as F1.

    Parameters
    ----------
    confusion
        Rows by label and prediction, shape (classes, classes).
    classes
        Names of the classes in the order of the rows and columns.
    metric, task
        See `resampled`.

    Returns
    -------
    low, high : float
        From 2,000 draws with a fixed seed; NaN where the metric is undefined.

    Examples
    --------
    >>> [round(bound, 2) for bound in confusion_interval([[40, 10], [5, 45]], ["a", "b"], "f1_macro")]
    [0.77, 0.91]

    """
    cells = np.asarray(confusion)
    rows = int(cells.sum())
    drawn = np.random.default_rng(0).multinomial(rows, cells.ravel() / rows, size=DRAWS).reshape(DRAWS, *cells.shape)
    hits = np.diagonal(drawn, axis1=1, axis2=2).astype(float)
    counted = hits, drawn.sum(axis=2).astype(float), drawn.sum(axis=1).astype(float)
    return bounds(class_metric(metric, *counted, classes=classes, task=task))


def bounds(draws: NDArray[np.float64]) -> tuple[float, float]:
    """Give the 2.5 % and the 97.5 % quantile of the draws in which the metric is defined; NaN where it is in none."""
    defined = draws[~np.isnan(draws)]
    if not len(defined):
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _indicators(codes: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    return np.asarray(codes[:, None] == np.arange(size), dtype=float)
