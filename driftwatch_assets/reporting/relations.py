"""Drift that no single column shows: between features and label, and of the whole table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch_assets.reporting.errors import ReportContentError
from driftwatch_assets.reporting.verdict import statistics_from, verdict_from

if TYPE_CHECKING:
    import pandas as pd

    from driftwatch_assets.reporting.verdict import Verdict
    from driftwatch_assets.results import CorrelationDrift, WholeTableDrift

RELATION_COLUMNS = ("strength_reference", "strength_current", "change", "pvalue_adjusted", "drifted")


@dataclass(frozen=True, eq=False)
class RelationDrift:
    """How the relation between each feature and the label changed.

    Attributes
    ----------
    verdict
        What the policy made of `table`.
    table
        Index feature (or a column ``feature``); columns ``strength_reference``, ``strength_current`` (-1 to 1),
        ``change``, ``pvalue_adjusted`` and ``drifted`` (bool); with ``classes``, which two of them the relation tells
        apart, and ``judged`` where they are known.
    """

    verdict: Verdict
    table: pd.DataFrame

    def __post_init__(self) -> None:
        absent = [name for name in RELATION_COLUMNS if name not in self.table.columns]
        if absent:
            raise ReportContentError(
                f"the table of relations lacks {', '.join(absent)}; it has {', '.join(map(str, self.table.columns))}"
            )

    @property
    def ordered(self) -> pd.DataFrame:
        """The table with the features as the index: drifted ones first, then by the size of the change."""
        frame = self.table.set_index("feature") if "feature" in self.table.columns else self.table
        frame = frame.set_axis([str(each) for each in frame.index])
        size = frame["change"].astype(float).abs().fillna(-1.0)
        marks = frame["drifted"].to_numpy(dtype=bool)
        order = sorted(range(len(frame)), key=lambda at: (not marks[at], -size.iloc[at], frame.index[at]))
        return frame.iloc[order]


@dataclass(frozen=True)
class WholeTableScore:
    """How well a classifier tells rows of the batch from rows of the reference.

    Attributes
    ----------
    verdict
        What the policy made of the score.
    auc
        Area under the ROC curve out of fold: 0.5 when they cannot be told apart, 1 when always; None when not told.
    low, high
        Its 95 % interval, when known.
    threshold
        The score from which the table counts as drifted.
    rows
        Rows that were told apart, of both sides.
    strongest
        (Feature, loss) of the features that tell most, strongest first: the area that is lost when the feature is
        shuffled, 0 to 1.
    """

    verdict: Verdict
    auc: float | None
    threshold: float
    low: float | None = None
    high: float | None = None
    rows: int = 0
    strongest: tuple[tuple[str, float], ...] = ()


def relation_from(found: CorrelationDrift) -> RelationDrift:
    """Tell how the relations changed, of the stored verdict with what it rests on."""
    return RelationDrift(verdict_from(found), statistics_from(found))


def whole_table_from(found: WholeTableDrift) -> WholeTableScore:
    """Tell how well the sides can be told apart, of the stored verdict on the whole table.

    The threshold is the one that it was judged under, whatever is declared today.

    Examples
    --------
    >>> from driftwatch_assets.results import WholeTableDrift
    >>> told = whole_table_from(WholeTableDrift(
    ...     drift_detected=True, severity="high", drifted_features=(), reason="", rows_reference=2000, rows_current=500,
    ...     auc=0.83, auc_low=0.8, auc_high=0.86, pvalue=1e-30, policy={"auc": 0.6}))
    >>> told.auc, told.threshold, told.rows
    (0.83, 0.6, 2500)
    """
    return WholeTableScore(
        verdict=verdict_from(found),
        auc=found.auc,
        threshold=found.policy["auc"],
        low=found.auc_low,
        high=found.auc_high,
        rows=found.rows_reference + found.rows_current,
        strongest=tuple((each.feature, each.loss) for each in found.strongest),
    )
