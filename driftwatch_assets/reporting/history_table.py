"""A history as a table, with the columns that its task has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch_assets.reporting.history import RATE, retrained_places
from driftwatch_assets.reporting.pages import raw
from driftwatch_assets.reporting.timeline import told_by
from driftwatch_assets.reporting.wording import NOTHING, decimals, metric_title, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from driftwatch_assets.reporting.history import HistoryEntry


@dataclass(frozen=True)
class HistoryRow:
    """A batch of the table: the entry, its figures as (text, value for sorting), and what happened after it."""

    entry: HistoryEntry
    figures: tuple[tuple[str, str], ...]
    after: str


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
    metric = told_by(history)
    write = percent if metric == RATE else decimals
    f1 = metric == "accuracy"
    rows = []
    again = set(retrained_places(history))
    for at, each in enumerate(history):
        value = each.value if each.metric == metric else None
        frozen = each.frozen_value if each.metric == metric else None
        figures = [(_value(each, value, write), raw(value))]
        if f1:
            figures.append((decimals(each.f1_macro), raw(each.f1_macro)))
        figures.append((write(frozen), raw(frozen)))
        rows.append(HistoryRow(each, tuple(figures), _aftermath(each, first=at not in again)))
    heads = (
        ("Batch", "ascending", True),
        ("Rows", "descending", False),
        ("Champion", "ascending", True),
        (metric_title(metric), "ascending", False),
        *([("Macro-F1", "ascending", False)] if f1 else []),
        ("Frozen model", "ascending", False),
        ("Drifted features", "descending", False),
        ("Verdict", "ascending", True),
        ("After it", "descending", True),
    )
    return HistoryTable(metric, heads, tuple(rows))


def _aftermath(entry: HistoryEntry, *, first: bool) -> str:
    if entry.promoted:
        return "first champion trained" if first else "retrained, promoted"
    return "retrained, refused" if entry.retrained else NOTHING


def _value(entry: HistoryEntry, value: float | None, write: Callable[[float], str]) -> str:
    if value is not None:
        return write(value)
    if entry.rows == 0:
        return "no rows"
    return "no labels yet" if entry.waits_for_labels else NOTHING
