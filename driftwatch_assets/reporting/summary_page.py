"""The page over all batches of a model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.reporting.content import Heatmap, HistoryEntry
from driftwatch_assets.reporting.figures import timelines
from driftwatch_assets.reporting.pages import render_page
from driftwatch_assets.reporting.retrainings import retraining_gains
from driftwatch_assets.reporting.wording import NOTHING, decimals, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0)
MOST_CELLS = 6000
MOST_FEATURES = 256
NUMBERS_UP_TO = 12
PANEL_FEATURES = 16
TURNED_FROM = 4
STATISTIC_TITLES = {
    "ks": "KS distance",
    "psi": "Population stability index (PSI)",
    "wasserstein_scaled": "Wasserstein distance, in standard deviations of the reference,",
    "wasserstein": "Wasserstein distance",
}
HEADS = (
    ("Batch", "ascending", True),
    ("Rows", "descending", False),
    ("Champion", "ascending", True),
    ("Accuracy", "ascending", False),
    ("Macro-F1", "ascending", False),
    ("Frozen model", "ascending", False),
    ("Drifted features", "descending", False),
    ("Verdict", "ascending", True),
    ("After it", "descending", True),
)


def render_summary(
    model: str,
    rows: Sequence[Mapping[str, Any] | HistoryEntry],
    heatmap: Heatmap | None = None,
    *,
    title: str = "",
) -> str:
    """Render all batches of a model as a self-contained HTML page, each linked to its own page beside it.

    Parameters
    ----------
    model
        The monitored model's name.
    rows
        Its history in batch order: records with the fields of `HistoryEntry`, or entries.
    heatmap
        A statistic of every feature in every batch. Past 6,000 cells the page shows the newest batches, and past 256
        features the ones that moved most; it says so.
    title
        The model's title for people.

    Raises
    ------
    ReportContentError
        A record has a field that no entry has, or no batch.

    Examples
    --------
    >>> page = render_summary("gas_sensors", [{"batch": "7", "rows": 3613, "accuracy": 0.87}])
    >>> 'href="batch-7.html"' in page
    True
    """
    entries = [HistoryEntry.of(each) for each in rows]
    return render_page(
        "summary.html",
        model=model,
        title=title or model,
        headline=_headline(title or model, entries),
        lead=_lead(entries),
        timelines=timelines(entries),
        intervals=any(each.accuracy_low is not None for each in entries),
        rows=entries,
        heads=HEADS,
        gains=retraining_gains(entries),
        heat=None if heatmap is None or heatmap.cells.empty else _heat(heatmap),
    )


def _headline(title: str, entries: Sequence[HistoryEntry]) -> str:
    judged = [each for each in entries if each.drift_detected is not None]
    drifted = sum(bool(each.drift_detected) for each in judged)
    if not judged:
        return f"{title}: {plural(len(entries), 'batch', 'batches')}, none compared yet"
    return f"{title}: drift in {drifted} of {plural(len(judged), 'compared batch', 'compared batches')}"


def _lead(entries: Sequence[HistoryEntry]) -> list[str]:
    sentences = []
    both = [each for each in entries if each.accuracy is not None and each.frozen_accuracy is not None]
    scored = [each for each in entries if each.accuracy is not None]
    if both:
        live = sum(each.accuracy or 0.0 for each in both) / len(both)
        frozen = sum(each.frozen_accuracy or 0.0 for each in both) / len(both)
        sentences.append(
            f"Mean accuracy over {plural(len(both), 'scored batch', 'scored batches')} is {decimals(live)};"
            f" the frozen model, the first champion never retrained, would have reached {decimals(frozen)}."
        )
    elif scored:
        mean = sum(each.accuracy or 0.0 for each in scored) / len(scored)
        sentences.append(
            f"Mean accuracy over {plural(len(scored), 'scored batch', 'scored batches')} is {decimals(mean)}."
        )
    retrained = [each for each in entries if (each.retrained or each.promoted) and each.champion_trained_through]
    if retrained:
        promoted = sum(each.promoted for each in retrained)
        sentences.append(f"{plural(len(retrained), 'retraining')}, of which {promoted} promoted a new champion.")
    return sentences


def _heat(heatmap: Heatmap) -> dict[str, Any]:
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
    rows = [
        {
            "name": str(name),
            "cells": [_cell(str(name), *each) for each in zip(batches, numbers[at], marks[at], strict=True)],
        }
        for at, name in enumerate(values.index)
    ]
    gaps = bool(np.isnan(numbers).any())
    dense = len(batches) > NUMBERS_UP_TO
    half = len(rows) if dense or len(rows) <= PANEL_FEATURES else math.ceil(len(rows) / 2)
    return {
        "title": STATISTIC_TITLES.get(heatmap.statistic, heatmap.statistic),
        "left_out": " ".join(left_out),
        "scale": ["0", *(f"{low:g}" for low in LEVELS)],
        "gaps": gaps,
        "dense": dense,
        "batches": batches,
        "turned": max(len(each) for each in batches) > TURNED_FROM,
        "panels": [rows[at : at + half] for at in range(0, len(rows), half)],
    }


def _cell(feature: str, batch: str, value: float, marked: bool) -> dict[str, Any]:
    if math.isnan(value):
        words = f"{feature}, batch {batch}: not compared"
        return {"text": NOTHING, "style": "hx", "words": words, "drifted": False}
    level = sum(value >= each for each in LEVELS)
    words = f"{feature}, batch {batch}: {decimals(value)}{', drifted' if marked else ''}"
    return {
        "text": decimals(value, 2),
        "style": f"h{level}{' d' if marked else ''}",
        "words": words,
        "drifted": bool(marked),
    }
