"""Batches that a champion could have scored and none did, since they were taken in before it was there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.registry import champion_among
from driftwatch_assets.steps.champion import scorer_of

if TYPE_CHECKING:
    from driftwatch_assets.steps.watched import Watched


def unscored(watched: Watched) -> list[str]:
    """Give the stored batches with rows that have an older champion, and that none has scored, in batch order."""
    lake, tables = watched.lake, watched.tables
    versions = watched.registry.history(watched.name)
    return [
        batch
        for batch in lake.batches(tables.predictions)
        if champion_among(versions, before=batch) is not None
        and scorer_of(watched, batch) is None
        and lake.exists(tables.gold, batch)
        and lake.rows(tables.gold, batch)
    ]
