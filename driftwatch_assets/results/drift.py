"""What was found of a batch against its champion's references."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from driftwatch_assets.results.champion import Champion
from driftwatch_assets.results.record import Record, Stored

Severity = Literal["none", "low", "medium", "high"]


class DriftVerdict(Record):
    """Whether something drifted, how much, and by which rule.

    Attributes
    ----------
    drift_detected
        None where there was not enough data: neither a pass nor a failure.
    severity
        "none" unless drift was detected.
    drifted_features
        Most drifted first; also where they are too few for the batch to have drifted.
    reason, rule
        One sentence each, for people.
    severity_effect
        The score that the severity was read off; None where it is without bound.
    rows_reference, rows_current
        Rows on both sides, the most over all features.
    policy
        The thresholds that were in force, by name.
    """

    drift_detected: bool | None
    severity: Severity
    drifted_features: tuple[str, ...]
    reason: str
    severity_effect: float | None = None
    rows_reference: int = 0
    rows_current: int = 0
    rule: str = ""
    policy: dict[str, Any] = Field(default_factory=dict)


class FeaturesVerdict(DriftVerdict):
    """The verdict on columns.

    Attributes
    ----------
    judged_features
        How many columns were judged.
    share_drifted
        The share of them that drifted, 0 to 1; 0 where none was judged.
    """

    judged_features: int = 0
    share_drifted: float = 0.0


class DataDrift(FeaturesVerdict):
    """The verdict on the features; their statistics are a table of the lake.

    Attributes
    ----------
    newest
        The batches that a feature was compared with instead of the training, by feature.
    """

    newest: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class ColumnStatistics(Record):
    """The statistics of one column against its reference, and the verdict on it: see `Reference.compare`.

    What was not computed, is undefined or without bound is None.
    """

    feature: str
    kind: Literal["numeric", "categorical"] | None = None
    ks: float | None = None
    ks_pvalue: float | None = None
    ks_pvalue_adjusted: float | None = None
    chi2: float | None = None
    chi2_pvalue: float | None = None
    chi2_pvalue_adjusted: float | None = None
    psi: float | None = None
    wasserstein: float | None = None
    wasserstein_scaled: float | None = None
    missing_rate_reference: float | None = None
    missing_rate_current: float | None = None
    missing_pvalue: float | None = None
    new_categories: list[str] | None = None
    lost_categories: list[str] | None = None
    new_category_rate: float | None = None
    lost_category_rate: float | None = None
    new_category_pvalue: float | None = None
    lost_category_pvalue: float | None = None
    n_reference: int = 0
    n_current: int = 0
    rows_reference: int = 0
    rows_current: int = 0
    effect: float | None = None
    judged: bool = False
    drifted: bool = False
    because: str = ""


class ColumnsDrift(FeaturesVerdict):
    """The verdict on a few columns, the label's or those of the predictions, with what it rests on."""

    statistics: tuple[ColumnStatistics, ...]


class WholeTableFeature(Record):
    """A feature by which rows of the batch are told, and the area under the curve that it accounts for."""

    feature: str
    loss: float


class WholeTableDrift(DriftVerdict):
    """How well held-out rows of the batch are told from those of the reference: see `WholeTable`.

    Attributes
    ----------
    auc, auc_low, auc_high
        Area under the curve with its 95 % interval, 0 to 1; None where a side had too few rows.
    pvalue
        Of an area at least as large without drift.
    strongest
        What tells most, the first the most.
    """

    auc: float | None
    auc_low: float | None
    auc_high: float | None
    pvalue: float | None
    strongest: tuple[WholeTableFeature, ...] = ()


class RelationStatistics(Record):
    """How a feature tells of the label, in the reference and in the batch: see `CorrelationReference.compare`."""

    feature: str
    kind: Literal["numeric", "categorical"] | None = None
    classes: str = ""
    strength_reference: float | None = None
    strength_current: float | None = None
    change: float | None = None
    pvalue: float | None = None
    pvalue_adjusted: float | None = None
    pairs: int = 0
    n_reference: int = 0
    n_current: int = 0
    least_reference: int = 0
    least_current: int = 0
    judged: bool = False
    drifted: bool = False


class CorrelationDrift(FeaturesVerdict):
    """The verdict on what features tell of the label, with what it rests on."""

    statistics: tuple[RelationStatistics, ...]


class ClassDrift(Record):
    """How many features drifted among the rows of one class."""

    name: str = Field(alias="class")
    n_reference: int
    n_current: int
    features: int
    drifted: int | None
    share_drifted: float | None
    drift_detected: bool | None
    severity: Severity
    strongest: str

    @property
    def share(self) -> float | None:
        """Drifted features over compared ones, 0 to 1; None where it could not be told."""
        return None if self.drifted is None or not self.features else self.drifted / self.features


class LabelledDrift(Stored):
    """What only labels show: found with the drift where they come with the batch, with the performance otherwise."""

    label_drift: ColumnsDrift | None = None
    correlation_drift: CorrelationDrift | None = None
    within_classes: tuple[ClassDrift, ...] = ()


class DriftResult(LabelledDrift):
    """What was found of a batch against its champion's references.

    Attributes
    ----------
    rows, labelled_rows
        Of gold.
    gold_fingerprint
        The content of gold that was judged.
    identity
        Of what was judged: gold, champion, and the batches that features were compared with.
    champion
        None where none is older than the batch, or it has no row: nothing is judged then.
    """

    batch: str
    rows: int
    labelled_rows: int
    gold_fingerprint: str
    identity: str
    champion: Champion | None = None
    data_drift: DataDrift | None = None
    prediction_drift: ColumnsDrift | None = None
    whole_table_drift: WholeTableDrift | None = None
