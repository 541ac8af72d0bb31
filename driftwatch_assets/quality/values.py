"""Expectations on values: present, in a set, between bounds."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from driftwatch_assets.quality.columns import Columns, resolve, slug, spoken, word
from driftwatch_assets.quality.comparison import comparable, utc
from driftwatch_assets.quality.evidence import Evidence, first_rows, most_common, share, tally
from driftwatch_assets.quality.expectation import BuiltIn, Subject, TableWide, Tolerant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    import pandas as pd

    from driftwatch_assets.quality.columns import TableColumns

    Mask = np.ndarray[Any, np.dtype[np.bool_]]


class ValuesIn(Tolerant, BuiltIn):
    """Every value of a column is one of `values`; missing values are not looked at, but counted."""

    expect: Literal["values_in"]
    column: str = Field(min_length=1, description="the column")
    values: tuple[str | int | float | bool, ...] = Field(min_length=1, description="the valid values")

    def _default_name(self) -> str:
        return f"values_in_{word(self.column)}"

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        return f"every value of {self.column} is one of {', '.join(map(str, self.values))}"

    def columns_needed(self, columns: TableColumns, present: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG002 - one column, by name
        """Give the column."""
        return (self.column,)

    def build(self, expectations: ModuleType, needed: tuple[str, ...]) -> Any:
        """Give ExpectColumnValuesToBeInSet."""
        return expectations.ExpectColumnValuesToBeInSet(
            column=needed[0], value_set=list(self.values), mostly=self.mostly
        )

    def locate(self, frame: pd.DataFrame, subject: Subject, result: Mapping[str, Any]) -> Evidence:
        """Give the unexpected values with how often each is there, and the first rows that hold one."""
        unexpected, missing = int(result["unexpected_count"]), int(result["missing_count"])
        values = frame[self.column]
        outside = (~values.isin(list(self.values)) & values.notna()).to_numpy(dtype=bool)
        return Evidence(
            rows=len(frame),
            unexpected_count=unexpected,
            unexpected_share=share(unexpected, int(result["element_count"]) - missing),
            missing_count=missing,
            worst_columns={self.column: unexpected} if unexpected else {},
            first_rows=first_rows(frame, outside, self.column, columns=subject.columns),
            details=most_common(frame, outside, self.column, columns=subject.columns),
        )


class NotNull(Tolerant, TableWide):
    """Of no column more than `max_share` of the values is missing (NaN, None, NaT); infinities are present."""

    expect: Literal["not_null"]
    columns: Columns

    def _default_name(self) -> str:
        return f"not_null_{slug(self.columns)}"

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        return f"no value of {spoken(self.columns)} is missing"

    def columns_needed(self, columns: TableColumns, present: tuple[str, ...]) -> tuple[str, ...]:
        """Give the chosen columns."""
        return resolve(self.columns, columns, present)

    def examine(self, frame: pd.DataFrame, subject: Subject) -> Evidence:
        """Count the missing values by column."""
        names = resolve(self.columns, subject.columns, frame.columns)
        missing = {name: frame[name].isna().to_numpy() for name in names}
        return tally(
            frame,
            missing,
            dict.fromkeys(names, len(frame)),
            columns=subject.columns,
            missing_count=sum(int(mask.sum()) for mask in missing.values()),
        )


def _bound(value: Any) -> float | dt.datetime:
    """Take a number or a moment; YAML gives a date for 2023-01-01."""
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a bound without a zone is meant as written
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value) if math.isfinite(float(value)) else _refuse(value)
        except ValueError:
            pass
        try:
            return dt.datetime.fromisoformat(value)
        except ValueError:
            pass
    return _refuse(value)


def _refuse(value: Any) -> float:
    message = f"a bound is a finite number or a date like 2023-01-31, found {value!r}"
    raise ValueError(message)


Bound = Annotated[float | dt.datetime, BeforeValidator(_bound)]


class Between(Tolerant, TableWide):
    """Of no column more than `max_share` of the present values lies outside [`min`, `max`].

    Both bounds are inclusive. Infinities are outside of any bounds. Missing values are not looked at, but counted.
    A value that cannot be compared with the bounds (text with a number, a number with a date) is outside.
    """

    expect: Literal["between"]
    columns: Columns
    min: Bound | None = Field(default=None, description="smallest value, a number or a date")
    max: Bound | None = Field(default=None, description="largest value, a number or a date")

    @model_validator(mode="after")
    def _has_bounds_in_order(self) -> Between:
        if self.min is None and self.max is None:
            message = "between needs min, max or both"
            raise ValueError(message)
        if self.min is None or self.max is None:
            return self
        if isinstance(self.min, float) != isinstance(self.max, float):
            message = f"min and max are both numbers or both dates, found {self.min} and {self.max}"
            raise ValueError(message)
        if _moment_or_number(self.min) > _moment_or_number(self.max):
            message = f"min is {self.min}, above max, which is {self.max}"
            raise ValueError(message)
        return self

    def _default_name(self) -> str:
        return f"between_{slug(self.columns)}"

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        low, high = _written(self.min), _written(self.max)
        if self.max is None:
            return f"every value of {spoken(self.columns)} is at least {low}"
        if self.min is None:
            return f"every value of {spoken(self.columns)} is at most {high}"
        return f"every value of {spoken(self.columns)} lies in [{low}, {high}]"

    def columns_needed(self, columns: TableColumns, present: tuple[str, ...]) -> tuple[str, ...]:
        """Give the chosen columns."""
        return resolve(self.columns, columns, present)

    def examine(self, frame: pd.DataFrame, subject: Subject) -> Evidence:
        """Count the values outside by column."""
        names = resolve(self.columns, subject.columns, frame.columns)
        outside: dict[str, Mask] = {}
        considered: dict[str, int] = {}
        uncomparable = []
        for name in names:
            series = frame[name]
            missing = series.isna().to_numpy()
            considered[name] = len(frame) - int(missing.sum())
            values = comparable(series, numbers=isinstance(self.min if self.max is None else self.max, float))
            if values is None:
                outside[name] = ~missing
                if considered[name]:
                    uncomparable.append(name)
            else:
                outside[name] = self._outside(values) & ~missing
        return tally(
            frame,
            outside,
            considered,
            columns=subject.columns,
            missing_count=len(frame) * len(names) - sum(considered.values()),
            details={"uncomparable_columns": uncomparable} if uncomparable else {},
        )

    def _outside(self, values: np.ndarray[Any, Any]) -> Mask:
        numbers = values.dtype.kind != "M"
        outside = np.isinf(values) if numbers else np.zeros(len(values), dtype=bool)
        if self.min is not None:
            outside |= values < (self.min if numbers else utc(self.min))
        if self.max is not None:
            outside |= values > (self.max if numbers else utc(self.max))
        return outside


def _moment_or_number(bound: float | dt.datetime) -> Any:
    return bound if isinstance(bound, float) else utc(bound)


def _written(bound: float | dt.datetime | None) -> str:
    return f"{bound:,.15g}" if isinstance(bound, float) else str(bound)
