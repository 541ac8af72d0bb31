"""What was measured of a batch's predictions, and the verdict on it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator

from driftwatch_assets.results.champion import Champion
from driftwatch_assets.results.drift import LabelledDrift, Severity
from driftwatch_assets.results.record import Record

Point = tuple[float, float]


class ClassFigures(Record):
    """Precision, recall and F1 of one class, 0 to 1 and None where undefined, with its labelled and predicted rows."""

    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    predicted: int = 0


class Confusion(Record):
    """Counts of rows: actual classes down, predicted ones across, in the order of the classes."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class CalibrationBin(Record):
    """Rows whose score of the positive class lies in one bin, 0 to 1; their mean score and share of positive ones."""

    low: float
    high: float
    rows: int
    mean_score: float | None = None
    share: float | None = None


class Measured(Record):
    """What was measured of some rows, each number by its name."""

    rows: int

    def numbers(self) -> dict[str, float]:
        """Give every number by its name; what is undefined is left out.

        Examples
        --------
        >>> measured = AnomalyMeasured(
        ...     rows=10, threshold=0.6, anomaly_rate=0.1, anomaly_rate_low=0.0, anomaly_rate_high=0.3,
        ...     contamination=0.1, rate_fit=1.0, histogram=Histogram(edges=(0, 1), counts=(10,)))
        >>> measured.numbers()["anomaly_rate"]
        0.1
        """
        found = {name: self.number(name) for name in type(self).model_fields}
        return {name: value for name, value in found.items() if value is not None}

    def number(self, name: str) -> float | None:
        """Give a number by its name; None where it is undefined, or this task has none of that name."""
        value = getattr(self, name, None)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


class ClassesMeasured(Measured):
    """What is measured where rows have one of several classes; shares are 0 to 1."""

    accuracy: float
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    f1_macro: float
    mean_confidence: float | None = None
    per_class: dict[str, ClassFigures]
    confusion: Confusion


class MulticlassMeasured(ClassesMeasured):
    """What is measured of a multiclass task."""

    task: Literal["multiclass"] = "multiclass"


class BinaryMeasured(ClassesMeasured):
    """What is measured of a binary task; the numbers without another name are those of the positive class.

    Attributes
    ----------
    roc
        (False positive rate, true positive rate), ascending; empty where undefined.
    precision_recall
        (Recall, precision), by recall.
    """

    task: Literal["binary"] = "binary"
    positive: str
    auc: float | None
    auc_low: float | None = None
    auc_high: float | None = None
    precision: float | None
    precision_low: float | None = None
    precision_high: float | None = None
    recall: float | None
    recall_low: float | None = None
    recall_high: float | None = None
    f1: float | None
    brier: float | None
    threshold: float
    prevalence: float | None
    roc: tuple[Point, ...] = ()
    precision_recall: tuple[Point, ...] = ()
    calibration: tuple[CalibrationBin, ...] = ()


class Histogram(Record):
    """Counts of rows in bins; there is one edge more than there are counts."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class ScoredRow(Record):
    """A row by its id, with its score."""

    id: Any
    score: float


class AnomalyMeasured(Measured):
    """What is measured of a task without labels.

    Attributes
    ----------
    threshold
        Score above which a row is called anomalous.
    top
        The rows with the highest scores, highest first.
    """

    task: Literal["anomaly"] = "anomaly"
    threshold: float
    anomaly_rate: float
    anomaly_rate_low: float
    anomaly_rate_high: float
    contamination: float
    rate_fit: float
    histogram: Histogram
    top: tuple[ScoredRow, ...] = ()


AnyMeasured = Annotated[MulticlassMeasured | BinaryMeasured | AnomalyMeasured, Discriminator("task")]


class JudgedPerformance(Record):
    """The verdict on a batch's performance: see `PerformanceVerdict`."""

    degraded: bool | None
    severity: Severity
    reason: str
    metric: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    baseline: float | None = None
    labelled_rows: int = 0
    low_confidence: bool = False


class RulePart(Record):
    """One comparison of a rule, with the value that it was held against and what came of it; None: not known."""

    text: str
    value: float | None
    fires: bool | None


class Governance(Record):
    """What the declared rule for retraining came to.

    Attributes
    ----------
    fires
        None where it cannot be told yet.
    on_arrival
        Whether it fires on what is known without labels.
    on_labels
        Whether it fires once labels are known, and did not before.
    """

    rule: str
    fires: bool | None
    reason: str
    on_arrival: bool = False
    on_labels: bool = False
    parts: tuple[RulePart, ...] = ()


class PerformanceResult(LabelledDrift):
    """What was measured of a batch's predictions, and the verdict on it.

    Attributes
    ----------
    rows, labelled_rows
        Of gold.
    labels_fingerprint
        Of the labels that came later; empty where they come with the batch, or are not known yet.
    gold_fingerprint, predictions_fingerprint
        The contents that were compared.
    metrics
        None where nothing could be measured.
    value, value_low, value_high
        The metric that the model is judged by, with its 95 % interval.
    frozen_value, previous_value
        That metric of the first champion and of the one before this one, on the same rows.
    identity
        Of what was judged: gold, champion, and labels that came later.
    """

    batch: str
    rows: int
    labelled_rows: int
    labels_fingerprint: str = ""
    gold_fingerprint: str
    predictions_fingerprint: str
    champion: Champion | None = None
    verdict: JudgedPerformance
    metric: str
    value: float | None = None
    value_low: float | None = None
    value_high: float | None = None
    metrics: AnyMeasured | None = None
    mean_confidence: float | None = None
    frozen_value: float | None = None
    previous_value: float | None = None
    frozen_accuracy: float | None = None
    previous_accuracy: float | None = None
    governance: Governance | None = None
    identity: str
