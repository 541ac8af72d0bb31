"""What is measured for a task with one label out of several classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.training.class_metrics import f1_macro
from driftwatch_assets.training.resampling import confusion_interval
from driftwatch_assets.training.shares import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

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

    def interval(self, metric: Metric) -> tuple[float, float]:
        """Give the 95 % interval of a declared metric: Wilson's of the accuracy, a bootstrap's of F1."""
        if metric == "accuracy":
            return self.accuracy_low, self.accuracy_high
        return confusion_interval(self.confusion.to_numpy(), [str(name) for name in self.confusion.index], metric)

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

    def as_dict(self) -> dict[str, Any]:
        """Give everything as strict JSON takes it; what is undefined is None."""
        return {
            "task": "multiclass",
            "rows": self.rows,
            "accuracy": self.accuracy,
            "accuracy_low": self.accuracy_low,
            "accuracy_high": self.accuracy_high,
            "f1_macro": self.f1_macro,
            "mean_confidence": number(self.mean_confidence),
            "per_class": {
                str(name): {
                    **{column: number(row[column]) for column in ("precision", "recall", "f1")},
                    **{column: int(row[column]) for column in ("support", "predicted")},
                }
                for name, row in self.per_class.iterrows()
            },
            "confusion": {
                "classes": [str(name) for name in self.confusion.index],
                "counts": self.confusion.to_numpy().tolist(),
            },
        }


def number(value: float) -> float | None:
    """Give a number as strict JSON takes it: None for NaN."""
    return None if np.isnan(value) else float(value)


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
    truth, guess = np.asarray(labels).astype(str), np.asarray(predicted).astype(str)
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
