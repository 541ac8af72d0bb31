"""How well the predictions of a batch agree with its labels, as a report tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.reporting.errors import ReportContentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

Interval = tuple[float, float]
Curve = tuple[tuple[float, float], ...]
_ALWAYS = ("rows", "accuracy", "accuracy_low", "accuracy_high", "f1_macro", "per_class", "confusion")
_OF_BINARY = ("auc", "precision", "recall", "f1", "brier", "threshold", "positive", "prevalence", "roc")


@dataclass(frozen=True)
class CalibrationBin:
    """Rows whose score of the positive class lies in one bin.

    Attributes
    ----------
    low, high
        The bin, 0 to 1.
    rows
        How many rows.
    mean_score, share
        Their mean score, and the share of them that is positive, 0 to 1; None without rows.
    """

    low: float
    high: float
    rows: int
    mean_score: float | None
    share: float | None


@dataclass(frozen=True)
class ScoreBin:
    """Rows of either class whose score of the positive class lies in one bin.

    Attributes
    ----------
    low, high
        The bin, 0 to 1; the last one includes its end.
    positive, negative
        Rows of either class.
    """

    low: float
    high: float
    positive: int
    negative: int


def score_bins(scores: ArrayLike, labels: ArrayLike, positive: str, *, bins: int = 20) -> tuple[ScoreBin, ...]:
    """Count rows by their score and their label, on equal bins from 0 to 1.

    Parameters
    ----------
    scores
        Scores of the positive class, 0 to 1, one a row.
    labels
        Class names, one a row, none missing.
    positive
        The class that is looked for.
    bins
        How many.

    Examples
    --------
    >>> score_bins([0.1, 0.6, 0.9], ["paid", "lost", "paid"], "lost", bins=2)
    (ScoreBin(low=0.0, high=0.5, positive=0, negative=1), ScoreBin(low=0.5, high=1.0, positive=1, negative=1))
    """
    values, names = np.asarray(scores, dtype=float), np.asarray(labels).astype(str)
    edges = np.linspace(0.0, 1.0, bins + 1)
    sides = [np.histogram(values[chosen], bins=edges)[0] for chosen in (names == positive, names != positive)]
    return tuple(
        ScoreBin(float(edges[at]), float(edges[at + 1]), int(sides[0][at]), int(sides[1][at])) for at in range(bins)
    )


@dataclass(frozen=True)
class BinaryPerformance:
    """What is measured only where one of two classes is looked for.

    Attributes
    ----------
    positive
        The class that is looked for.
    threshold
        The score from which it is predicted, 0 to 1.
    prevalence
        Share of the labelled rows that is positive, 0 to 1.
    auc, auc_interval
        Area under the ROC curve, 0 to 1, with its 95 % interval; None when all labels are one class.
    precision, recall, f1
        Of the positive class at the threshold, 0 to 1; None where not defined.
    precision_interval, recall_interval, f1_interval
        Their 95 % intervals, when known.
    brier
        Mean squared difference of score and outcome, 0 (best) to 1.
    roc
        (False positive rate, true positive rate), ascending.
    precision_recall
        (Recall, precision), by recall.
    calibration
        Bins of the score, ascending.
    scores
        How many rows of either class have which score; empty when that is not to be drawn.
    """

    positive: str
    threshold: float
    prevalence: float | None
    auc: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    brier: float | None
    auc_interval: Interval | None = None
    precision_interval: Interval | None = None
    recall_interval: Interval | None = None
    f1_interval: Interval | None = None
    roc: Curve = ()
    precision_recall: Curve = ()
    calibration: tuple[CalibrationBin, ...] = ()
    scores: tuple[ScoreBin, ...] = ()


@dataclass(frozen=True, eq=False)
class Performance:
    """How well the predictions agree with the labels that are known.

    Attributes
    ----------
    rows
        Rows with a known label.
    accuracy, f1_macro
        0 to 1.
    interval
        95 % interval of what the model is judged by, (low, high); None when not known.
    per_class
        Index class; columns ``precision``, ``recall``, ``f1`` (0 to 1) and ``support`` (rows).
    confusion
        Square, int, rows actual and columns predicted, in the order of `classes`.
    classes
        The names of the classes.
    baseline_accuracy
        The accuracy that the champion showed on rows that it had not seen when it was promoted; None when not known.
    baseline_rows
        In words, which rows the baseline was measured on.
    degraded
        Whether performance counts as degraded; None when that could not be told.
    reason
        One sentence for people on `degraded`.
    metric
        What the model is judged by, such as ``"auc"``.
    value
        The metric on this batch, 0 to 1; None when it is not defined here. By default the accuracy, where that is
        the metric.
    baseline
        What was expected of the metric; None when not known. By default `baseline_accuracy`, where accuracy is the
        metric.
    accuracy_interval
        95 % interval of the accuracy; by default `interval`, where accuracy is the metric.
    binary
        What is measured only where one of two classes is looked for.
    """

    rows: int
    accuracy: float
    interval: Interval | None
    f1_macro: float
    per_class: pd.DataFrame
    confusion: np.ndarray[Any, Any]
    classes: tuple[str, ...]
    baseline_accuracy: float | None = None
    baseline_rows: str = ""
    degraded: bool | None = None
    reason: str = ""
    metric: str = "accuracy"
    value: float | None = None
    baseline: float | None = None
    accuracy_interval: Interval | None = None
    binary: BinaryPerformance | None = None

    def __post_init__(self) -> None:
        shape = (len(self.classes), len(self.classes))
        if self.confusion.shape != shape:
            raise ReportContentError(
                f"the confusion matrix has shape {self.confusion.shape}, but {len(self.classes)} class names ask for"
                f" {shape}: {', '.join(self.classes)}"
            )
        if self.binary is not None and self.binary.positive not in self.classes:
            raise ReportContentError(
                f"the positive class is {self.binary.positive!r}, which is no class: {', '.join(self.classes)}"
            )
        if self.metric == "accuracy":
            given = (("value", self.accuracy), ("baseline", self.baseline_accuracy))
            for name, accuracy in (*given, ("accuracy_interval", self.interval)):
                if getattr(self, name) is None:
                    object.__setattr__(self, name, accuracy)


def performance_from(
    metrics: Mapping[str, Any],
    verdict: Mapping[str, Any] | None = None,
    *,
    metric: str = "",
    baseline_rows: str = "",
    scores: tuple[ScoreBin, ...] = (),
) -> Performance:
    """Tell what was measured on the labelled rows of a batch, as it is stored, beside the verdict on it.

    Parameters
    ----------
    metrics
        Of a multiclass or a binary task, as training measures and evidence keeps them.
    verdict
        On performance, as it is stored beside them: ``metric``, ``low``, ``high``, ``baseline``, ``degraded`` and
        ``reason``, any of which may be absent; None where nothing was judged.
    metric
        What the model is judged by, a key of `metrics`; by default the verdict's, else accuracy, and AUC of a binary
        task.
    baseline_rows
        In words, which rows the verdict's baseline was measured on.
    scores
        How many rows of either class have which score (see `score_bins`), where that is to be drawn.

    Raises
    ------
    ReportContentError
        The metrics are those of another task, lack a figure, or do not hold the one that the model is judged by.

    Examples
    --------
    >>> metrics = {"task": "multiclass", "rows": 4, "accuracy": 0.75, "accuracy_low": 0.3, "accuracy_high": 0.95,
    ...            "f1_macro": 0.73, "per_class": {"a": {"precision": 1.0, "recall": 0.5, "f1": 0.67, "support": 2},
    ...            "b": {"precision": 0.67, "recall": 1.0, "f1": 0.8, "support": 2}},
    ...            "confusion": {"classes": ["a", "b"], "counts": [[1, 1], [0, 2]]}}
    >>> found = performance_from(metrics, {"metric": "accuracy", "baseline": 0.8})
    >>> found.metric, found.value, found.interval, found.baseline
    ('accuracy', 0.75, (0.3, 0.95), 0.8)
    """
    task = metrics.get("task", "multiclass")
    if task not in {"multiclass", "binary"}:
        raise ReportContentError(
            f"metrics of a task {task!r} are no performance; valid tasks are multiclass and binary, and anomaly_from"
            " reads those of an anomaly task"
        )
    needed = _ALWAYS + (_OF_BINARY if task == "binary" else ())
    absent = [name for name in needed if name not in metrics]
    if absent:
        raise ReportContentError(
            f"the metrics of a {task} task lack {', '.join(absent)}; they have {', '.join(sorted(metrics))}"
        )
    said = verdict or {}
    judged_by = metric or said.get("metric") or ("auc" if task == "binary" else "accuracy")
    if judged_by not in metrics:
        raise ReportContentError(
            f"the model is judged by {judged_by!r}, which the metrics of a {task} task do not hold; they have"
            f" {', '.join(sorted(metrics))}"
        )
    confusion, baseline = metrics["confusion"], said.get("baseline")
    bounds = (said.get("low"), said.get("high")) if said.get("metric") == judged_by else (None, None)
    return Performance(
        rows=metrics["rows"],
        accuracy=metrics["accuracy"],
        interval=_interval(metrics, judged_by) or _bounds(*bounds),
        f1_macro=metrics["f1_macro"],
        per_class=pd.DataFrame.from_dict(metrics["per_class"], orient="index").astype(float),
        confusion=np.asarray(confusion["counts"], dtype=int),
        classes=tuple(str(name) for name in confusion["classes"]),
        baseline_accuracy=baseline if judged_by == "accuracy" else None,
        baseline_rows=baseline_rows,
        degraded=said.get("degraded"),
        reason=said.get("reason") or "",
        metric=judged_by,
        value=metrics[judged_by],
        baseline=baseline,
        accuracy_interval=_interval(metrics, "accuracy"),
        binary=_binary(metrics, scores) if task == "binary" else None,
    )


def _binary(metrics: Mapping[str, Any], scores: tuple[ScoreBin, ...]) -> BinaryPerformance:
    return BinaryPerformance(
        positive=str(metrics["positive"]),
        threshold=metrics["threshold"],
        prevalence=metrics["prevalence"],
        auc=metrics["auc"],
        precision=metrics["precision"],
        recall=metrics["recall"],
        f1=metrics["f1"],
        brier=metrics["brier"],
        auc_interval=_interval(metrics, "auc"),
        precision_interval=_interval(metrics, "precision"),
        recall_interval=_interval(metrics, "recall"),
        f1_interval=_interval(metrics, "f1"),
        roc=_curve(metrics["roc"]),
        precision_recall=_curve(metrics.get("precision_recall") or ()),
        calibration=tuple(
            CalibrationBin(each["low"], each["high"], each["rows"], each.get("mean_score"), each.get("share"))
            for each in metrics.get("calibration") or ()
        ),
        scores=scores,
    )


def _interval(metrics: Mapping[str, Any], name: str) -> Interval | None:
    return _bounds(metrics.get(f"{name}_low"), metrics.get(f"{name}_high"))


def _bounds(low: float | None, high: float | None) -> Interval | None:
    return None if low is None or high is None else (low, high)


def _curve(points: Sequence[Sequence[float]] | None) -> Curve:
    return tuple((float(across), float(up)) for across, up in points or ())
