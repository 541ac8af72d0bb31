"""Pictures of a batch and of a training, as PNG: for places that take no page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch_assets.lake import batch_order
from driftwatch_assets.reporting.anomaly_pictures import BatchRate, ScoredRows, anomaly_pictures
from driftwatch_assets.steps.evidence import load_evidence
from driftwatch_assets.steps.outcome import Link

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from driftwatch_assets.steps.watched import Watched
    from driftwatch_assets.training import TrainingOutcome


def batch_pictures(watched: Watched, batch: str) -> dict[str, Link]:
    """Draw the pictures that a task has of a batch beside its page, and link them; none for a task with labels."""
    task = watched.declaration.task
    if task.kind != "anomaly":
        return {}
    metrics = (load_evidence(watched, batch, "performance") or {}).get("metrics")
    said = watched.lake.read(watched.tables.predictions, batch)
    if not metrics or said.empty:
        return {}
    times = None
    if task.time is not None:
        gold = watched.lake.read(watched.tables.gold, batch, [task.id, task.time])
        times = said[[task.id]].merge(gold, on=task.id, how="left")[task.time].tolist()
    rows = _scored(said, task.id, metrics["threshold"], times)
    title = f"{watched.declaration.title}, {batch}"
    drawn = anomaly_pictures(rows, _rates(watched, batch), contamination=task.contamination, title=title)
    links = {}
    for name, content in drawn.items():
        path = watched.tables.picture(batch, name)
        watched.lake.write_file(path, content)
        links[name] = Link(f"{watched.reports_url}/{path}")
    return links


def training_pictures(watched: Watched, outcome: TrainingOutcome) -> Mapping[str, bytes]:
    """Draw the pictures that a task has of a training, of the rows that judged it; none for a task with labels."""
    task = watched.declaration.task
    if task.kind != "anomaly" or outcome.held_out.empty:
        return {}
    threshold = outcome.comparison.challenger_report.as_dict()["threshold"]
    rows = _scored(outcome.held_out, task.id, threshold, None)
    rates = [one for one in _rates(watched, outcome.trained_through) if one.batch != outcome.trained_through]
    rate = float((outcome.held_out["predicted"] == task.classes[-1]).mean())
    rates.append(BatchRate(outcome.trained_through, rate))
    title = f"{watched.declaration.title}, held out of {outcome.trained_through}"
    drawn = anomaly_pictures(rows, rates, contamination=task.contamination, title=title)
    return {f"figures/{name}.png": content for name, content in drawn.items()}


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
            rates.append(BatchRate(batch, metrics["anomaly_rate"]))
    return rates
