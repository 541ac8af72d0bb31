"""Rows of a source that belong to no batch, since they have no time that could be one of a window."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from driftwatch_assets.sources.quarantine import QUARANTINE_COLUMNS, WITHHELD_TEXT
from driftwatch_assets.sources.window import EARLIEST, LATEST

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

_ABOUT_THE_ROW = ("source_line", "problem", "source_text")


@dataclass(frozen=True)
class Unplaced:
    """The quarantine of a source: what is put aside of a table before it is parted into windows.

    Attributes
    ----------
    rows
        ``source_file, source_line, reason, source_text``, as in the quarantine of a batch; the text is the row as it
        came, or its values as JSON, or `WITHHELD_TEXT`.
    of
        How many rows the table has in all, these included.
    """

    rows: pd.DataFrame
    of: int

    @classmethod
    def none(cls, of: int) -> Unplaced:
        """Give that each of so many rows belongs to a batch."""
        return cls(pd.DataFrame(columns=list(QUARANTINE_COLUMNS)), of)

    def __len__(self) -> int:
        """Count the rows that are put aside."""
        return len(self.rows)

    def too_many(self, max_share: float) -> bool:
        """Tell whether more rows are put aside than is declared to be bearable.

        The bound is ``max(1, max_share * of)``: one row costs no source, however small the table is. Where `max_share`
        is 0 none may be put aside, and where no row is left there is nothing to go on with.

        Examples
        --------
        >>> aside = pd.DataFrame({"source_line": [3], "reason": ["column day: the time is missing"]})
        >>> Unplaced(aside, 4).too_many(0.05), Unplaced(aside, 4).too_many(0.0), Unplaced(aside, 1).too_many(0.05)
        (False, True, True)
        """
        put_aside = len(self.rows)
        if put_aside == 0:
            return False
        return max_share == 0 or put_aside == self.of or put_aside > max(1.0, max_share * self.of)

    @property
    def told(self) -> str:
        """How many there are and what is wrong with the first, as a clause.

        Examples
        --------
        >>> aside = pd.DataFrame({"source_line": [3], "reason": ["column day: the time is missing"]})
        >>> Unplaced(aside, 400).told
        '1 of 400 rows belongs to no batch (0.25%); the first: line 3: column day: the time is missing'
        """
        put_aside = len(self.rows)
        if put_aside == 0:
            return f"each of {self.of:,} rows belongs to a batch"
        line, reason = self.rows["source_line"].iloc[0], self.rows["reason"].iloc[0]
        first = reason if reason.startswith((f"line {line}", f"row {line}")) else f"line {line}: {reason}"
        return (
            f"{put_aside:,} of {self.of:,} rows {'belongs' if put_aside == 1 else 'belong'} to no batch "
            f"({put_aside / self.of:.2%}); the first: {first}"
        )


def is_placed(times: pa.ChunkedArray) -> pa.ChunkedArray:
    """Tell of times (timestamp, without a zone) which can be one of a window: from `EARLIEST` to before `LATEST`.

    Examples
    --------
    >>> import datetime as dt
    >>> days = [dt.datetime(2024, 2, 1), dt.datetime(9999, 12, 31), None]
    >>> is_placed(pa.chunked_array([days], pa.timestamp("us"))).to_pylist()
    [True, False, False]
    """
    inside = pc.and_(
        pc.greater_equal(times, pa.scalar(EARLIEST, times.type)), pc.less(times, pa.scalar(LATEST, times.type))
    )
    return pc.fill_null(inside, False)


def unplaced_rows(table: pa.Table, time: str, *, origin: str, personal: Sequence[str] = ()) -> Unplaced:
    """Find the rows that belong to no batch: their time is missing, cannot be read, or can be no row's.

    Parameters
    ----------
    table
        All rows of a table as bronze has them, with ``source_line``, ``problem`` and ``source_text``.
    time
        Its column with the row's moment (timestamp, without a zone).
    origin
        The file, or the table of a database.
    personal
        Columns whose values nothing may show.

    Examples
    --------
    >>> import datetime as dt
    >>> days = pa.array([dt.datetime(2024, 2, 1), dt.datetime(24, 2, 1), None], pa.timestamp("us"))
    >>> problems = pa.array([None, None, "line 4: found 3 fields, expected 1"])
    >>> texts = pa.array([None, None, "a,b,c"])
    >>> table = pa.table({"source_line": [2, 3, 4], "day": days, "problem": problems, "source_text": texts})
    >>> aside = unplaced_rows(table, "day", origin="loans.csv")
    >>> aside.rows[["source_line", "reason", "source_text"]].values.tolist()[1]
    [4, 'line 4: found 3 fields, expected 1', 'a,b,c']
    >>> aside.rows["reason"][0]
    'column day: found 0024-02-01 00:00:00, which is no time of a row: expected one from 1900 to 2199'
    """
    placed = np.asarray(is_placed(table.column(time)))
    times = table.column(time)
    reasons = {int(row): _why(time, times[row].as_py(), withheld=time in personal) for row in np.flatnonzero(~placed)}
    return put_aside(table, reasons, origin=origin, personal=personal)


def put_aside(table: pa.Table, reasons: Mapping[int, str], *, origin: str, personal: Sequence[str] = ()) -> Unplaced:
    """Put rows of a table aside.

    Parameters
    ----------
    table, origin, personal
        See `unplaced_rows`.
    reasons
        Position of a row → why it is put aside; where the row has a ``problem``, that is the reason.

    Examples
    --------
    >>> table = pa.table({"source_line": [2, 3], "fee": [1, 2], "problem": pa.nulls(2, pa.string()),
    ...                   "source_text": pa.nulls(2, pa.string())})
    >>> put_aside(table, {1: "it is too little"}, origin="loans.csv").rows.values.tolist()
    [['loans.csv', 3, 'it is too little', '{"fee": 2}']]
    """
    if not reasons:
        return Unplaced.none(table.num_rows)
    positions = sorted(reasons)
    aside = table.take(pa.array(positions, pa.int64()))
    values = aside.drop_columns([name for name in _ABOUT_THE_ROW if name in aside.column_names]).to_pylist()
    why, texts = [], []
    for at, row, problem, text in zip(
        positions, values, aside.column("problem").to_pylist(), aside.column("source_text").to_pylist(), strict=True
    ):
        why.append(problem or reasons[at])
        shown = WITHHELD_TEXT if personal else json.dumps(row, default=str, ensure_ascii=False)
        texts.append(shown if text is None else text)
    rows = pd.DataFrame(
        {
            "source_file": pd.Series([origin] * len(why), dtype=object),
            "source_line": aside.column("source_line").to_pandas(),
            "reason": pd.Series(why, dtype=object),
            "source_text": pd.Series(texts, dtype=object),
        },
        columns=list(QUARANTINE_COLUMNS),
    )
    return Unplaced(rows, table.num_rows)


def _why(time: str, found: dt.datetime | None, *, withheld: bool) -> str:
    if found is None:
        return f"column {time}: the time is missing"
    shown = "a value that is withheld (the column is personal)" if withheld else str(found)
    return (
        f"column {time}: found {shown}, which is no time of a row: expected one from {EARLIEST.year} to "
        f"{LATEST.year - 1}"
    )
