"""The page over all batches of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch_assets.reporting.heatmap import laid_out
from driftwatch_assets.reporting.history import RATE, HistoryEntry, retrained_places
from driftwatch_assets.reporting.history_table import history_table
from driftwatch_assets.reporting.pages import render_page
from driftwatch_assets.reporting.retrainings import retraining_gains
from driftwatch_assets.reporting.timeline import timelines, told_by
from driftwatch_assets.reporting.wording import decimals, metric_words, percent, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch_assets.reporting.heatmap import Heatmap


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
        A statistic of every feature in every batch. Past 2,400 cells the page shows the newest batches, and past 256
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
    gains = retraining_gains(entries)
    return render_page(
        "summary.html",
        model=model,
        title=title or model,
        headline=_headline(title or model, entries),
        lead=_lead(entries),
        timelines=timelines(entries),
        table=history_table(entries),
        gains=gains,
        gains_metric=gains[-1].metric if gains else "",
        heat=None if heatmap is None or heatmap.cells.empty else laid_out(heatmap),
    )


def _headline(title: str, entries: Sequence[HistoryEntry]) -> str:
    judged = [each for each in entries if each.drift_detected is not None]
    drifted = sum(bool(each.drift_detected) for each in judged)
    if not judged:
        return f"{title}: {plural(len(entries), 'batch', 'batches')}, none compared yet"
    return f"{title}: drift in {drifted} of {plural(len(judged), 'compared batch', 'compared batches')}"


def _lead(entries: Sequence[HistoryEntry]) -> list[str]:
    metric = told_by(entries)
    sentences = _mean_rate(entries) if metric == RATE else _mean_value(entries, metric)
    waiting = sum(each.waits_for_labels for each in entries)
    if waiting:
        sentences.append(f"The labels of {plural(waiting, 'batch', 'batches')} are not known yet.")
    retrained = [entries[at] for at in retrained_places(entries)]
    if retrained:
        promoted = sum(each.promoted for each in retrained)
        sentences.append(f"{plural(len(retrained), 'retraining')}, of which {promoted} promoted a new champion.")
    return sentences


def _mean_rate(entries: Sequence[HistoryEntry]) -> list[str]:
    rates = [each.anomaly_rate for each in entries if each.anomaly_rate is not None]
    if not rates:
        return []
    declared = [each.contamination for each in entries if each.contamination is not None]
    beside = f", where {percent(declared[-1])} are declared" if declared else ""
    scored = plural(len(rates), "scored batch", "scored batches")
    return [f"Mean anomaly rate over {scored} is {percent(sum(rates) / len(rates))}{beside}."]


def _mean_value(entries: Sequence[HistoryEntry], metric: str) -> list[str]:
    scored = [(each.value, each.frozen_value) for each in entries if each.metric == metric and each.value is not None]
    both = [(live, frozen) for live, frozen in scored if frozen is not None]
    told = both or scored
    if not told:
        return []
    mean = sum(live for live, _ in told) / len(told)
    text = f"Mean {metric_words(metric)} over {plural(len(told), 'scored batch', 'scored batches')} is {decimals(mean)}"
    if both:
        frozen = sum(each for _, each in both) / len(both)
        text += f"; the frozen model, the first champion never retrained, would have reached {decimals(frozen)}"
    return [f"{text}."]
