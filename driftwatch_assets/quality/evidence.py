"""What an expectation found: counts, the worst columns and the first offending rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch_assets.quality.columns import TableColumns

WORST_COLUMNS = 10
FIRST_ROWS = 5
LONGEST_TEXT = 200
WITHHELD = "withheld"


@dataclass(frozen=True)
class Evidence:
    """Counts of one expectation on one table.

    Attributes
    ----------
    rows
        Rows of the table.
    unexpected_count
        Values (rows, columns: what the expectation counts) that are not as declared.
    unexpected_share
        Share of them, 0 to 1, among what was looked at; of several columns the worst column's share.
    missing_count
        Missing values (NaN, None, NaT) among what was looked at.
    worst_columns
        Columns with their unexpected counts, most first, at most 10.
    first_rows
        The first offending places, at most 5, each `{"row", "column", "value"}`.
    details
        What only this kind of expectation knows.

    """

    rows: int
    unexpected_count: int
    unexpected_share: float
    missing_count: int = 0
    worst_columns: Mapping[str, int] = field(default_factory=dict)
    first_rows: Sequence[Mapping[str, Any]] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Give plain values that JSON can hold."""
        return {
            "rows": self.rows,
            "unexpected_count": self.unexpected_count,
            "unexpected_share": self.unexpected_share,
            "missing_count": self.missing_count,
            "worst_columns": dict(self.worst_columns),
            "first_rows": [dict(row) for row in self.first_rows],
            **self.details,
        }


def share(count: int, considered: int) -> float:
    """Give count / considered, and 0 where nothing was looked at."""
    return count / considered if considered else 0.0


def tally(
    frame: pd.DataFrame,
    unexpected: Mapping[str, np.ndarray[Any, np.dtype[np.bool_]]],
    considered: Mapping[str, int],
    *,
    columns: TableColumns,
    missing_count: int,
    details: Mapping[str, Any] | None = None,
) -> Evidence:
    """Sum up the unexpected values of several columns.

    Parameters
    ----------
    frame
        The table, n rows.
    unexpected
        A boolean mask of n rows by column.
    considered
        How many values were looked at by column.
    columns
        What is known of the table: the identity names rows, the values of personal columns are withheld.
    missing_count
        Missing values in these columns.
    details
        Passed on.

    """
    counts = {name: int(mask.sum()) for name, mask in unexpected.items()}
    offending = sorted((name for name, count in counts.items() if count), key=lambda name: -counts[name])
    places = [
        (int(position), order, name)
        for order, name in enumerate(unexpected)
        if counts[name]
        for position in np.flatnonzero(unexpected[name])[:FIRST_ROWS]
    ]
    return Evidence(
        rows=len(frame),
        unexpected_count=sum(counts.values()),
        unexpected_share=max((share(counts[name], considered[name]) for name in counts), default=0.0),
        missing_count=missing_count,
        worst_columns={name: counts[name] for name in offending[:WORST_COLUMNS]},
        first_rows=[
            {
                "row": row_name(frame, position, columns),
                "column": name,
                "value": shown(frame, position, name, columns),
            }
            for position, _, name in sorted(places)[:FIRST_ROWS]
        ],
        details={} if details is None else details,
    )


def first_rows(
    frame: pd.DataFrame, mask: np.ndarray[Any, np.dtype[np.bool_]], column: str | None, *, columns: TableColumns
) -> list[dict[str, Any]]:
    """Give the first few offending rows of one column, or of whole rows where `column` is None."""
    return [
        {
            "row": row_name(frame, int(position), columns),
            "column": column,
            "value": None if column is None else shown(frame, int(position), column, columns),
        }
        for position in np.flatnonzero(mask)[:FIRST_ROWS]
    ]


def most_common(
    frame: pd.DataFrame, mask: np.ndarray[Any, np.dtype[np.bool_]], column: str, *, columns: TableColumns
) -> dict[str, Any]:
    """Give how many different offending values a column has, and the most frequent five with their counts.

    The values of a personal column are counted and not given.
    """
    counts = frame[column][mask].astype(str).value_counts()
    named = {} if columns.hides(column) else {str(plain(value)): int(n) for value, n in counts.head(FIRST_ROWS).items()}
    return {"distinct_unexpected_values": len(counts), "unexpected_values": named}


def shown(frame: pd.DataFrame, position: int, column: str, columns: TableColumns) -> str | int | float | bool | None:
    """Give the value in a row as plain text or number; of a personal column only whether there is one."""
    value = plain(frame[column].iloc[position])
    return WITHHELD if value is not None and columns.hides(column) else value


def row_name(frame: pd.DataFrame, position: int, columns: TableColumns) -> Any:
    """Give the value of the identity column in a row (a list for several), or the row's position from 0."""
    names = [name for name in columns.identity if name in frame.columns and not columns.hides(name)]
    values = [plain(frame[name].iloc[position]) for name in names]
    if not values:
        return position
    return values[0] if len(values) == 1 else values


def plain(value: Any) -> str | int | float | bool | None:
    """Give a value as JSON can hold it: text is cut at 200 characters, NaN and infinities are written out.

    Examples
    --------
    >>> plain(float("inf")), plain(pd.Timestamp("2023-01-01")), plain(pd.NA)
    ('inf', '2023-01-01 00:00:00', None)

    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else str(value)
    text = str(value)
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
