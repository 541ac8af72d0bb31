"""The page over all models: what a person opens first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch_assets.reporting.history import RATE
from driftwatch_assets.reporting.index_entry import SEVERITIES
from driftwatch_assets.reporting.pages import render_page
from driftwatch_assets.reporting.wording import (
    NOTHING,
    decimals,
    metric_title,
    metric_words,
    percent,
    plural,
    verdict_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.reporting.index_entry import IndexEntry, OpenAlert

WIDTH, HEIGHT, MARGIN = 112, 30, 4
TREND_BATCHES = 60


@dataclass(frozen=True)
class _Trend:
    """The metric over the newest batches as geometry: paths (one a stretch without gap), lone points, the newest."""

    paths: tuple[str, ...]
    points: tuple[tuple[float, float], ...]
    newest: tuple[float, float]
    words: str


@dataclass(frozen=True)
class _Row:
    """A model of the table, in words."""

    entry: IndexEntry
    at: int
    need: str
    state: str
    value: str
    beside: str
    trend: _Trend | None
    drift: str
    alerts: str
    alerts_rank: int
    champion: str
    champion_beside: str
    named: str


def render_index(models: Sequence[IndexEntry], *, note: str = "", links: Sequence[tuple[str, str]] = ()) -> str:
    """Render all models as a self-contained HTML page, those that need a person first.

    Parameters
    ----------
    models
        In any order.
    note
        What a reader must know of the page itself, such as that alerts could not be read.
    links
        (Words, address) of what else there is: the Dagster UI, the experiment tracker, the service's own pages.

    Examples
    --------
    >>> from driftwatch_assets.reporting.index_entry import IndexEntry
    >>> page = render_index([IndexEntry("iris", "Iris", batch="3", links=(("summary", "/iris/reports/summary.html"),))])
    >>> '<a href="/iris/reports/summary.html">Iris</a>' in page
    True
    """
    ordered = sorted(models, key=lambda each: each.order)
    rows = tuple(_row(each, at) for at, each in enumerate(ordered))
    alerts = [(each, alert) for each in ordered for alert in sorted(each.alerts, key=_worst_first)]
    return render_page(
        "index.html",
        headline=_headline(ordered),
        lead=_lead(ordered),
        attention="act" if any(each.need == "act" for each in ordered) else "fine" if ordered else "idle",
        note=note,
        rows=rows,
        alerts=alerts,
        failures=[each for each in ordered if each.failure],
        metric=_common([each.metric for each in ordered]),
        links=tuple(links),
        spark=(WIDTH, HEIGHT),
    )


def _headline(models: Sequence[IndexEntry]) -> str:
    if not models:
        return "No model is monitored yet"
    act = sum(each.need == "act" for each in models)
    if not act:
        return f"No model needs attention: {plural(len(models), 'model')} monitored"
    return f"{act} of {plural(len(models), 'model')} {'needs' if act == 1 else 'need'} attention"


def _lead(models: Sequence[IndexEntry]) -> list[str]:
    alerts = [alert for each in models for alert in each.alerts]
    failed = sum(bool(each.failure) for each in models)
    drifted = sum(bool(each.drift_detected) for each in models)
    told = []
    if failed:
        told.append(f"The newest run of {plural(failed, 'model')} failed.")
    if alerts:
        taken = sum(each.acknowledged for each in alerts)
        beside = f", {taken} of them acknowledged" if taken else ""
        told.append(f"{plural(len(alerts), 'alert is', 'alerts are')} open{beside}.")
    elif models:
        told.append("No alert is open.")
    if drifted:
        told.append(f"The newest batch of {plural(drifted, 'model')} drifted.")
    return [" ".join(told)] if told else []


def _row(entry: IndexEntry, at: int) -> _Row:
    write = percent if entry.metric == RATE else decimals
    ranks = [SEVERITIES.index(each.severity) for each in entry.alerts]
    return _Row(
        entry=entry,
        at=at,
        need=entry.need,
        state=_state(entry),
        value=write(entry.value),
        beside=_beside(entry),
        trend=_trend(entry),
        drift=_drift(entry),
        alerts=_alerts(entry),
        alerts_rank=(1 + max(ranks)) * 1000 + len(ranks) if ranks else 0,
        champion=_champion(entry),
        champion_beside=f"through {entry.champion_trained_through}"
        if entry.champion_version is not None and entry.champion_trained_through is not None
        else "",
        named=metric_words(entry.metric)
        if entry.champion_trained_through is not None or entry.value is not None
        else "",
    )


def _state(entry: IndexEntry) -> str:
    if entry.failure:
        return "run failed"
    waiting = [alert for alert in entry.alerts if not alert.acknowledged]
    if waiting:
        return f"{max(waiting, key=lambda each: SEVERITIES.index(each.severity)).severity} alert"
    if entry.alerts:
        return "alert acknowledged"
    if entry.degraded:
        return "performance degraded" if entry.metric != RATE else "rate off"
    if entry.drift_detected:
        return "drift"
    return "in order" if entry.batch is not None else "no batch yet"


def _beside(entry: IndexEntry) -> str:
    told = []
    if entry.expected is not None:
        told.append(
            f"declared {percent(entry.expected)}" if entry.metric == RATE else f"expected {decimals(entry.expected)}"
        )
    if entry.value is not None and entry.value_batch not in (None, entry.batch):
        told.append(f"batch {entry.value_batch}")
    if entry.value is None and entry.champion_trained_through is not None:
        told.append("not known yet")
    return ", ".join(told)


def _drift(entry: IndexEntry) -> str:
    words = verdict_words(entry.drift_detected)
    if entry.drift_detected and entry.severity:
        words += f", {entry.severity}"
    return words if entry.batch is not None else NOTHING


def _alerts(entry: IndexEntry) -> str:
    found = [
        (sum(each.severity == severity for each in entry.alerts), severity)
        for severity in reversed(SEVERITIES)
        if any(each.severity == severity for each in entry.alerts)
    ]
    return ", ".join(f"{number} {severity}" for number, severity in found) or "none"


def _champion(entry: IndexEntry) -> str:
    if entry.champion_version is not None:
        return f"version {entry.champion_version}"
    return NOTHING if entry.champion_trained_through is None else f"through {entry.champion_trained_through}"


def _worst_first(alert: OpenAlert) -> tuple[bool, int, str]:
    return alert.acknowledged, -SEVERITIES.index(alert.severity), alert.rule


def _common(metrics: Sequence[str]) -> str:
    return metric_title(metrics[0]) if len(set(metrics)) == 1 else "Metric"


def _trend(entry: IndexEntry) -> _Trend | None:
    """Lay out the metric over the newest batches, from the lowest to the highest value of them."""
    places = [at for at, value in enumerate(entry.trend) if value is not None]
    if len(places) < 2:  # noqa: PLR2004 - one value is no trend
        return None
    end = places[-1] + 1
    values = entry.trend[max(places[0], end - TREND_BATCHES) : end]
    known = [value for value in values if value is not None]
    if len(known) < 2:  # noqa: PLR2004 - as above, of those that are drawn
        return None
    low, high = min(known), max(known)
    step = (WIDTH - 2 * MARGIN) / (len(values) - 1)
    span = high - low

    def place(at: int, value: float) -> tuple[float, float]:
        share = (value - low) / span if span else 0.5
        return round(MARGIN + at * step, 1), round(HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN), 1)

    stretches: list[list[tuple[float, float]]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            stretches.append([])
        else:
            stretches[-1].append(place(at, value))
    drawn = [each for each in stretches if each]
    write = percent if entry.metric == RATE else decimals
    words = f"{metric_title(entry.metric)} of {plural(len(known), 'batch', 'batches')}, {write(low)} to {write(high)}"
    return _Trend(
        paths=tuple("M" + "L".join(f"{x},{y}" for x, y in each) for each in drawn if len(each) > 1),
        points=tuple(each[0] for each in drawn if len(each) == 1),
        newest=drawn[-1][-1],
        words=words,
    )
