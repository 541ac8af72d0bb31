"""The expectation that what a row refers to is there in another table of the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from driftwatch_assets.quality.columns import word
from driftwatch_assets.quality.errors import hint
from driftwatch_assets.quality.evidence import WITHHELD, Evidence, first_rows, most_common, share
from driftwatch_assets.quality.expectation import Subject, TableWide
from driftwatch_assets.quality.hypergeometric import FewOthers
from driftwatch_assets.quality.schema import family

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from driftwatch_assets.quality.columns import TableColumns

    Mask = np.ndarray[Any, np.dtype[np.bool_]]

NUMBERS = {"boolean", "float", "integer"}
PURITY = 0.99
ALPHA = 0.01


class References(TableWide):
    """At most `max_share` of the present values of `column` have no row in another table of the batch.

    The share is of rows, not of different values. Missing values refer to nothing: they are not looked at, but counted.
    Values are compared as they are: 5 is 5.0, and is not the text "5"; where one side holds numbers and the other one
    text, nothing matches and the verdict says why.

    With `label` the verdict also says which labels these rows have beside the others. That a row refers to nothing
    gives the label away when, of the labelled rows that do, at least 99 % have one label, and so few others are chance
    with a probability of 0.01 at most (hypergeometric). It is told, and breaks nothing: `max_share` does.
    """

    expect: Literal["references"]
    column: str = Field(min_length=1, description="column that refers to rows of the other table")
    table: str = Field(min_length=1, description="the other table of the batch")
    key: str | None = Field(default=None, min_length=1, description="its column with these values; default: `column`")
    max_share: float = Field(default=0.0, ge=0, lt=1, description="share of the rows that may refer to nothing")
    label: str | None = Field(
        default=None, min_length=1, description="column with the label, of which is told whether the gaps give it away"
    )

    @property
    def allowed_share(self) -> float:
        """Largest share of rows that may refer to nothing."""
        return self.max_share

    def _default_name(self) -> str:
        return f"references_{word(self.column)}_in_{word(self.table)}"

    @property
    def other(self) -> str:
        """The column of the other table."""
        return self.key or self.column

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        named = f" as {self.key}" if self.key and self.key != self.column else ""
        return f"every {self.column} is in {self.table}{named}"

    def columns_needed(self, columns: TableColumns, present: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG002 - one column, by name
        """Give the column, and the label where one is named."""
        return (self.column,) if self.label is None else (self.column, self.label)

    def tables_needed(self) -> Mapping[str, str]:
        """Give the other table and its column."""
        return {self.table: self.other}

    def examine(self, frame: pd.DataFrame, subject: Subject) -> Evidence:
        """Count the rows that refer to nothing."""
        table = subject.tables.get(self.table)
        if table is None:
            nearest = hint(self.table, subject.tables, what="tables")
            return _nothing_to_compare(frame, f"the batch has no table {self.table}", nearest)
        if self.other not in table.columns:
            nearest = hint(self.other, map(str, table.columns), what="columns")
            return _nothing_to_compare(frame, f"the table {self.table} has no column {self.other}", nearest)
        values, keys = frame[self.column], table[self.other].dropna()
        there = values.notna().to_numpy(dtype=bool)
        gap = np.zeros(len(frame), dtype=bool)
        gap[there] = ~_alike(values[there]).isin(_alike(keys)).to_numpy(dtype=bool)
        count = int(gap.sum())
        details: dict[str, Any] = {"referred_rows": len(table), "referred_values": int(keys.nunique())}
        kinds = family(_alike(values[there])), family(_alike(keys))
        if count and len(keys) and (kinds[0] in NUMBERS) != (kinds[1] in NUMBERS):
            details["of_different_types"] = f"{self.column} is {kinds[0]}, {self.table}.{self.other} is {kinds[1]}"
        if count and self.label is not None:
            details |= _labels(frame[self.label], gap, there & ~gap, hidden=subject.columns.hides(self.label))
        return Evidence(
            rows=len(frame),
            unexpected_count=count,
            unexpected_share=share(count, int(there.sum())),
            missing_count=len(frame) - int(there.sum()),
            worst_columns={self.column: count} if count else {},
            first_rows=first_rows(frame, gap, self.column, columns=subject.columns),
            details=details | most_common(frame, gap, self.column, columns=subject.columns),
        )

    def explain(self, observed: Mapping[str, Any]) -> str | None:
        """Say how many rows refer to nothing, or why none could be looked up."""
        if "absent" in observed:
            return f"{observed['absent']}, so nothing could be looked up; {observed['nearest']}"
        count = observed["unexpected_count"]
        looked_up = observed["rows"] - observed["missing_count"]
        if not count:
            return None
        text = (
            f"{count:,} of {looked_up:,} rows ({observed['unexpected_share']:.2%}) have no row there, "
            f"with {observed['distinct_unexpected_values']:,} different values; "
            f"{self.table} has {observed['referred_rows']:,} rows"
        )
        if "label_of_gaps" in observed:
            text = f"{text}; {_spoken(observed['label_of_gaps'], str(self.label))}"
        return f"{text}; {observed['of_different_types']}" if "of_different_types" in observed else text


def _labels(labels: pd.Series[Any], gap: Mask, others: Mask, *, hidden: bool) -> dict[str, Any]:
    """Tell the commonest label of the rows that refer to nothing, beside the others, and whether it is given away."""
    known = labels.notna().to_numpy(dtype=bool)
    inside, outside = labels[gap & known].astype(str), labels[others & known].astype(str)
    if inside.empty:
        return {}
    counts = inside.value_counts()
    label, rows = str(counts.index[0]), int(counts.iloc[0])
    same = rows + int((outside == label).sum())
    labelled = len(inside) + len(outside)
    chance = FewOthers(rows=labelled, others=labelled - same).at_most(len(inside), len(inside) - rows)
    return {
        "label_of_gaps": {
            "label": WITHHELD if hidden else label,
            "rows": rows,
            "labelled_rows": len(inside),
            "share_of_others": None if outside.empty else float((outside == label).mean()),
            "p": chance,
            "gives_away": rows / len(inside) >= PURITY and chance <= ALPHA,
        }
    }


def _spoken(told: Mapping[str, Any], label: str) -> str:
    pure = "all" if told["rows"] == told["labelled_rows"] else f"{told['rows'] / told['labelled_rows']:.1%} of the"
    beside = "" if told["share_of_others"] is None else f" ({told['share_of_others']:.1%} of the others)"
    text = f"{pure} rows without one have {label} = {told['label']}{beside}"
    return f"{text}, so that the gap gives {label} away" if told["gives_away"] else text


def _alike(values: pd.Series[Any]) -> pd.Series[Any]:
    """Give values in a form in which `isin` compares the same ones alike, whatever pandas holds them in."""
    if family(values) in {"string", "category", "empty"}:
        return values.astype(object)
    return values


def _nothing_to_compare(frame: pd.DataFrame, absent: str, nearest: str) -> Evidence:
    return Evidence(
        rows=len(frame),
        unexpected_count=len(frame),
        unexpected_share=1.0,
        details={"absent": absent, "nearest": nearest},
    )
