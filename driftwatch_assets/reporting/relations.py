"""Drift that no single column shows: between features and label, and of the whole table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch_assets.reporting.errors import ReportContentError

if TYPE_CHECKING:
    import pandas as pd

    from driftwatch_assets.reporting.verdict import Verdict

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
        (Feature, weight) of the features that the classifier leaned on, strongest first; weights 0 to 1.
    """

    verdict: Verdict
    auc: float | None
    threshold: float
    low: float | None = None
    high: float | None = None
    rows: int = 0
    strongest: tuple[tuple[str, float], ...] = ()
