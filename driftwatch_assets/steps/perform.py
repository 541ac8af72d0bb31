"""Performance, and the page and pictures that tell of it where labels came after these were drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from driftwatch_assets.steps.dashboard import draw_dashboard
from driftwatch_assets.steps.draw import redraw
from driftwatch_assets.steps.labels import with_labels
from driftwatch_assets.steps.measure import measure_performance

if TYPE_CHECKING:
    from driftwatch_assets.steps.outcome import StepOutcome
    from driftwatch_assets.steps.watched import Watched


def perform(watched: Watched, batch: str) -> StepOutcome:
    """Measure a batch's performance; a page that was drawn before its labels were known is brought up to date.

    The pictures that only labels show are drawn then too, and stand with the performance: nothing else is materialized
    for labels that come late.
    """
    outcome = measure_performance(watched, batch)
    if not (watched.declaration.task.known_after and with_labels(watched, batch).fingerprint):
        return outcome
    redraw(watched, batch)
    return replace(outcome, facts={**draw_dashboard(watched, batch).facts, **outcome.facts})
