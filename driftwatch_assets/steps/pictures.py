"""Pictures of a batch and of a training, as PNG: for places that take no page."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.lake import batch_order
from driftwatch_assets.reporting.anomaly_pictures import PICTURES, BatchRate, ScoredRows, anomaly_pictures
from driftwatch_assets.reporting.dashboard import BatchScores
from driftwatch_assets.reporting.dashboard import draw_dashboard as draw_sheet
from driftwatch_assets.reporting.performance import performance_from, score_bins
from driftwatch_assets.reporting.preview import preview
from driftwatch_assets.steps.evidence import load_evidence, write_evidence
from driftwatch_assets.steps.outcome import Link, Text
from driftwatch_assets.training import Binary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from driftwatch_assets.reporting.performance import ScoreBin
    from driftwatch_assets.steps.watched import Watched
    from driftwatch_assets.training import Task, TrainingOutcome

DASHBOARD = "dashboard"
"""The picture of a batch of a task with labels."""


def batch_pictures(watched: Watched, batch: str, performance: Mapping[str, Any]) -> dict[str, Link]:
    """Draw the pictures of a batch of a task without labels, and link them; `performance` is its evidence."""
    task, tables, lake = watched.declaration.task, watched.tables, watched.lake
    if task.kind != "anomaly":
        return {}
    metrics = performance.get("metrics")
    if not metrics:
        return {}
    said = lake.read(tables.predictions, batch)
    if said.empty:
        return {}
    title = f"{watched.declaration.title}, {batch}"
    rates = _rates(watched, batch)
    shown = (title, task.contamination, metrics["threshold"], lake.fingerprint(tables.predictions, batch), rates)

    def draw() -> Mapping[str, bytes]:
        rows = _scored(said, task.id, metrics["threshold"], _times(watched, batch, said))
        return anomaly_pictures(rows, rates, contamination=task.contamination, title=title)

    return kept(watched, batch, "pictures", PICTURES, shown, draw)


def training_pictures(watched: Watched, outcome: TrainingOutcome) -> Mapping[str, bytes]:
    """Draw the pictures that a task has of a training, of the rows that judged it."""
    task = watched.declaration.task
    if outcome.held_out.empty:
        return {}
    told = outcome.comparison.challenger_report.as_dict()
    newest = outcome.window[-1]
    title = f"{watched.declaration.title}, held out of {newest}"
    if task.kind != "anomaly":
        metric = outcome.comparison.metric
        history = [one for one in scores_by_batch(watched, newest) if one.batch != newest]
        history.append(_batch_scores(f"{newest}, held out", {"metrics": told, "value": told.get(metric)}, metric))
        drawn = {DASHBOARD: dashboard_of(task, told, {"metric": metric}, outcome.held_out, history, title=title)}
        return {f"figures/{name}.png": content for name, content in drawn.items()}
    rows = _scored(outcome.held_out, task.id, told["threshold"], _times(watched, newest, outcome.held_out))
    rates = [one for one in _rates(watched, newest) if one.batch != newest]
    rates.append(_rate(f"{newest}, held out", told))
    pictures = anomaly_pictures(rows, rates, contamination=task.contamination, title=title)
    return {f"figures/{name}.png": content for name, content in pictures.items()}


def previews(
    watched: Watched, words: str, pictures: Mapping[str, bytes], links: Mapping[str, Link] = MappingProxyType({})
) -> dict[str, Text]:
    """Give each picture as Markdown that holds a small copy; it leads to the whole one where that is linked."""
    told = {}
    for path, picture in pictures.items():
        name = PurePosixPath(path).stem
        link = links.get(name)
        said = f"{watched.declaration.title}, {words}: {name.replace('_', ' ')}"
        told[f"{name}_preview"] = Text(preview(picture, said, address="" if link is None else link.url))
    return told


def kept(
    watched: Watched,
    batch: str,
    kind: str,
    names: Sequence[str],
    shown: Any,
    draw: Callable[[], Mapping[str, bytes]],
) -> dict[str, Link]:
    """Draw a batch's pictures where there are none that show just this, and link them.

    A step that is run again, or after a training that changes nothing of what was said of the batch, keeps them.
    """
    tables, lake = watched.tables, watched.lake
    told = hashlib.sha256(json.dumps(shown, default=astuple, sort_keys=True).encode()).hexdigest()[:16]
    paths = {name: tables.picture(batch, name) for name in names}
    before = load_evidence(watched, batch, kind) or {}
    if before.get("identity") != told or not all(lake.has_file(path) for path in paths.values()):
        drawn = draw()
        for name, path in paths.items():
            lake.write_file(path, drawn[name])
        write_evidence(watched, batch, kind, {"batch": batch, "identity": told, "pictures": sorted(paths)})
    return {name: Link(f"{watched.reports_url}/{path}") for name, path in paths.items()}


def dashboard_of(
    task: Task,
    metrics: Mapping[str, Any],
    verdict: Mapping[str, Any],
    said: pd.DataFrame,
    history: Sequence[BatchScores],
    *,
    title: str,
) -> bytes:
    """Draw the dashboard of what was `said` of rows whose `label` is known, and measured on them."""
    right = said["predicted"].astype(str) == said["label"].astype(str)
    scores: tuple[ScoreBin, ...] = ()
    if isinstance(task, Binary):
        scores = score_bins(said[f"score_{task.positive}"], said["label"].astype(str), task.positive)
    confidences = score_bins(said["confidence"], np.where(right, "right", "wrong"), "wrong")
    performance = performance_from(metrics, verdict, metric=verdict["metric"], scores=scores)
    return draw_sheet(performance, history, title=title, confidences=confidences)


def scores_by_batch(watched: Watched, through: str) -> list[BatchScores]:
    """Give how good the champion of its time was on every batch up to one, as far as it is known."""
    batches = [one for one in watched.lake.batches(watched.tables.predictions) if not _later(one, through)]
    metric = watched.declaration.training.metric_for(watched.declaration.task)
    return [_batch_scores(one, load_evidence(watched, one, "performance") or {}, metric) for one in batches]


def _batch_scores(batch: str, stored: Mapping[str, Any], metric: str) -> BatchScores:
    metrics = stored.get("metrics") or {}
    return BatchScores(
        batch,
        value=stored.get("value"),
        low=metrics.get(f"{metric}_low"),
        high=metrics.get(f"{metric}_high"),
        frozen=stored.get("frozen_value"),
        **{name: metrics.get(name) for name in ("precision", "recall", "f1", "f1_macro")},
        confidence=metrics.get("mean_confidence"),
    )


def _later(batch: str, through: str) -> bool:
    return batch_order(batch) > batch_order(through)


def _times(watched: Watched, batch: str, said: pd.DataFrame) -> list[Any] | None:
    task = watched.declaration.task
    if task.time is None:
        return None
    gold = watched.lake.read(watched.tables.gold, batch, [task.id, task.time])
    moments: list[Any] = said[[task.id]].merge(gold, on=task.id, how="left")[task.time].tolist()
    return moments


def _scored(said: pd.DataFrame, identity: str, threshold: float, times: Any) -> ScoredRows:
    return ScoredRows(
        ids=said[identity].tolist(),
        scores=said["score"].tolist(),
        anomalous=(said["predicted"] == "anomaly").tolist(),
        threshold=threshold,
        times=times,
    )


def _rates(watched: Watched, through: str) -> list[BatchRate]:
    """Give the rate of anomalies of every batch up to one that was scored."""
    rates = []
    for batch in watched.lake.batches(watched.tables.predictions):
        if _later(batch, through):
            break
        metrics = (load_evidence(watched, batch, "performance") or {}).get("metrics")
        if metrics:
            rates.append(_rate(batch, metrics))
    return rates


def _rate(batch: str, metrics: Mapping[str, Any]) -> BatchRate:
    return BatchRate(batch, metrics["anomaly_rate"], metrics["anomaly_rate_low"], metrics["anomaly_rate_high"])
