"""Batches of a table file that holds all time: the rows of each time window, and the fingerprint of their content."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from driftwatch_assets.lake import content_fingerprint
from driftwatch_assets.sources.unplaced import is_placed
from driftwatch_assets.sources.window import window_at

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.sources.window import Every, Window

_ABOUT_THE_FILE = ("source_line", "problem", "source_text")
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - windows have the source's clock, without a zone
_UNIT: dict[Every, str] = {"day": "D", "week": "D", "month": "M", "year": "Y"}
_DAYS_FROM_MONDAY_TO_THE_EPOCH = 3


def window_fingerprints(table: pa.Table, time: str, every: Every, *, path: Path) -> dict[str, str]:
    """Compute the fingerprint of the content of each window that has rows.

    The columns and the order of a window's rows count, the lines that they stand in do not: rows that are put in
    front of them change nothing. A row with a problem counts by its time, and one that has no time that could be one
    of a window (see `unplaced_rows`) in none.

    Parameters
    ----------
    table
        A file as `CsvSource.read` gives it.
    time
        A column that is declared in its ``dates``.
    every
        The length of a window.
    path
        The file, for messages.

    Returns
    -------
    dict
        Batch key → SHA-256 (64 hex digits), in the order of time.

    Raises
    ------
    ValueError
        `time` is no date column of the table.

    Examples
    --------
    >>> from pathlib import Path
    >>> moments = [dt.datetime(2024, 2, 1), dt.datetime(2024, 1, 31), dt.datetime(2024, 2, 29)]
    >>> table = pa.table(
    ...     {"source_line": [2, 3, 4], "day": pa.array(moments, pa.timestamp("us")),
    ...      "problem": pa.nulls(3, pa.string())}
    ... )
    >>> list(window_fingerprints(table, "day", "month", path=Path("loans.csv")))
    ['2024-01', '2024-02']
    """
    table = _placed(table, time, path)
    moments = np.asarray(table.column(time), "datetime64[us]")
    if len(moments) == 0:
        return {}
    windows = moments.astype(f"datetime64[{_UNIT[every]}]").astype(np.int64)
    if every == "week":
        windows = (windows + _DAYS_FROM_MONDAY_TO_THE_EPOCH) // 7
    order = np.argsort(windows, kind="stable")
    content = table.drop_columns([name for name in _ABOUT_THE_FILE if name in table.column_names])
    if np.any(np.diff(order) != 1):
        content = content.take(pa.array(order))
    cuts = np.flatnonzero(np.diff(windows[order], prepend=np.nan) != 0).tolist()
    prints = {}
    for start, end in zip(cuts, [*cuts[1:], len(order)], strict=True):
        key = window_at(every, _EPOCH + dt.timedelta(microseconds=int(moments[order[start]].astype(np.int64)))).key
        prints[key] = content_fingerprint(content.slice(start, end - start))
    return prints


def rows_of_window(table: pa.Table, time: str, window: Window, *, path: Path) -> pa.Table:
    """Give the rows of a window, ``window.start <= time < window.end``, in the order of the file.

    Parameters and errors are those of `window_fingerprints`; a window without rows gives a table without rows.

    Examples
    --------
    >>> from pathlib import Path
    >>> from driftwatch_assets.sources.window import window_of
    >>> moments = [dt.datetime(2024, 2, 1), dt.datetime(2024, 1, 31), dt.datetime(2024, 2, 29)]
    >>> table = pa.table(
    ...     {"source_line": [2, 3, 4], "day": pa.array(moments, pa.timestamp("us")),
    ...      "problem": pa.nulls(3, pa.string())}
    ... )
    >>> rows_of_window(table, "day", window_of("month", "2024-02"), path=Path("loans.csv"))["source_line"].to_pylist()
    [2, 4]
    """
    _check_dates(table, time, path)
    # A time that is missing is in no window: comparisons with it are false.
    moments = np.asarray(table.column(time), "datetime64[us]")
    inside = (moments >= np.datetime64(window.start, "us")) & (moments < np.datetime64(window.end, "us"))
    return table.filter(pa.array(inside)).combine_chunks()


def extent_of(table: pa.Table, time: str, *, path: Path) -> tuple[dt.datetime, dt.datetime] | None:
    """Give the first and the last time of a table, or None where it has none; errors as `window_fingerprints`."""
    table = _placed(table, time, path)
    if table.num_rows == 0:
        return None
    ends = pc.min_max(table.column(time))
    return ends["min"].as_py(), ends["max"].as_py()


def _placed(table: pa.Table, time: str, path: Path) -> pa.Table:
    """Give the rows that belong to a window."""
    _check_dates(table, time, path)
    placed = is_placed(table.column(time))
    return table if pc.all(placed, min_count=0).as_py() else table.filter(placed)


def _check_dates(table: pa.Table, time: str, path: Path) -> None:
    if time not in table.column_names or not pa.types.is_timestamp(table.schema.field(time).type):
        dates = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
        raise ValueError(
            f"{path}: {time!r} is no date column of the table, so its rows have no window: expected one of "
            f"{', '.join(dates) or 'the columns, declared in dates with its format'}"
        )
