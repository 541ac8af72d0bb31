"""How well the predictions of a batch agree with its labels, as a report tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.reporting.errors import ReportContentError
from driftwatch_assets.results import BinaryMeasured

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from driftwatch_assets.results import CalibrationBin, ClassesMeasured, JudgedPerformance

Interval = tuple[float, float]
Curve = tuple[tuple[float, float], ...]


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
    measured: ClassesMeasured,
    verdict: JudgedPerformance | None = None,
    *,
    metric: str = "",
    baseline_rows: str = "",
    scores: tuple[ScoreBin, ...] = (),
) -> Performance:
    """Tell what was measured on the labelled rows of a batch, as it is stored, beside the verdict on it.

    Parameters
    ----------
    measured
        Of a multiclass or a binary task.
    verdict
        On performance; None where nothing was judged.
    metric
        What the model is judged by, a number of `measured`; by default the verdict's, else accuracy, and AUC of a
        binary task.
    baseline_rows
        In words, which rows the verdict's baseline was measured on.
    scores
        How many rows of either class have which score (see `score_bins`), where that is to be drawn.

    Raises
    ------
    ReportContentError
        What was measured does not hold the metric that the model is judged by.

    Examples
    --------
    >>> from driftwatch_assets.results import ClassFigures, Confusion, JudgedPerformance, MulticlassMeasured
    >>> measured = MulticlassMeasured(
    ...     rows=4, accuracy=0.75, accuracy_low=0.3, accuracy_high=0.95, f1_macro=0.73,
    ...     per_class={"a": ClassFigures(precision=1.0, recall=0.5, f1=0.67, support=2),
    ...                "b": ClassFigures(precision=0.67, recall=1.0, f1=0.8, support=2)},
    ...     confusion=Confusion(classes=("a", "b"), counts=((1, 1), (0, 2))))
    >>> verdict = JudgedPerformance(degraded=False, severity="none", reason="", metric="accuracy", baseline=0.8)
    >>> found = performance_from(measured, verdict)
    >>> found.metric, found.value, found.interval, found.baseline
    ('accuracy', 0.75, (0.3, 0.95), 0.8)
    """
    usual = "auc" if isinstance(measured, BinaryMeasured) else "accuracy"
    judged_by = metric or ("" if verdict is None else verdict.metric) or usual
    named = sorted(type(measured).model_fields)
    if judged_by not in named:
        raise ReportContentError(
            f"the model is judged by {judged_by!r}, which is not measured of its task; measured are {', '.join(named)}"
        )
    baseline = None if verdict is None else verdict.baseline
    bounds = (verdict.low, verdict.high) if verdict is not None and verdict.metric == judged_by else (None, None)
    return Performance(
        rows=measured.rows,
        accuracy=measured.accuracy,
        interval=_interval(measured, judged_by) or _bounds(*bounds),
        f1_macro=measured.f1_macro,
        per_class=pd.DataFrame.from_dict(
            {name: each.model_dump() for name, each in measured.per_class.items()}, orient="index"
        ).astype(float),
        confusion=np.asarray(measured.confusion.counts, dtype=int),
        classes=measured.confusion.classes,
        baseline_accuracy=baseline if judged_by == "accuracy" else None,
        baseline_rows=baseline_rows,
        degraded=None if verdict is None else verdict.degraded,
        reason="" if verdict is None else verdict.reason,
        metric=judged_by,
        value=measured.number(judged_by),
        baseline=baseline,
        accuracy_interval=_interval(measured, "accuracy"),
        binary=_binary(measured, scores) if isinstance(measured, BinaryMeasured) else None,
    )


def _binary(measured: BinaryMeasured, scores: tuple[ScoreBin, ...]) -> BinaryPerformance:
    return BinaryPerformance(
        positive=measured.positive,
        threshold=measured.threshold,
        prevalence=measured.prevalence,
        auc=measured.auc,
        precision=measured.precision,
        recall=measured.recall,
        f1=measured.f1,
        brier=measured.brier,
        auc_interval=_interval(measured, "auc"),
        precision_interval=_interval(measured, "precision"),
        recall_interval=_interval(measured, "recall"),
        f1_interval=_interval(measured, "f1"),
        roc=measured.roc,
        precision_recall=measured.precision_recall,
        calibration=measured.calibration,
        scores=scores,
    )


def _interval(measured: ClassesMeasured, name: str) -> Interval | None:
    return _bounds(measured.number(f"{name}_low"), measured.number(f"{name}_high"))


def _bounds(low: float | None, high: float | None) -> Interval | None:
    return None if low is None or high is None else (low, high)
