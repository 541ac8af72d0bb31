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
from driftwatch_assets.results import AnomalyMeasured, ClassesMeasured, PicturesResult
from driftwatch_assets.steps.evidence import load_performance, load_result, write_result
from driftwatch_assets.steps.measure import measured_of
from driftwatch_assets.steps.outcome import Link, Text
from driftwatch_assets.training import Binary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from driftwatch_assets.reporting.performance import ScoreBin
    from driftwatch_assets.results import JudgedPerformance, Measured, PerformanceResult
    from driftwatch_assets.steps.watched import Watched
    from driftwatch_assets.training import Task, TrainingOutcome

DASHBOARD = "dashboard"
"""The picture of a batch of a task with labels."""


def batch_pictures(watched: Watched, batch: str, performance: PerformanceResult | None) -> dict[str, Link]:
    """Draw the pictures of a batch of a task without labels, and link them."""
    task, tables, lake = watched.declaration.task, watched.tables, watched.lake
    measured = None if performance is None else performance.metrics
    if task.kind != "anomaly" or not isinstance(measured, AnomalyMeasured):
        return {}
    said = lake.read(tables.predictions, batch)
    if said.empty:
        return {}
    title = f"{watched.declaration.title}, {batch}"
    rates = _rates(watched, batch)
    shown = (title, task.contamination, measured.threshold, lake.fingerprint(tables.predictions, batch), rates)

    def draw() -> Mapping[str, bytes]:
        rows = _scored(said, task.id, measured.threshold, _times(watched, batch, said))
        return anomaly_pictures(rows, rates, contamination=task.contamination, title=title)

    return kept(watched, batch, "pictures", PICTURES, shown, draw)


def training_pictures(watched: Watched, outcome: TrainingOutcome) -> Mapping[str, bytes]:
    """Draw the pictures that a task has of a training, of the rows that judged it."""
    task = watched.declaration.task
    if outcome.held_out.empty:
        return {}
    measured = measured_of(outcome.comparison.challenger_report)
    newest = outcome.window[-1]
    title = f"{watched.declaration.title}, held out of {newest}"
    if isinstance(measured, ClassesMeasured):
        metric = outcome.comparison.metric
        history = [one for one in scores_by_batch(watched, newest) if one.batch != newest]
        history.append(_batch_scores(f"{newest}, held out", metric, measured, measured.number(metric)))
        drawn = {DASHBOARD: dashboard_of(task, measured, None, outcome.held_out, history, title=title, metric=metric)}
        return {f"figures/{name}.png": content for name, content in drawn.items()}
    rows = _scored(outcome.held_out, task.id, measured.threshold, _times(watched, newest, outcome.held_out))
    rates = [one for one in _rates(watched, newest) if one.batch != newest]
    rates.append(_rate(f"{newest}, held out", measured))
    pictures = anomaly_pictures(rows, rates, contamination=measured.contamination, title=title)
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
    before = load_result(watched, tables.evidence(batch, kind), PicturesResult)
    if before is None or before.identity != told or not all(lake.has_file(path) for path in paths.values()):
        drawn = draw()
        for name, path in paths.items():
            lake.write_file(path, drawn[name])
        write_result(watched, batch, kind, PicturesResult(batch=batch, identity=told, pictures=tuple(sorted(paths))))
    return {name: Link(f"{watched.reports_url}/{path}") for name, path in paths.items()}


def dashboard_of(
    task: Task,
    measured: ClassesMeasured,
    verdict: JudgedPerformance | None,
    said: pd.DataFrame,
    history: Sequence[BatchScores],
    *,
    title: str,
    metric: str = "",
) -> bytes:
    """Draw the dashboard of what was `said` of rows whose `label` is known, and measured on them."""
    right = said["predicted"].astype(str) == said["label"].astype(str)
    scores: tuple[ScoreBin, ...] = ()
    if isinstance(task, Binary):
        scores = score_bins(said[f"score_{task.positive}"], said["label"].astype(str), task.positive)
    confidences = score_bins(said["confidence"], np.where(right, "right", "wrong"), "wrong")
    performance = performance_from(measured, verdict, metric=metric, scores=scores)
    return draw_sheet(performance, history, title=title, confidences=confidences)


def scores_by_batch(watched: Watched, through: str) -> list[BatchScores]:
    """Give how good the champion of its time was on every batch up to one, as far as it is known."""
    batches = [one for one in watched.lake.batches(watched.tables.predictions) if not _later(one, through)]
    metric = watched.declaration.training.metric_for(watched.declaration.task)
    scores = []
    for batch in batches:
        found = load_performance(watched, batch)
        measured = None if found is None else found.metrics
        scores.append(
            BatchScores(batch)
            if found is None or measured is None
            else _batch_scores(batch, metric, measured, found.value, found.frozen_value)
        )
    return scores


def _batch_scores(
    batch: str, metric: str, measured: Measured, value: float | None, frozen: float | None = None
) -> BatchScores:
    number = measured.number
    return BatchScores(
        batch,
        value=value,
        low=number(f"{metric}_low"),
        high=number(f"{metric}_high"),
        frozen=frozen,
        **{name: number(name) for name in ("precision", "recall", "f1", "f1_macro")},
        confidence=number("mean_confidence"),
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
        found = load_performance(watched, batch)
        if found is not None and isinstance(found.metrics, AnomalyMeasured):
            rates.append(_rate(batch, found.metrics))
    return rates


def _rate(batch: str, measured: AnomalyMeasured) -> BatchRate:
    return BatchRate(batch, measured.anomaly_rate, measured.anomaly_rate_low, measured.anomaly_rate_high)
