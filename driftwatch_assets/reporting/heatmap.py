"""One statistic of every feature in every batch, and its layout as a table of colours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.reporting.errors import ReportContentError
from driftwatch_assets.reporting.wording import NOTHING, decimals, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0)
MOST_CELLS = 2400
MOST_FEATURES = 256
NUMBERS_UP_TO = 12
PANEL_FEATURES = 16
TURNED_FROM = 4
HEADS_ON_PAPER = 24
DISTANCE, EFFECT = "wasserstein_scaled", "effect"
STATISTIC_TITLES = {
    "ks": "KS distance",
    "psi": "Population stability index (PSI)",
    "wasserstein_scaled": "Wasserstein distance, in standard deviations of the reference,",
    "wasserstein": "Wasserstein distance",
    "effect": "Effect (the largest of PSI, Wasserstein distance in standard deviations, and change of the missing rate"
    " or of the categories)",
}


@dataclass(frozen=True, eq=False)
class Heatmap:
    """One statistic of every feature in every batch.

    Attributes
    ----------
    statistic
        Its column, such as ``"wasserstein_scaled"`` or ``"effect"``.
    cells
        Index feature, columns batch keys in batch order; NaN where a feature was not compared, and in the whole
        column where the batch was not.
    drifted
        Same shape, bool: which cells count as drifted.
    """

    statistic: str
    cells: pd.DataFrame
    drifted: pd.DataFrame

    def __post_init__(self) -> None:
        if self.cells.shape != self.drifted.shape:
            raise ReportContentError(
                f"the heatmap's cells are {self.cells.shape[0]} by {self.cells.shape[1]} (features by batches), its"
                f" drifted marks {self.drifted.shape[0]} by {self.drifted.shape[1]}"
            )


def heatmap_of(statistics: Mapping[str, pd.DataFrame]) -> Heatmap | None:
    """Gather the statistics of every batch into a heatmap; None when no feature was compared in any of them.

    The statistic is the scaled Wasserstein distance where every compared feature has one. Where one has not, as
    categories and empty columns, it is ``effect``, which every judged feature has.

    Parameters
    ----------
    statistics
        By batch in batch order, as in `BatchReport.statistics`, with the columns ``wasserstein_scaled``, ``effect``
        and ``drifted``; a table without rows where the batch was not compared.

    Examples
    --------
    >>> numbers = pd.DataFrame({"wasserstein_scaled": [0.2], "effect": [0.4], "drifted": [True]}, index=["x"])
    >>> categories = pd.DataFrame({"wasserstein_scaled": [None], "effect": [0.3], "drifted": [False]}, index=["c"])
    >>> heatmap_of({"1": numbers}).statistic, heatmap_of({"1": numbers, "2": categories}).statistic
    ('wasserstein_scaled', 'effect')
    >>> heatmap_of({"1": numbers, "2": categories}).cells.loc["c"].tolist()
    [nan, 0.3]
    """
    tables = {batch: _by_feature(table) for batch, table in statistics.items()}
    compared = [table for table in tables.values() if len(table)]
    if not compared:
        return None
    everywhere = all(table[DISTANCE].notna().all() for table in compared)
    statistic = DISTANCE if everywhere else EFFECT
    features = list(dict.fromkeys(name for table in compared for name in table.index))
    empty = pd.Series(dtype=float)

    def gathered(column: str) -> pd.DataFrame:
        columns = {batch: table[column] if len(table) else empty for batch, table in tables.items()}
        return pd.DataFrame(columns).reindex(features)

    return Heatmap(statistic, gathered(statistic).astype(float), gathered("drifted").eq(other=True))


def _by_feature(table: pd.DataFrame) -> pd.DataFrame:
    frame = table.set_index("feature") if "feature" in table.columns else table
    return frame.set_axis([str(each) for each in frame.index])


def laid_out(heatmap: Heatmap) -> dict[str, Any]:
    """Lay a heatmap out as panels of rows of cells, within what a page can hold."""
    values, drifted = heatmap.cells, heatmap.drifted
    left_out: list[str] = []
    if len(values) > MOST_FEATURES:
        strongest = values.max(axis=1).fillna(-1.0).sort_values(ascending=False, kind="stable").index[:MOST_FEATURES]
        kept = values.index.isin(strongest)
        left_out.append(f"Of {plural(len(values), 'feature')} the {MOST_FEATURES} that moved most are shown.")
        values, drifted = values[kept], drifted[kept]
    most = max(1, MOST_CELLS // len(values))
    if values.shape[1] > most:
        left_out.append(f"Of {plural(values.shape[1], 'batch', 'batches')} the newest {most} are shown.")
        values, drifted = values.iloc[:, -most:], drifted.iloc[:, -most:]
    batches = [str(each) for each in values.columns]
    numbers, marks = values.to_numpy(dtype=float), drifted.to_numpy(dtype=bool)
    compared = ~np.isnan(numbers).all(axis=0)
    rows = [
        {
            "name": str(name),
            "cells": [_cell(str(name), *each) for each in zip(batches, numbers[at], marks[at], compared, strict=True)],
        }
        for at, name in enumerate(values.index)
    ]
    dense = len(batches) > NUMBERS_UP_TO
    half = len(rows) if dense or len(rows) <= PANEL_FEATURES else math.ceil(len(rows) / 2)
    return {
        "title": STATISTIC_TITLES.get(heatmap.statistic, heatmap.statistic),
        "left_out": " ".join(left_out),
        "scale": ["0", *(f"{low:g}" for low in LEVELS)],
        "gaps": bool(np.isnan(numbers).any()),
        "dense": dense,
        "batches": batches,
        "every": math.ceil(len(batches) / HEADS_ON_PAPER),
        "turned": max(len(each) for each in batches) > TURNED_FROM,
        "panels": [rows[at : at + half] for at in range(0, len(rows), half)],
    }


def _cell(feature: str, batch: str, value: float, marked: bool, compared: bool) -> dict[str, Any]:
    if math.isnan(value):
        text, style = NOTHING, "hx"
        words = "drifted" if marked else ("not a feature then" if compared else "not compared")
    else:
        text, style = decimals(value, 2), f"h{sum(value >= each for each in LEVELS)}"
        words = f"{decimals(value)}{', drifted' if marked else ''}"
    return {
        "text": text,
        "style": f"{style} d" if marked else style,
        "words": f"{feature}, batch {batch}: {words}",
        "drifted": bool(marked),
    }
