"""The page of one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from driftwatch_assets.reporting.curves import anomaly_scores
from driftwatch_assets.reporting.distributions import by_strength
from driftwatch_assets.reporting.figures import small_multiple
from driftwatch_assets.reporting.history_table import history_table
from driftwatch_assets.reporting.pages import render_page
from driftwatch_assets.reporting.performance_section import anomaly_tiles, performance_section, performance_tiles
from driftwatch_assets.reporting.relation_section import relation_section, whole_table_section
from driftwatch_assets.reporting.statistics_table import (
    P_VALUES,
    measures,
    statistics_table,
    statistics_words,
    with_drifted,
)
from driftwatch_assets.reporting.timeline import timelines
from driftwatch_assets.reporting.wording import (
    anomaly_sentence,
    headline,
    is_number,
    json_name,
    p_value,
    performance_sentence,
    state,
)

if TYPE_CHECKING:
    from driftwatch_assets.reporting.content import BatchReport, ColumnDrift


def render_batch(report: BatchReport) -> str:
    """Render one batch as a self-contained HTML page: no request leaves it, and the same content gives the same bytes.

    The page links to the summary (``summary.html``), to its own twin (``batch-….json``) and to the quality page beside
    it. ``#drift`` and ``#performance`` lead to these parts.

    Parameters
    ----------
    report
        What is told.

    Examples
    --------
    >>> from driftwatch_assets.reporting.content import BatchReport
    >>> from driftwatch_assets.reporting.verdict import Verdict
    >>> page = render_batch(BatchReport(model="gas_sensors", batch="1", rows=445, verdict=Verdict(None)))
    >>> "no champion had been trained before this batch" in page
    True
    """
    performance, anomaly = report.performance, report.anomaly
    statistics = with_drifted(report)
    return render_page(
        "batch.html",
        report=report,
        headline=headline(report),
        state=state(report),
        judged=_judged(report),
        tiles=_tiles(report),
        multiples=[
            {"figure": small_multiple(each), "measures": measures(statistics, each.feature)}
            for each in report.distributions
        ],
        statistics=None if statistics is None else statistics_table(statistics),
        nothing_compared=_nothing_compared(report),
        columns=[
            _column(title, each, name)
            for title, each, name in (
                ("Label drift", report.label_drift, "labels"),
                ("Prediction drift", report.prediction_drift, "predictions"),
            )
            if each is not None
        ],
        relation=None if report.correlation is None else relation_section(report.correlation),
        whole_table=None if report.whole_table is None else whole_table_section(report.whole_table),
        performance=None if performance is None else performance_section(performance),
        scores=() if anomaly is None else anomaly_scores(anomaly),
        highest=max((score for _, score in anomaly.top), default=0.0) if anomaly is not None else 0.0,
        nothing_measured=_nothing_measured(report),
        timelines=timelines(report.history, report.batch),
        history=history_table(report.history),
        quarantine=sorted(report.quarantine.items(), key=lambda each: (-each[1], each[0])),
        provenance=sorted(report.provenance.items()),
        json_page=json_name(report.batch),
    )


def _judged(report: BatchReport) -> dict[str, Any] | None:
    """Say how good the champion was, with the verdict on it; None where that is not known."""
    if report.anomaly is not None:
        return {"sentence": anomaly_sentence(report.anomaly), "degraded": report.anomaly.degraded}
    if report.performance is not None:
        return {"sentence": performance_sentence(report.performance), "degraded": report.performance.degraded}
    return None


def _tiles(report: BatchReport) -> list[tuple[str, str, str]]:
    if report.anomaly is not None:
        return anomaly_tiles(report.anomaly)
    return [] if report.performance is None else performance_tiles(report.performance)


def _nothing_compared(report: BatchReport) -> str:
    if not report.rows:
        return "This batch has no rows, so there was nothing to compare."
    if report.champion is None:
        return "No champion had been trained before this batch, so there was no reference to compare it with."
    return report.verdict.reason or "The batch was not compared with the reference."


def _nothing_measured(report: BatchReport) -> str:
    if not report.rows:
        return "This batch has no rows, so nothing was predicted."
    if report.champion is None:
        return "No champion had been trained before this batch, so nothing was predicted."
    return report.performance_missing


def _column(title: str, drift: ColumnDrift, name: str) -> dict[str, Any]:
    row = by_strength(drift.statistics).iloc[0] if len(drift.statistics) else pd.Series(dtype=object)
    p = next((row[each] for each in P_VALUES if is_number(row.get(each))), None)
    return {
        "title": title,
        "id": name,
        "verdict": drift.verdict,
        "measures": statistics_words(row) + (f" · p {_compared(p_value(p))}" if p is not None else ""),
        "distribution": drift.distribution,
        "figure": None if drift.distribution is None else small_multiple(drift.distribution),
    }


def _compared(p: str) -> str:
    return p if p.startswith("<") else f"= {p}"
