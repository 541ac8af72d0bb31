"""What is stored of a batch → its pictures as PNG, with previews for places that take no page."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from driftwatch_assets.results import ClassesMeasured
from driftwatch_assets.steps.draw import missing_words
from driftwatch_assets.steps.evidence import load_performance
from driftwatch_assets.steps.labels import with_labels
from driftwatch_assets.steps.outcome import Link, StepOutcome
from driftwatch_assets.steps.pictures import DASHBOARD, batch_pictures, dashboard_of, kept, previews, scores_by_batch

if TYPE_CHECKING:
    from driftwatch_assets.results import PerformanceResult
    from driftwatch_assets.steps.watched import Watched


def draw_dashboard(watched: Watched, batch: str) -> StepOutcome:
    """Draw a batch's pictures: six charts on one sheet, or the five pictures of a task without labels.

    Nothing is drawn before a champion has scored the batch and its labels are known; the outcome says so. What shows
    the same is not drawn again.
    """
    performance = load_performance(watched, batch)
    if watched.declaration.task.label is None:
        drawn = batch_pictures(watched, batch, performance)
    else:
        drawn = _dashboard(watched, batch, performance)
    if not drawn:
        scored = (
            performance is not None and performance.champion is not None and watched.declaration.task.label is not None
        )
        missing = (
            missing_words(watched, batch, performance) if scored else "No champion has scored a row of this batch."
        )
        return StepOutcome({"not_drawn": missing})
    pictures = {name: watched.lake.read_file(watched.tables.picture(batch, name)) for name in drawn}
    told: dict[str, Any] = {}
    if performance is not None:
        told["metric"] = performance.metric
        told |= {} if performance.value is None else {"value": performance.value}
    return StepOutcome({**told, **drawn, **previews(watched, batch, pictures, drawn)})


def _dashboard(watched: Watched, batch: str, performance: PerformanceResult | None) -> dict[str, Link]:
    if performance is None or not isinstance(performance.metrics, ClassesMeasured):
        return {}
    measured, verdict = performance.metrics, performance.verdict
    history = scores_by_batch(watched, batch)
    title = f"{watched.declaration.title}, {batch}"
    shown = (title, performance.identity, measured.model_dump(), verdict.model_dump(), [*map(asdict, history)])

    def draw() -> dict[str, bytes]:
        task = watched.declaration.task
        gold = with_labels(watched, batch).gold
        known = gold[gold[task.label].notna()][[task.id, task.label]]
        said = known.merge(watched.lake.read(watched.tables.predictions, batch), on=task.id)
        return {
            DASHBOARD: dashboard_of(
                task,
                measured,
                verdict,
                said.assign(label=said[task.label].astype(str)),
                history,
                title=title,
            )
        }

    return kept(watched, batch, "dashboard", (DASHBOARD,), shown, draw)
