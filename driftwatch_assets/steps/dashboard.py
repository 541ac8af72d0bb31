"""What is stored of a batch → its pictures as PNG, with previews for places that take no page."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from driftwatch_assets.steps.draw import missing_words
from driftwatch_assets.steps.evidence import load_evidence
from driftwatch_assets.steps.labels import with_labels
from driftwatch_assets.steps.outcome import Link, StepOutcome
from driftwatch_assets.steps.pictures import DASHBOARD, batch_pictures, dashboard_of, kept, previews, scores_by_batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch_assets.steps.watched import Watched


def draw_dashboard(watched: Watched, batch: str) -> StepOutcome:
    """Draw a batch's pictures: six charts on one sheet, or the five pictures of a task without labels.

    Nothing is drawn before a champion has scored the batch and its labels are known; the outcome says so. What shows
    the same is not drawn again.
    """
    performance = load_evidence(watched, batch, "performance") or {}
    if watched.declaration.task.label is None:
        drawn = batch_pictures(watched, batch, performance)
    else:
        drawn = _dashboard(watched, batch, performance)
    if not drawn:
        scored = performance.get("champion") is not None and watched.declaration.task.label is not None
        missing = (
            missing_words(watched, batch, performance) if scored else "No champion has scored a row of this batch."
        )
        return StepOutcome({"not_drawn": missing})
    pictures = {name: watched.lake.read_file(watched.tables.picture(batch, name)) for name in drawn}
    shown = {"metric": performance.get("metric"), "value": performance.get("value")}
    told: dict[str, Any] = {name: value for name, value in shown.items() if value is not None}
    return StepOutcome({**told, **drawn, **previews(watched, batch, pictures, drawn)})


def _dashboard(watched: Watched, batch: str, performance: Mapping[str, Any]) -> dict[str, Link]:
    if not performance.get("metrics"):
        return {}
    history = scores_by_batch(watched, batch)
    title = f"{watched.declaration.title}, {batch}"
    shown = (title, performance["identity"], performance["metrics"], performance["verdict"], [*map(asdict, history)])

    def draw() -> dict[str, bytes]:
        task = watched.declaration.task
        gold = with_labels(watched, batch).gold
        known = gold[gold[task.label].notna()][[task.id, task.label]]
        said = known.merge(watched.lake.read(watched.tables.predictions, batch), on=task.id)
        return {
            DASHBOARD: dashboard_of(
                task,
                performance["metrics"],
                performance["verdict"],
                said.assign(label=said[task.label].astype(str)),
                history,
                title=title,
            )
        }

    return kept(watched, batch, "dashboard", (DASHBOARD,), shown, draw)
