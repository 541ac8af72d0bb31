"""A history as a table, with the columns that its task has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch_assets.reporting.pages import raw
from driftwatch_assets.reporting.timeline import RATE, told_by
from driftwatch_assets.reporting.wording import NOTHING, decimals, metric_title, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.reporting.history import HistoryEntry


@dataclass(frozen=True)
class HistoryRow:
    """A batch of the table: the entry, and its figures as (text, value for sorting)."""

    entry: HistoryEntry
    figures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class HistoryTable:
    """A history as a table.

    Attributes
    ----------
    metric
        What it is told by.
    heads
        (Name, first direction of sorting, whether it is text) by column.
    rows
        A row a batch.
    """

    metric: str
    heads: tuple[tuple[str, str, bool], ...]
    rows: tuple[HistoryRow, ...]


def history_table(history: Sequence[HistoryEntry]) -> HistoryTable:
    """Set out a history: the metric of the task and macro-F1, or the rate of anomalies, beside the frozen model.

    Examples
    --------
    >>> from driftwatch_assets.reporting.history import HistoryEntry
    >>> table = history_table([HistoryEntry("1", metric="auc", value=0.78), HistoryEntry("2", "40", "1", metric="auc")])
    >>> [name for name, _, _ in table.heads][3:5]
    ['AUC', 'Frozen model']
    >>> [row.figures[0][0] for row in table.rows]
    ['0.780', 'no labels yet']
    """
    told = told_by(history)
    metric = history[-1].metric if told == RATE else told
    rates = told == RATE
    f1 = not rates and metric == "accuracy"
    rows = []
    for each in history:
        same = each.metric == metric
        value, frozen = (each.value, each.frozen_value) if same else (None, None)
        figures = [(percent(each.anomaly_rate), raw(each.anomaly_rate))] if rates else []
        figures.append((_value(each, value), raw(value)))
        if f1:
            figures.append((decimals(each.f1_macro), raw(each.f1_macro)))
        figures.append((decimals(frozen), raw(frozen)))
        rows.append(HistoryRow(each, tuple(figures)))
    heads = (
        ("Batch", "ascending", True),
        ("Rows", "descending", False),
        ("Champion", "ascending", True),
        *([(metric_title(RATE), "descending", False)] if rates else []),
        (metric_title(metric), "ascending", False),
        *([("Macro-F1", "ascending", False)] if f1 else []),
        ("Frozen model", "ascending", False),
        ("Drifted features", "descending", False),
        ("Verdict", "ascending", True),
        ("After it", "descending", True),
    )
    return HistoryTable(told, heads, tuple(rows))


def _value(entry: HistoryEntry, value: float | None) -> str:
    if value is not None:
        return decimals(value)
    if entry.rows == 0:
        return "no rows"
    return "no labels yet" if entry.waits_for_labels else NOTHING
