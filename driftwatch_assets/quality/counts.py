"""Expectations on numbers of rows: how many there are, how many could be read, how many were rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from driftwatch_assets.quality.evidence import Evidence, first_rows, share
from driftwatch_assets.quality.expectation import BuiltIn, Subject, TableWide, Tolerant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    import pandas as pd

    from driftwatch_assets.quality.columns import TableColumns


class RowCount(BuiltIn):
    """The table has at least `min` and at most `max` rows, both inclusive."""

    expect: Literal["row_count"]
    min: int | None = Field(default=None, ge=0, description="fewest rows")
    max: int | None = Field(default=None, ge=0, description="most rows")

    @model_validator(mode="after")
    def _has_bounds_in_order(self) -> RowCount:
        if self.min is None and self.max is None:
            message = "row_count needs min, max or both"
            raise ValueError(message)
        if self.min is not None and self.max is not None and self.min > self.max:
            message = f"min is {self.min:,}, above max, which is {self.max:,}"
            raise ValueError(message)
        return self

    def _default_name(self) -> str:
        return "row_count"

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        if self.max is None:
            return f"the table has at least {self.min:,} rows"
        if self.min is None:
            return f"the table has at most {self.max:,} rows"
        return f"the table has {self.min:,} to {self.max:,} rows"

    def build(self, expectations: ModuleType, needed: tuple[str, ...]) -> Any:  # noqa: ARG002 - looks at no column
        """Give ExpectTableRowCountToBeBetween."""
        return expectations.ExpectTableRowCountToBeBetween(min_value=self.min, max_value=self.max)

    def locate(self, frame: pd.DataFrame, subject: Subject, result: Mapping[str, Any]) -> Evidence:  # noqa: ARG002 - no row is to blame
        """Give the number of rows; `unexpected_count` is how many there are too many or too few."""
        rows = int(result["observed_value"])
        lacking = max((self.min or 0) - rows, 0)
        surplus = max(rows - self.max, 0) if self.max is not None else 0
        return Evidence(rows=rows, unexpected_count=lacking + surplus, unexpected_share=float(lacking + surplus > 0))

    def explain(self, observed: Mapping[str, Any]) -> str:
        """Give the number of rows in words."""
        return f"it has {observed['rows']:,}"


class Readable(Tolerant, BuiltIn):
    """At most `max_share` of the rows have a `problem`, which a source writes where it could not read a line."""

    expect: Literal["readable"]
    column: str = Field(default="problem", min_length=1, description="column that says what is wrong with a row")

    def _default_name(self) -> str:
        return "readable"

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        return "every row could be read"

    def columns_needed(self, columns: TableColumns, present: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG002 - one column, by name
        """Give the column of problems."""
        return (self.column,)

    def build(self, expectations: ModuleType, needed: tuple[str, ...]) -> Any:
        """Give ExpectColumnValuesToBeNull."""
        return expectations.ExpectColumnValuesToBeNull(column=needed[0], mostly=self.mostly)

    def locate(self, frame: pd.DataFrame, subject: Subject, result: Mapping[str, Any]) -> Evidence:
        """Give the unreadable rows and what was wrong with the first of them."""
        unexpected = int(result["unexpected_count"])
        problems = frame[self.column]
        return Evidence(
            rows=len(frame),
            unexpected_count=unexpected,
            unexpected_share=share(unexpected, int(result["element_count"])),
            worst_columns={self.column: unexpected} if unexpected else {},
            first_rows=first_rows(frame, problems.notna().to_numpy(), self.column, columns=subject.columns),
        )


class Rejected(Tolerant, TableWide):
    """At most `max_share` of the delivered rows were rejected (went to quarantine) on the way to this table.

    The share is rejected / (rejected + rows of the table).
    """

    expect: Literal["rejected"]

    def _default_name(self) -> str:
        return "rejected"

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        return "no row was rejected on the way"

    def examine(self, frame: pd.DataFrame, subject: Subject) -> Evidence:
        """Count the rejected rows."""
        delivered = len(frame) + subject.rejected
        return Evidence(
            rows=len(frame),
            unexpected_count=subject.rejected,
            unexpected_share=share(subject.rejected, delivered),
            details={"delivered_rows": delivered},
        )

    def explain(self, observed: Mapping[str, Any]) -> str:
        """Give the rejected rows in words."""
        return (
            f"{observed['unexpected_count']:,} of {observed['delivered_rows']:,} rows were rejected "
            f"({observed['unexpected_share']:.2%})"
        )
