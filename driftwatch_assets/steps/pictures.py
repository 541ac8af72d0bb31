"""Pictures of a batch and of a training, as PNG: for places that take no page."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from driftwatch_assets.lake import batch_order
from driftwatch_assets.reporting.anomaly_pictures import PICTURES, BatchRate, ScoredRows, anomaly_pictures
from driftwatch_assets.steps.evidence import load_evidence, write_evidence
from driftwatch_assets.steps.outcome import Link

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from driftwatch_assets.steps.watched import Watched
    from driftwatch_assets.training import TrainingOutcome


def batch_pictures(watched: Watched, batch: str) -> dict[str, Link]:
    """Draw the pictures that a task has of a batch beside its page, and link them; none for a task with labels.

    A page is drawn again after a training, which changes nothing of what was said of the batch: pictures that show
    just that are kept.
    """
    task, tables, lake = watched.declaration.task, watched.tables, watched.lake
    if task.kind != "anomaly":
        return {}
    metrics = (load_evidence(watched, batch, "performance") or {}).get("metrics")
    said = lake.read(tables.predictions, batch)
    if not metrics or said.empty:
        return {}
    title = f"{watched.declaration.title}, {batch}"
    rates = _rates(watched, batch)
    shown = _identity(
        title, task.contamination, metrics["threshold"], lake.fingerprint(tables.predictions, batch), rates
    )
    paths = {name: tables.picture(batch, name) for name in PICTURES}
    before = load_evidence(watched, batch, "pictures") or {}
    if before.get("identity") != shown or not all(lake.has_file(path) for path in paths.values()):
        rows = _scored(said, task.id, metrics["threshold"], _times(watched, batch, said))
        drawn = anomaly_pictures(rows, rates, contamination=task.contamination, title=title)
        for name, path in paths.items():
            lake.write_file(path, drawn[name])
        write_evidence(watched, batch, "pictures", {"batch": batch, "identity": shown, "pictures": sorted(paths)})
    return {name: Link(f"{watched.reports_url}/{path}") for name, path in paths.items()}


def training_pictures(watched: Watched, outcome: TrainingOutcome) -> Mapping[str, bytes]:
    """Draw the pictures that a task has of a training, of the rows that judged it; none for a task with labels."""
    task = watched.declaration.task
    if task.kind != "anomaly" or outcome.held_out.empty:
        return {}
    told = outcome.comparison.challenger_report.as_dict()
    newest = outcome.window[-1]
    rows = _scored(outcome.held_out, task.id, told["threshold"], _times(watched, newest, outcome.held_out))
    rates = [one for one in _rates(watched, newest) if one.batch != newest]
    rates.append(_rate(f"{newest}, held out", told))
    title = f"{watched.declaration.title}, held out of {newest}"
    drawn = anomaly_pictures(rows, rates, contamination=task.contamination, title=title)
    return {f"figures/{name}.png": content for name, content in drawn.items()}


def _identity(*shown: Any) -> str:
    told = json.dumps(shown, default=astuple, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


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
        if batch_order(batch) > batch_order(through):
            break
        metrics = (load_evidence(watched, batch, "performance") or {}).get("metrics")
        if metrics:
            rates.append(_rate(batch, metrics))
    return rates


def _rate(batch: str, metrics: Mapping[str, Any]) -> BatchRate:
    return BatchRate(batch, metrics["anomaly_rate"], metrics["anomaly_rate_low"], metrics["anomaly_rate_high"])
