"""What is measured for a task with one label out of several classes: the only room that knows the task."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from driftwatch_assets.training.task import Metric


@dataclass(frozen=True)
class MulticlassReport:
    """How well one set of predictions fits its labels.

    Attributes
    ----------
    rows
        Labelled rows that were measured.
    accuracy, accuracy_low, accuracy_high
        Share of right predictions and its 95 % Wilson interval.
    f1_macro
        Mean F1 over the classes that occur in labels or predictions (see `f1_macro`).
    mean_confidence
        Mean probability of the predicted class; NaN where no confidence was given.
    per_class
        Indexed by class: `precision`, `recall`, `f1` (each NaN where undefined), `support`, `predicted`.
    confusion
        Rows counted by label (index) and prediction (columns).

    """

    rows: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    f1_macro: float
    mean_confidence: float
    per_class: pd.DataFrame
    confusion: pd.DataFrame

    def value(self, metric: Metric) -> float:
        """Give the value of a declared metric."""
        return {"accuracy": self.accuracy, "f1_macro": self.f1_macro}[metric]

    def metrics(self) -> dict[str, float]:
        """Give the numbers by flat names, as an experiment tracker plots them; undefined ones are left out."""
        flat = {
            "accuracy": self.accuracy,
            "accuracy_low": self.accuracy_low,
            "accuracy_high": self.accuracy_high,
            "f1_macro": self.f1_macro,
            "mean_confidence": self.mean_confidence,
            "rows": float(self.rows),
        }
        for name, row in self.per_class.iterrows():
            for column in ("precision", "recall", "f1", "support"):
                flat[f"{column}_{name}"] = float(row[column])
        return {name: value for name, value in flat.items() if not np.isnan(value)}


def measure(
    labels: ArrayLike, predicted: ArrayLike, confidence: ArrayLike | None = None, classes: Sequence[str] = ()
) -> MulticlassReport:
    """Measure predictions against labels.

    Parameters
    ----------
    labels, predicted
        Class names, one a row, none missing.
    confidence
        Probability of the predicted class, one a row, in [0, 1].
    classes
        Class names in the order in which they shall be listed; a name that occurs without being here comes after.

    Returns
    -------
    MulticlassReport

    Raises
    ------
    ValueError
        There is no row, or the lengths differ.

    Examples
    --------
    >>> report = measure(["a", "a", "b", "b"], ["a", "b", "b", "b"], classes=["a", "b", "c"])
    >>> report.accuracy, round(report.accuracy_low, 3), round(report.accuracy_high, 3)
    (0.75, 0.301, 0.954)
    >>> round(report.f1_macro, 4)
    0.7333
    >>> report.per_class.loc["c", "support"]
    np.int64(0)
    >>> report.confusion.loc["a", "b"]
    np.int64(1)

    """
    truth, guess = _names(labels), _names(predicted)
    if len(truth) == 0 or len(truth) != len(guess):
        raise ValueError(f"cannot measure {len(guess)} predictions against {len(truth)} labels; give one label a row")
    seen = sorted(set(truth) | set(guess))
    listed = [*classes, *(name for name in seen if name not in classes)]
    code = {name: at for at, name in enumerate(listed)}
    size = len(listed)
    cells = np.array([code[name] for name in truth]) * size + np.array([code[name] for name in guess])
    confusion = np.bincount(cells, minlength=size * size).reshape(size, size)
    hits, support, guessed = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    with np.errstate(invalid="ignore"):
        per_class = pd.DataFrame(
            {
                "precision": hits / guessed,
                "recall": hits / support,
                "f1": 2 * hits / (support + guessed),
                "support": support,
                "predicted": guessed,
            },
            index=pd.Index(listed, name="class"),
        )
    right = int(hits.sum())
    low, high = wilson_interval(right, len(truth))
    return MulticlassReport(
        rows=len(truth),
        accuracy=right / len(truth),
        accuracy_low=low,
        accuracy_high=high,
        f1_macro=float(f1_macro(hits, support, guessed)),
        mean_confidence=float("nan") if confidence is None else float(np.mean(np.asarray(confidence, dtype=float))),
        per_class=per_class,
        confusion=pd.DataFrame(
            confusion, index=pd.Index(listed, name="label"), columns=pd.Index(listed, name="predicted")
        ),
    )


def f1_macro(hits: ArrayLike, support: ArrayLike, predicted: ArrayLike) -> NDArray[np.float64]:
    """Give the unweighted mean of the classes' F1.

    The mean is over the classes with a label or a prediction, ``support + predicted > 0``, as scikit-learn's
    ``f1_score(average="macro")`` does: a class that a batch lacks neither helps nor hurts, one that is wrongly
    predicted counts with F1 = 0.

    Parameters
    ----------
    hits, support, predicted
        Right rows, labelled rows and predicted rows a class; shape (..., classes).

    Returns
    -------
    numpy.ndarray
        Shape (...), in [0, 1].

    Examples
    --------
    >>> float(f1_macro([3, 0, 0], [3, 1, 0], [4, 0, 0])).__round__(4)
    0.4286

    """
    total = np.asarray(support, dtype=float) + np.asarray(predicted, dtype=float)
    there = total > 0
    f1 = np.divide(2 * np.asarray(hits, dtype=float), total, out=np.zeros_like(total), where=there)
    return np.asarray(f1.sum(axis=-1) / np.maximum(there.sum(axis=-1), 1))


def wilson_interval(right: int, rows: int, *, level: float = 0.95) -> tuple[float, float]:
    """Give Wilson's score interval of a share.

    With z the normal quantile at (1 + level) / 2 and p = right / rows, the bounds are
    ``(p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)``: Wilson, "Probable inference, the law of succession,
    and statistical inference", JASA 22 (1927).

    Parameters
    ----------
    right
        Rows that count, at most `rows`.
    rows
        All rows, at least 1.
    level
        Coverage, in (0, 1).

    Examples
    --------
    >>> [round(bound, 4) for bound in wilson_interval(9, 10)]
    [0.5958, 0.9821]

    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = right / rows
    middle = share + z * z / (2 * rows)
    half = z * np.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    scale = 1 + z * z / rows
    return float((middle - half) / scale), float((middle + half) / scale)


def resampled(
    labels: ArrayLike,
    predictions: Mapping[str, ArrayLike],
    metric: Metric,
    *,
    draws: int,
    generator: np.random.Generator,
) -> tuple[dict[str, float], dict[str, NDArray[np.float64]]]:
    """Resample rows with replacement, the same rows for every predictor, and measure each draw.

    Rows with the same label and the same predictions are alike, so a draw of rows is a multinomial draw of these
    patterns: exact, and at a cost that does not grow with the rows.

    Parameters
    ----------
    labels
        Class names, shape (rows,).
    predictions
        Predicted class names a predictor, each of shape (rows,).
    metric
        What is measured.
    draws
        Number of resamples.
    generator
        Source of randomness.

    Returns
    -------
    values : dict[str, float]
        The metric of each predictor on the rows themselves.
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
    columns = [_names(labels), *(_names(one) for one in predictions.values())]
    classes, codes = np.unique(np.concatenate(columns), return_inverse=True)
    patterns, counts = np.unique(codes.reshape(len(columns), -1).T, axis=0, return_counts=True)
    rows = int(counts.sum())
    weights = np.vstack([counts, generator.multinomial(rows, counts / rows, size=draws)]).astype(float)
    truth = _indicators(patterns[:, 0], len(classes))
    support = weights @ truth
    values, resamples = {}, {}
    for at, name in enumerate(predictions, start=1):
        guess = _indicators(patterns[:, at], len(classes))
        hits = weights @ (truth * guess)
        measured = hits.sum(axis=1) / rows if metric == "accuracy" else f1_macro(hits, support, weights @ guess)
        values[name], resamples[name] = float(measured[0]), measured[1:]
    return values, resamples


def _indicators(codes: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    return np.asarray(codes[:, None] == np.arange(size), dtype=float)


def _names(values: ArrayLike) -> NDArray[np.str_]:
    return np.asarray(values).astype(str)
