"""The page of one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.reporting.distributions import by_strength
from driftwatch_assets.reporting.figures import small_multiple, timelines
from driftwatch_assets.reporting.pages import raw, render_page
from driftwatch_assets.reporting.wording import (
    NOTHING,
    count,
    decimals,
    headline,
    is_number,
    json_name,
    measure,
    p_value,
    percent,
    plural,
    state,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch_assets.reporting.content import BatchReport, ColumnDrift, Performance

OPEN_ROWS = 15
CONFUSION_LEVELS = (0.0, 0.1, 0.3, 0.6, 0.9)

_COLUMNS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("ks", "KS", decimals),
    ("ks_pvalue_adjusted", "p, adjusted", p_value),
    ("ks_pvalue", "p", p_value),
    ("psi", "PSI", decimals),
    ("wasserstein", "W₁", measure),
    ("wasserstein_scaled", "W₁/sd", decimals),
    ("chi2", "χ²", measure),
    ("chi2_pvalue_adjusted", "χ² p, adjusted", p_value),
    ("chi2_pvalue", "χ² p", p_value),
    ("missing_rate_reference", "missing before", percent),
    ("missing_rate_current", "missing now", percent),
    ("n_reference", "reference rows", count),
    ("n_current", "batch rows", count),
)
_P_VALUES = ("ks_pvalue_adjusted", "chi2_pvalue_adjusted", "ks_pvalue", "chi2_pvalue")


def render_batch(report: BatchReport) -> str:
    """Render one batch as a self-contained HTML page: no request leaves it, and the same content gives the same bytes.

    The page links to the summary (``summary.html``) and to its own twin (``batch-….json``) beside it.

    Parameters
    ----------
    report
        What is told.

    Examples
    --------
    >>> from driftwatch_assets.reporting.content import BatchReport, Verdict
    >>> page = render_batch(BatchReport(model="gas_sensors", batch="1", rows=445, verdict=Verdict(None)))
    >>> "no champion had been trained before this batch" in page
    True
    """
    performance = report.performance
    statistics = with_drifted(report)
    return render_page(
        "batch.html",
        report=report,
        headline=headline(report),
        state=state(report.verdict),
        multiples=[
            {"figure": small_multiple(each), "measures": _measures(statistics, each.feature)}
            for each in report.distributions
        ],
        statistics=None if statistics is None else _statistics_table(statistics),
        nothing_compared=_nothing_compared(report),
        columns=[
            _column(title, each, name)
            for title, each, name in (
                ("Label drift", report.label_drift, "labels"),
                ("Prediction drift", report.prediction_drift, "predictions"),
            )
            if each is not None
        ],
        confusion=[] if performance is None else _confusion(performance),
        per_class=[] if performance is None else _per_class(performance),
        timelines=timelines(report.history, report.batch),
        intervals=any(each.accuracy_low is not None for each in report.history),
        quarantine=sorted(report.quarantine.items(), key=lambda each: (-each[1], each[0])),
        provenance=sorted(report.provenance.items()),
        json_page=json_name(report.batch),
    )


def with_drifted(report: BatchReport) -> pd.DataFrame | None:
    """Give a report's statistics strongest first, always with the column ``drifted``."""
    if report.statistics is None:
        return None
    frame = report.statistics
    if "drifted" not in frame.columns:
        frame = frame.assign(drifted=[each in set(report.verdict.drifted_features) for each in report.features])
    return by_strength(frame)


def _nothing_compared(report: BatchReport) -> str:
    if report.champion is None:
        return "No champion had been trained before this batch, so there was no reference to compare it with."
    return report.verdict.reason or "The batch was not compared with the reference."


def _measures(statistics: pd.DataFrame | None, feature: str) -> str:
    if statistics is None or feature not in statistics.index:
        return ""
    return _words(statistics.loc[[feature]].iloc[0])


def _words(row: pd.Series[Any]) -> str:
    wanted = (("ks", "KS"), ("psi", "PSI"), ("wasserstein_scaled", "W₁/sd"), ("chi2", "χ²"))
    words = [f"{head} {decimals(row[name], 2)}" for name, head in wanted if name in row.index and pd.notna(row[name])]
    for name, head in (("new_categories", "new"), ("lost_categories", "lost")):
        named = _names(row.get(name))
        words += [f"{head}: {', '.join(named)}"] if named else []
    return " · ".join(words)


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return tuple(sorted(str(each) for each in value))
    return ()


def _statistics_table(statistics: pd.DataFrame) -> dict[str, Any]:
    kept, caption = _kept_columns(statistics)
    columns = [
        {"head": "Feature", "text": True, "first": "ascending"},
        {"head": "Verdict", "text": True, "first": "descending"},
        *(
            {"head": head, "text": False, "first": "ascending" if name in _P_VALUES else "descending"}
            for name, head, _ in kept
        ),
    ]
    rows = [_statistics_row(str(name), row, kept) for name, row in statistics.iterrows()]
    parts = [{"rows": each} for each in (rows[:OPEN_ROWS], rows[OPEN_ROWS:]) if each]
    return {"columns": columns, "parts": parts, "caption": caption}


def _statistics_row(
    name: str, row: pd.Series[Any], kept: list[tuple[str, str, Callable[[Any], str]]]
) -> dict[str, Any]:
    drifted = bool(row["drifted"])
    changed = [
        f"{head} {', '.join(_names(row.get(column)))}"
        for column, head in (("new_categories", "new:"), ("lost_categories", "lost:"))
        if _names(row.get(column))
    ]
    mark = "; ".join([_feature_verdict(row), *changed])
    return {
        "drifted": drifted,
        "cells": [
            {"text": name},
            {"text": mark, "value": int(drifted), "style": "mark"},
            *({"text": write(row[column]), "value": raw(row[column]), "style": ""} for column, _, write in kept),
        ],
    }


def _feature_verdict(row: pd.Series[Any]) -> str:
    if row["drifted"]:
        because = row.get("because")
        return f"drifted: {because}" if isinstance(because, str) and because not in {"", "distribution"} else "drifted"
    return NOTHING if row.get("judged", True) else "not judged"


def _kept_columns(statistics: pd.DataFrame) -> tuple[list[tuple[str, str, Callable[[Any], str]]], str]:
    """Choose the columns that say something, and tell in words what the others would repeat in every row."""
    kept, sentences = [], []
    present = [each for each in _COLUMNS if each[0] in statistics.columns and statistics[each[0]].notna().any()]
    names = {each[0] for each in present}
    same = {
        name: statistics[name].iloc[0]
        for name in names
        if len(statistics) and (statistics[name] == statistics[name].iloc[0]).all()
    }
    for each in present:
        name = each[0]
        repeats = name in {"n_reference", "n_current"} and {"n_reference", "n_current"} <= same.keys()
        empty = name.startswith("missing_rate") and all(
            same.get(side) == 0 for side in ("missing_rate_reference", "missing_rate_current") if side in names
        )
        superseded = f"{name}_adjusted" in names
        if not (repeats or empty or superseded):
            kept.append(each)
    if {"n_reference", "n_current"} <= same.keys():
        rows = plural(int(same["n_current"]), "row")
        sentences.append(f"{rows} of the batch against {count(same['n_reference'])} of the reference.")
    if same.get("missing_rate_reference") == 0 and same.get("missing_rate_current") == 0:
        sentences.append("No value is missing on either side.")
    return kept, " ".join(sentences)


def _column(title: str, drift: ColumnDrift, name: str) -> dict[str, Any]:
    row = by_strength(drift.statistics).iloc[0] if len(drift.statistics) else pd.Series(dtype=object)
    p = next((row[each] for each in _P_VALUES if is_number(row.get(each))), None)
    return {
        "title": title,
        "id": name,
        "verdict": drift.verdict,
        "measures": _words(row) + (f" · p {_compared(p_value(p))}" if p is not None else ""),
        "distribution": drift.distribution,
        "figure": None if drift.distribution is None else small_multiple(drift.distribution),
    }


def _compared(p: str) -> str:
    return p if p.startswith("<") else f"= {p}"


def _confusion(performance: Performance) -> list[dict[str, Any]]:
    rows = []
    for at, actual in enumerate(performance.classes):
        total = int(performance.confusion[at].sum())
        cells = []
        for to, predicted in enumerate(performance.classes):
            number = int(performance.confusion[at, to])
            share = number / total if total else 0.0
            level = sum(share > each for each in CONFUSION_LEVELS)
            style = f"c{level}" if at == to else f"h{_WRONG[level]}"
            words = f"{plural(number, 'row')} of {actual} predicted as {predicted}, {percent(share)} of {count(total)}"
            cells.append({"text": count(number), "style": style, "words": words})
        rows.append({"name": actual, "cells": cells})
    return rows


_WRONG = (0, 1, 3, 4, 5, 6)


def _per_class(performance: Performance) -> list[dict[str, Any]]:
    frame = performance.per_class
    return [
        {"name": str(name), **{each: row.get(each) for each in ("precision", "recall", "f1", "support")}}
        for name, row in frame.iterrows()
    ]
