"""Expectations on rows that are there more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from driftwatch_assets.quality.columns import Columns, resolve, slug, spoken
from driftwatch_assets.quality.errors import SuiteError
from driftwatch_assets.quality.evidence import Evidence, first_rows, share
from driftwatch_assets.quality.expectation import BuiltIn, Subject, Tolerant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    import pandas as pd

    from driftwatch_assets.quality.columns import TableColumns


class Unique(BuiltIn):
    """No two rows have the same values in `columns`; rows with a missing value there are not compared, but counted.

    Every row of a group of equal rows is unexpected: a pair counts two.
    """

    expect: Literal["unique"]
    columns: Columns

    def _default_name(self) -> str:
        return f"unique_{slug(self.columns)}"

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        return f"no two rows have the same {spoken(self.columns)}"

    def columns_needed(self, columns: TableColumns, present: tuple[str, ...]) -> tuple[str, ...]:
        """Give the chosen columns."""
        return resolve(self.columns, columns, present)

    def build(self, expectations: ModuleType, needed: tuple[str, ...]) -> Any:
        """Give ExpectColumnValuesToBeUnique, or ExpectCompoundColumnsToBeUnique for several columns."""
        if len(needed) == 1:
            return expectations.ExpectColumnValuesToBeUnique(column=needed[0])
        return expectations.ExpectCompoundColumnsToBeUnique(
            column_list=list(needed), ignore_row_if="any_value_is_missing"
        )

    def locate(self, frame: pd.DataFrame, subject: Subject, result: Mapping[str, Any]) -> Evidence:
        """Give the rows that share their values with another."""
        key = frame[list(resolve(self.columns, subject.columns, frame.columns))]
        missing = key.isna().any(axis=1).to_numpy()
        repeated = key.duplicated(keep=False).to_numpy() & ~missing
        return _repeated_rows(frame, key, repeated, subject, result, missing_count=int(missing.sum()))


class NoDuplicates(Tolerant, BuiltIn):
    """At most `max_share` of the rows are the same as another in `columns`, missing values being equal to each other.

    Every row of a group of equal rows is unexpected: a pair counts two. The group `all` leaves the identity out.
    """

    expect: Literal["no_duplicates"]
    columns: Columns = "all"

    def _default_name(self) -> str:
        return "no_duplicates" if self.columns == "all" else f"no_duplicates_{slug(self.columns)}"

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        return f"no row is the same as another in {spoken(self.columns)}"

    def columns_needed(self, columns: TableColumns, present: tuple[str, ...]) -> tuple[str, ...]:
        """Give the chosen columns, at least two."""
        names = resolve(self.columns, columns, present)
        if len(names) == 1:
            message = f"no_duplicates compares two columns or more, found only {names[0]!r}; for one column use unique"
            raise SuiteError(message)
        return names

    def build(self, expectations: ModuleType, needed: tuple[str, ...]) -> Any:
        """Give ExpectCompoundColumnsToBeUnique."""
        return expectations.ExpectCompoundColumnsToBeUnique(
            column_list=list(needed), ignore_row_if="never", mostly=self.mostly
        )

    def locate(self, frame: pd.DataFrame, subject: Subject, result: Mapping[str, Any]) -> Evidence:
        """Give the rows that are the same as another."""
        key = frame[list(resolve(self.columns, subject.columns, frame.columns))]
        repeated = key.duplicated(keep=False).to_numpy()
        return _repeated_rows(frame, key, repeated, subject, result, missing_count=int(key.isna().to_numpy().sum()))


def _repeated_rows(
    frame: pd.DataFrame,
    key: pd.DataFrame,
    repeated: Any,
    subject: Subject,
    result: Mapping[str, Any],
    *,
    missing_count: int,
) -> Evidence:
    unexpected = int(result["unexpected_count"])
    considered = int(result["element_count"]) - int(result.get("missing_count") or 0)
    only = key.columns[0] if key.shape[1] == 1 else None
    return Evidence(
        rows=len(frame),
        unexpected_count=unexpected,
        unexpected_share=share(unexpected, considered),
        missing_count=missing_count,
        first_rows=first_rows(frame, repeated, only, columns=subject.columns),
        details={"surplus_rows": int(key[repeated].duplicated().sum())},
    )
