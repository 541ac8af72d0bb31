"""What a report says: plain results, already decided, that the pages and their JSON twins only set out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from driftwatch_assets.reporting.errors import ReportContentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from driftwatch_assets.reporting.anomaly import AnomalyScores
    from driftwatch_assets.reporting.distributions import Distribution
    from driftwatch_assets.reporting.history import HistoryEntry
    from driftwatch_assets.reporting.performance import Performance
    from driftwatch_assets.reporting.relations import RelationDrift, WholeTableScore
    from driftwatch_assets.reporting.verdict import Verdict
    from driftwatch_assets.results import Champion, ClassDrift, Governance

TaskKind = Literal["multiclass", "binary", "anomaly"]
TASKS: tuple[TaskKind, ...] = ("multiclass", "binary", "anomaly")


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
        None while labels are not known; `performance_missing` then says why. None where the task has no labels.
    mean_confidence
        Mean of the predictions' confidence, 0 to 1; None where the task has none.
    distributions
        Both sides of the features to draw, strongest first (see `histograms`).
    history
        Entries up to and including this batch, in batch order.
    decision
        What the system decided; None when nothing is known of it.
    provenance
        What the page rests on: fingerprints, versions, names of files.
    task
        What the model says of a row: one of several classes, one of two, or how anomalous it is.
    anomaly
        What was scored, where the task has no labels; instead of `performance`.
    correlation
        How the relation between each feature and the label changed; None when not known or switched off.
    whole_table
        How well the batch's rows can be told from the reference's; None when not known or switched off.
    governance
        The declared rule for retraining, and whether it fires; None without one.
    quality_page
        Name of the batch's quality page beside this one; empty when there is none.
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
    within_classes: tuple[ClassDrift, ...] = ()
    performance: Performance | None = None
    performance_missing: str = "The labels of this batch are not known yet."
    mean_confidence: float | None = None
    distributions: tuple[Distribution, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    decision: Decision | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)
    task: TaskKind = "multiclass"
    anomaly: AnomalyScores | None = None
    correlation: RelationDrift | None = None
    whole_table: WholeTableScore | None = None
    governance: Governance | None = None
    quality_page: str = ""

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise ReportContentError(
                f"report on {self.model}, batch {self.batch}: the task is {self.task!r}; valid values are"
                f" {', '.join(TASKS)}"
            )
        wrong = self.performance if self.task == "anomaly" else self.anomaly
        if wrong is not None:
            field_name = "performance" if self.task == "anomaly" else "anomaly"
            raise ReportContentError(
                f"report on {self.model}, batch {self.batch}: a task of kind {self.task} has no {field_name!r}"
            )
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
