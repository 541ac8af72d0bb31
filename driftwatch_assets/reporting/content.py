"""What a report says: plain results, already decided, that the pages and their JSON twins only set out."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd

    from driftwatch_assets.reporting.distributions import Distribution

SEVERITIES = ("none", "low", "medium", "high")


class ReportContentError(ValueError):
    """What was handed to a report contradicts itself; the message names the model, the batch and the field."""


@dataclass(frozen=True)
class Champion:
    """The model that scored a batch.

    Attributes
    ----------
    version
        Its version in the registry.
    trained_through
        The last batch that it has seen.
    estimator
        What it is, for people, such as ``"SVC"``; empty when not told.
    """

    version: str
    trained_through: str
    estimator: str = ""


@dataclass(frozen=True)
class Verdict:
    """What the policy made of the statistics.

    Attributes
    ----------
    drift_detected
        True, False, or None when there was not enough data for a verdict.
    severity
        ``"none"``, ``"low"``, ``"medium"`` or ``"high"``.
    drifted_features
        The features that count as drifted.
    reason
        One sentence for people.
    rule
        The rule in words, with its thresholds; empty when not told.
    """

    drift_detected: bool | None
    severity: str = "none"
    drifted_features: tuple[str, ...] = ()
    reason: str = ""
    rule: str = ""

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ReportContentError(f"severity is {self.severity!r}; valid values are {', '.join(SEVERITIES)}")


@dataclass(frozen=True, eq=False)
class ColumnDrift:
    """Drift of one column: the label, or the predictions.

    Attributes
    ----------
    statistics
        One row, with the columns of `BatchReport.statistics`.
    verdict
        What the policy made of it.
    distribution
        How often each value occurs on both sides, when it is to be drawn.
    """

    statistics: pd.DataFrame
    verdict: Verdict
    distribution: Distribution | None = None


@dataclass(frozen=True)
class WithinClass:
    """Feature drift among the rows of one class, where label drift cannot hide it or imitate it.

    Attributes
    ----------
    name
        The class.
    n_reference, n_current
        Rows of the class in the reference and in the batch.
    drifted
        How many features drifted within the class; None when there were too few rows to tell.
    features
        How many features were compared.
    strongest
        The feature that moved most; empty when none is to be named.
    """

    name: str
    n_reference: int
    n_current: int
    drifted: int | None
    features: int
    strongest: str = ""

    @property
    def share(self) -> float | None:
        """Drifted features over compared features, 0 to 1; None when it could not be told."""
        if self.drifted is None or not self.features:
            return None
        return self.drifted / self.features


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
        95 % interval of the accuracy, (low, high).
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
    """

    rows: int
    accuracy: float
    interval: tuple[float, float]
    f1_macro: float
    per_class: pd.DataFrame
    confusion: np.ndarray[Any, Any]
    classes: tuple[str, ...]
    baseline_accuracy: float | None = None
    baseline_rows: str = ""
    degraded: bool | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        shape = (len(self.classes), len(self.classes))
        if self.confusion.shape != shape:
            raise ReportContentError(
                f"the confusion matrix has shape {self.confusion.shape}, but {len(self.classes)} class names ask for"
                f" {shape}: {', '.join(self.classes)}"
            )


@dataclass(frozen=True)
class Decision:
    """What the system decided after this batch.

    Attributes
    ----------
    retraining_requested
        Whether a retraining was asked for; None when it has not been decided yet.
    reason
        One sentence for people: why, or why not.
    """

    retraining_requested: bool | None
    reason: str = ""


@dataclass(frozen=True)
class HistoryEntry:
    """One batch in the model's history, and what happened after it.

    Attributes
    ----------
    batch, rows
        Its key and its rows.
    champion_trained_through
        The last batch that its champion had seen; None when there was no champion.
    accuracy, f1_macro
        Of that champion on this batch, 0 to 1; None while labels are not known.
    accuracy_low, accuracy_high
        95 % interval of the accuracy, when it is to be drawn.
    frozen_accuracy
        What the first champion, never retrained, reaches on this batch.
    previous_accuracy
        What the champion before this one would have reached on this batch.
    drift_detected, severity, drifted_features
        The verdict, and the number of drifted features.
    checks_failed
        The number of failed checks.
    retrained, promoted
        Whether a model was trained through this batch, and whether it became champion.
    """

    batch: str
    rows: int | None = None
    champion_trained_through: str | None = None
    accuracy: float | None = None
    f1_macro: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    frozen_accuracy: float | None = None
    previous_accuracy: float | None = None
    drift_detected: bool | None = None
    severity: str | None = None
    drifted_features: int | None = None
    checks_failed: int | None = None
    retrained: bool = False
    promoted: bool = False

    @classmethod
    def of(cls, record: Mapping[str, Any] | HistoryEntry) -> HistoryEntry:
        """Read an entry from a record of the history; lists (of features, of checks) become their length.

        Of a batch that was not judged (`drift_detected` is None), no number of drifted features is told.

        Raises
        ------
        ReportContentError
            The record has a field that no entry has, or no batch.

        Examples
        --------
        >>> HistoryEntry.of({"batch": 7, "accuracy": 0.87, "drifted_features": ["a", "b"]}).drifted_features
        2
        >>> HistoryEntry.of({"batch": 1, "drift_detected": None, "drifted_features": []}).drifted_features is None
        True
        >>> try:
        ...     HistoryEntry.of({"batch": "7", "acuracy": 0.87})
        ... except ReportContentError as error:
        ...     print(error)
        a history record has the field 'acuracy', which no entry has; did you mean 'accuracy'?
        """
        if isinstance(record, HistoryEntry):
            return record
        names = [each.name for each in fields(cls)]
        values: dict[str, Any] = {}
        for name, value in record.items():
            if name not in names:
                near = get_close_matches(name, names, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"valid fields are {', '.join(names)}"
                raise ReportContentError(f"a history record has the field {name!r}, which no entry has; {hint}")
            values[name] = len(value) if isinstance(value, list | tuple | set | frozenset) else value
        if "batch" not in values:
            raise ReportContentError(f"a history record names no batch: it has {', '.join(record) or 'no field'}")
        if record.get("drift_detected", "not told") is None:
            values["drifted_features"] = None
        values["batch"] = str(values["batch"])
        values["retrained"] = bool(values.get("retrained"))
        values["promoted"] = bool(values.get("promoted"))
        return cls(**values)


@dataclass(frozen=True, eq=False)
class BatchReport:
    """Everything that is told about one batch.

    Attributes
    ----------
    model, title
        The monitored model's name, and its title for people.
    batch, rows
        The batch's key, and how many rows of it were compared.
    verdict
        Data drift: what the policy made of `statistics`.
    statistics
        Index feature (or a column ``feature``); any of the columns ``ks, ks_pvalue, ks_pvalue_adjusted, psi,
        wasserstein, wasserstein_scaled, chi2, chi2_pvalue, missing_rate_reference, missing_rate_current,
        n_reference, n_current, kind, new_categories, lost_categories, drifted``. Without the column ``drifted`` the
        verdict's features are marked. None when there was nothing to compare with.
    champion
        None when there was no champion before this batch.
    quarantine
        Reason → rejected rows.
    reference
        In words, which rows the batch was compared with.
    label_drift, prediction_drift
        None when not known.
    within_classes
        Feature drift within each class; empty when labels are not known.
    performance
        None while labels are not known; `performance_missing` then says why.
    mean_confidence
        Mean of the predictions' confidence, 0 to 1.
    distributions
        Both sides of the features to draw, strongest first (see `histograms`).
    history
        Entries up to and including this batch, in batch order.
    decision
        What the system decided; None when nothing is known of it.
    provenance
        What the page rests on: fingerprints, versions, names of files.
    """

    model: str
    batch: str
    rows: int
    verdict: Verdict
    title: str = ""
    statistics: pd.DataFrame | None = None
    champion: Champion | None = None
    quarantine: Mapping[str, int] = field(default_factory=dict)
    reference: str = ""
    label_drift: ColumnDrift | None = None
    prediction_drift: ColumnDrift | None = None
    within_classes: tuple[WithinClass, ...] = ()
    performance: Performance | None = None
    performance_missing: str = "The labels of this batch are not known yet."
    mean_confidence: float | None = None
    distributions: tuple[Distribution, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    decision: Decision | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.statistics is None:
            return
        known = set(self.features)
        unknown = [name for name in self.verdict.drifted_features if name not in known]
        if unknown:
            raise ReportContentError(
                f"report on {self.model}, batch {self.batch}: the verdict names {unknown[0]!r} as drifted, but the"
                f" statistics have no such feature (they have {len(known)})"
            )

    @property
    def features(self) -> tuple[str, ...]:
        """The compared features."""
        if self.statistics is None:
            return ()
        named = self.statistics["feature"] if "feature" in self.statistics.columns else self.statistics.index
        return tuple(str(each) for each in named)

    @property
    def quarantined(self) -> int:
        """Rejected rows, over all reasons."""
        return sum(self.quarantine.values())


@dataclass(frozen=True, eq=False)
class Heatmap:
    """One statistic of every feature in every batch.

    Attributes
    ----------
    statistic
        Its column, such as ``"wasserstein_scaled"`` or ``"psi"``.
    cells
        Index feature, columns batch keys in batch order; NaN where a batch was not compared.
    drifted
        Same shape, bool: which cells count as drifted.
    """

    statistic: str
    cells: pd.DataFrame
    drifted: pd.DataFrame

    def __post_init__(self) -> None:
        if self.cells.shape != self.drifted.shape:
            raise ReportContentError(
                f"the heatmap's cells are {self.cells.shape[0]} by {self.cells.shape[1]} (features by batches), its"
                f" drifted marks {self.drifted.shape[0]} by {self.drifted.shape[1]}"
            )
