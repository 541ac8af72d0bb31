"""What is measured for a task with two classes, one of which is looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.quoting import quoted
from driftwatch_assets.training.auc import auc, auc_interval, precision_recall_points, roc_points
from driftwatch_assets.training.errors import LabelUnknown
from driftwatch_assets.training.multiclass import MulticlassReport, measure, number
from driftwatch_assets.training.resampling import confusion_interval
from driftwatch_assets.training.shares import wilson_interval

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from driftwatch_assets.training.task import Binary, Metric

_BINS = 10


@dataclass(frozen=True)
class CalibrationBin:
    """Rows with like scores: how often the positive class was foretold, and how often it was there.

    Attributes
    ----------
    low, high
        Least and greatest score in the bin.
    rows
        Rows in it.
    mean_score
        Mean score of the positive class.
    share
        Share of positive rows.

    """

    low: float
    high: float
    rows: int
    mean_score: float
    share: float


@dataclass(frozen=True)
class BinaryReport:
    """How well one set of predictions with scores fits its labels.

    Attributes
    ----------
    by_class
        What is measured as for several classes: accuracy, macro F1, per class, confusion.
    task
        The task.
    threshold
        Probability from which the positive class was predicted.
    prevalence
        Share of positive rows.
    auc, auc_low, auc_high
        Area under the ROC curve and its 95 % interval (see `auc_interval`); NaN where there is one class only.
    precision, precision_low, precision_high
        Share of positive rows among those predicted to be, with its 95 % Wilson interval; NaN where none was predicted.
    recall, recall_low, recall_high
        Share of the positive rows that were found, with its 95 % Wilson interval; NaN where there is none.
    f1
        Of the positive class; NaN where it occurs neither in labels nor in predictions.
    brier
        Mean squared distance of score and outcome: Brier, Monthly Weather Review 78 (1950).
    roc, precision_recall
        Points of the curves, at most 101 each; empty where they are undefined.
    calibration
        At most ten bins with as equal counts of rows as ties allow, by rising score.

    """

    by_class: MulticlassReport
    task: Binary
    threshold: float
    prevalence: float
    auc: float
    auc_low: float
    auc_high: float
    precision: float
    precision_low: float
    precision_high: float
    recall: float
    recall_low: float
    recall_high: float
    f1: float
    brier: float
    roc: list[list[float]]
    precision_recall: list[list[float]]
    calibration: tuple[CalibrationBin, ...]

    @property
    def rows(self) -> int:
        """Labelled rows that were measured."""
        return self.by_class.rows

    @property
    def per_class(self) -> pd.DataFrame:
        """See `MulticlassReport`."""
        return self.by_class.per_class

    @property
    def confusion(self) -> pd.DataFrame:
        """See `MulticlassReport`."""
        return self.by_class.confusion

    def value(self, metric: Metric) -> float:
        """Give the value of a declared metric; NaN where it is undefined."""
        if metric in {"accuracy", "f1_macro"}:
            return self.by_class.value(metric)
        return {"auc": self.auc, "f1": self.f1, "precision": self.precision, "recall": self.recall}[metric]

    def interval(self, metric: Metric) -> tuple[float, float]:
        """Give the 95 % interval of a declared metric: closed ones where there are, a bootstrap's of F1."""
        if metric in {"accuracy", "f1_macro"}:
            return self.by_class.interval(metric)
        if metric == "f1":
            return confusion_interval(self.confusion.to_numpy(), list(self.confusion.index), metric, task=self.task)
        return {
            "auc": (self.auc_low, self.auc_high),
            "precision": (self.precision_low, self.precision_high),
            "recall": (self.recall_low, self.recall_high),
        }[metric]

    def metrics(self) -> dict[str, float]:
        """Give the numbers by flat names, as an experiment tracker plots them; undefined ones are left out."""
        return self.by_class.metrics() | {name: value for name, value in self._numbers().items() if not np.isnan(value)}

    def as_dict(self) -> dict[str, Any]:
        """Give everything as strict JSON takes it; what is undefined is None."""
        return {
            **self.by_class.as_dict(),
            "task": "binary",
            "positive": self.task.positive,
            **{name: number(value) for name, value in self._numbers().items()},
            "roc": self.roc,
            "precision_recall": self.precision_recall,
            "calibration": [
                {"low": one.low, "high": one.high, "rows": one.rows, "mean_score": one.mean_score, "share": one.share}
                for one in self.calibration
            ],
        }

    def _numbers(self) -> dict[str, float]:
        return {
            "auc": self.auc,
            "auc_low": self.auc_low,
            "auc_high": self.auc_high,
            "precision": self.precision,
            "precision_low": self.precision_low,
            "precision_high": self.precision_high,
            "recall": self.recall,
            "recall_low": self.recall_low,
            "recall_high": self.recall_high,
            "f1": self.f1,
            "brier": self.brier,
            "threshold": self.threshold,
            "prevalence": self.prevalence,
        }


def measure_binary(
    task: Binary, labels: ArrayLike, scored: pd.DataFrame, *, threshold: float | None = None
) -> BinaryReport:
    """Measure predictions with scores against labels.

    Parameters
    ----------
    task
        Which class is looked for.
    labels
        Class names, one a row, none missing.
    scored
        `predicted`, `confidence` and the score of the positive class, one row a label (see `predict`).
    threshold
        The threshold that was applied; by default the declared one.

    Raises
    ------
    LabelUnknown
        A label is neither of the two classes.
    ValueError
        There is no row, or the lengths differ.

    Examples
    --------
    >>> import pandas as pd
    >>> from driftwatch_assets.training.task import Binary
    >>> task = Binary(kind="binary", id="loan", label="outcome", positive="lost", negative="paid")
    >>> scored = pd.DataFrame({"score_lost": [0.9, 0.4, 0.6, 0.1]})
    >>> scored["predicted"], scored["confidence"] = ["lost", "paid", "lost", "paid"], [0.9, 0.6, 0.6, 0.9]
    >>> report = measure_binary(task, ["lost", "lost", "paid", "paid"], scored)
    >>> report.auc, report.precision, report.recall, round(report.brier, 3)
    (0.75, 0.5, 0.5, 0.185)
    >>> one_class = measure_binary(task, ["paid"] * 4, scored).as_dict()
    >>> one_class["auc"], one_class["accuracy"]
    (None, 0.5)

    """
    names = np.asarray(labels).astype(str)
    known_classes(task, names)
    by_class = measure(names, scored["predicted"], scored["confidence"], classes=task.classes)
    positive = names == task.positive
    scores = scored[f"score_{task.positive}"].to_numpy(dtype=float)
    counts = by_class.per_class.loc[task.positive]
    at = by_class.confusion.index.get_loc(task.positive)
    found = int(by_class.confusion.to_numpy()[at, at])
    low, high = auc_interval(positive, scores)
    precision, recall = _share(found, int(counts["predicted"])), _share(found, int(counts["support"]))
    return BinaryReport(
        by_class=by_class,
        task=task,
        threshold=task.threshold if threshold is None else threshold,
        prevalence=float(positive.mean()),
        auc=auc(positive, scores),
        auc_low=low,
        auc_high=high,
        precision=precision[0],
        precision_low=precision[1],
        precision_high=precision[2],
        recall=recall[0],
        recall_low=recall[1],
        recall_high=recall[2],
        f1=float(counts["f1"]),
        brier=float(np.mean((scores - positive) ** 2)),
        roc=roc_points(positive, scores),
        precision_recall=precision_recall_points(positive, scores),
        calibration=calibration_bins(positive, scores),
    )


def known_classes(task: Binary, labels: NDArray[np.str_]) -> None:
    """Check that labels are one of the two classes.

    Raises
    ------
    LabelUnknown
        With the labels that are neither, and how often they occur.

    """
    names, counts = np.unique(labels, return_counts=True)
    others = {str(name): int(count) for name, count in zip(names, counts, strict=True) if name not in task.classes}
    if others:
        found = ", ".join(f"{quoted(name)} ({count})" for name, count in list(others.items())[:5])
        raise LabelUnknown(
            f"column {task.label!r} has labels that are neither {task.negative!r} nor {task.positive!r}: {found}; "
            f"let gold give one of these two names, or null where the label is not known"
        )


def calibration_bins(positive: ArrayLike, scores: ArrayLike) -> tuple[CalibrationBin, ...]:
    """Part rows by their score into at most ten bins with equal counts; equal scores stay together.

    Equal counts rather than equal widths, so that each bin tells as much as the others where the scores crowd.

    Examples
    --------
    >>> bins = calibration_bins([False] * 8 + [True] * 2, [0.1] * 5 + [0.5] * 5)
    >>> [(one.rows, one.mean_score, one.share) for one in bins]
    [(5, 0.1, 0.0), (5, 0.5, 0.4)]

    """
    truth, values = np.asarray(positive, dtype=bool), np.asarray(scores, dtype=float)
    edges = np.unique(np.quantile(values, np.arange(1, _BINS) / _BINS))
    codes = np.searchsorted(edges, values, side="right")
    return tuple(
        CalibrationBin(
            low=float(values[within].min()),
            high=float(values[within].max()),
            rows=int(within.sum()),
            mean_score=float(values[within].mean()),
            share=float(truth[within].mean()),
        )
        for within in (codes == code for code in np.unique(codes))
    )


def _share(found: int, rows: int) -> tuple[float, float, float]:
    if not rows:
        return float("nan"), float("nan"), float("nan")
    return found / rows, *wilson_interval(found, rows)
