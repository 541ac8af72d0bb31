"""Performance, and the page that tells of it where labels came after the page was drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.steps.draw import redraw
from driftwatch_assets.steps.labels import with_labels
from driftwatch_assets.steps.measure import measure_performance

if TYPE_CHECKING:
    from driftwatch_assets.steps.outcome import StepOutcome
    from driftwatch_assets.steps.watched import Watched


def perform(watched: Watched, batch: str) -> StepOutcome:
    """Measure a batch's performance; a page that was drawn before its labels were known is brought up to date."""
    outcome = measure_performance(watched, batch)
    if watched.declaration.task.known_after and with_labels(watched, batch).fingerprint:
        redraw(watched, batch)
    return outcome
