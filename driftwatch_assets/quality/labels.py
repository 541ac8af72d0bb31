"""The expectation that rows which are the same have the same label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from driftwatch_assets.quality.columns import Columns, resolve, slug, spoken
from driftwatch_assets.quality.errors import SuiteError
from driftwatch_assets.quality.evidence import Evidence, first_rows, share
from driftwatch_assets.quality.expectation import Expectation, Subject, TableWide, Tolerant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from driftwatch_assets.quality.columns import TableColumns


class Labelled(Expectation):
    """An expectation on features and the label that belongs to them."""

    columns: Columns = "features"
    label: str = Field(min_length=1, description="column with the label")

    @model_validator(mode="after")
    def _label_is_no_feature(self) -> Labelled:
        if isinstance(self.columns, tuple) and self.label in self.columns:
            message = f"the label {self.label!r} stands among the columns too; leave it out there"
            raise ValueError(message)
        return self

    def chosen(self, columns: TableColumns, present: Iterable[str]) -> tuple[str, ...]:
        """Give the chosen columns without the label.

        Raises
        ------
        SuiteError
            When there are none.

        """
        names = tuple(name for name in resolve(self.columns, columns, present) if name != self.label)
        if not names:
            message = f"columns: {spoken(self.columns)} are only the label {self.label!r}"
            raise SuiteError(message)
        return names

    def columns_needed(self, columns: TableColumns, present: tuple[str, ...]) -> tuple[str, ...]:
        """Give the label and the chosen columns."""
        return (self.label, *self.chosen(columns, present))


class ConflictingLabels(Labelled, Tolerant, TableWide):
    """At most `max_share` of the labelled rows are equal to another in `columns` and have another label than it.

    Missing values are equal to each other. Every row of a group of equal rows with two labels or more is unexpected,
    so a pair counts two. Rows without a label are not looked at, but counted as missing.
    """

    expect: Literal["conflicting_labels"]

    def _default_name(self) -> str:
        return "conflicting_labels" if self.columns == "features" else f"conflicting_labels_{slug(self.columns)}"

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        return f"rows that are equal in {spoken(self.columns)} have the same {self.label}"

    def examine(self, frame: pd.DataFrame, subject: Subject) -> Evidence:
        """Count the rows that contradict another."""
        names = self.chosen(subject.columns, frame.columns)
        labelled = frame[self.label].notna().to_numpy(dtype=bool)
        conflict = np.zeros(len(frame), dtype=bool)
        groups = 0
        equal = np.flatnonzero(labelled)[frame.loc[labelled, list(names)].duplicated(keep=False).to_numpy()]
        if len(equal):
            group = _groups(frame[list(names)].iloc[equal])
            label = pd.factorize(frame[self.label].iloc[equal])[0]
            pairs = pd.DataFrame({"group": group, "label": label}).drop_duplicates()
            several = pairs["group"].value_counts() > 1
            conflicting = several.index[several]
            groups = len(conflicting)
            conflict[equal] = np.isin(group, conflicting)
        count = int(conflict.sum())
        return Evidence(
            rows=len(frame),
            unexpected_count=count,
            unexpected_share=share(count, int(labelled.sum())),
            missing_count=len(frame) - int(labelled.sum()),
            first_rows=first_rows(frame, conflict, None, columns=subject.columns),
            details={"conflicting_groups": groups},
        )

    def explain(self, observed: Mapping[str, Any]) -> str | None:
        """Say how many rows contradict each other."""
        if not observed["unexpected_count"]:
            return None
        groups = observed["conflicting_groups"]
        return (
            f"{observed['unexpected_count']:,} rows ({observed['unexpected_share']:.2%}) in "
            f"{groups:,} group{'s' if groups > 1 else ''} of equal rows contradict each other; "
            f"first in row {observed['first_rows'][0]['row']}"
        )


def _groups(frame: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Give each row the number of its group of equal rows."""
    codes = pd.DataFrame({place: pd.factorize(frame[name])[0] for place, name in enumerate(frame.columns)})
    return codes.groupby(list(codes.columns), sort=False).ngroup().to_numpy()
