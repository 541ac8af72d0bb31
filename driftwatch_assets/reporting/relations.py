"""Drift that no single column shows: between features and label, and of the whole table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch_assets.reporting.errors import ReportContentError
from driftwatch_assets.reporting.verdict import verdict_from

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def relation_from(stored: Mapping[str, Any], table: pd.DataFrame) -> RelationDrift:
    """Tell how the relations changed, of the stored verdict and its table (see `RelationDrift.table`).

    Raises
    ------
    ReportContentError
        The table lacks a column.
    """
    return RelationDrift(verdict_from(stored), table)


def whole_table_from(stored: Mapping[str, Any]) -> WholeTableScore:
    """Tell how well the sides can be told apart, of the stored verdict on the whole table.

    Examples
    --------
    >>> from driftwatch_assets.drift import WholeTable, judge_whole_table
    >>> found = judge_whole_table(WholeTable(0.83, 0.8, 0.86, 1e-30, 2000, 500, (("income", 0.21),)))
    >>> told = whole_table_from(found.as_dict())
    >>> told.auc, told.threshold, told.rows, told.strongest
    (0.83, 0.6, 2500, (('income', 0.21),))
    """
    return WholeTableScore(
        verdict=verdict_from(stored),
        auc=stored["auc"],
        threshold=stored["policy"]["auc"],
        low=stored["auc_low"],
        high=stored["auc_high"],
        rows=stored["rows_reference"] + stored["rows_current"],
        strongest=tuple((each["feature"], each["loss"]) for each in stored["strongest"]),
    )
