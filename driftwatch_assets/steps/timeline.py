"""Batches in time: the window of one, and the batch that lies so many before or after it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from driftwatch_assets.lake import batch_order
from driftwatch_assets.sources import window_at, window_of

if TYPE_CHECKING:
    from driftwatch_assets.sources import Window
    from driftwatch_assets.steps.watched import Watched


def window(watched: Watched, batch: str) -> Window | None:
    """Give the time window that a batch is; `None` for a source whose batches are files.

    Raises
    ------
    driftwatch_assets.sources.WindowUnknown
        When the key names no window of the declared length.

    """
    every = watched.declaration.source.every
    return None if every is None else window_of(every, batch)


def shifted(watched: Watched, batch: str, by: int) -> str | None:
    """Give the key of the batch `by` batches later (earlier, when negative).

    Of time windows it is known whether or not anything has arrived for them. Of files it is the one at that distance
    among those that are stored; `None` when there is none.
    """
    every = watched.declaration.source.every
    if every is not None:
        found = window_of(every, batch)
        for _ in range(abs(by)):
            found = window_at(every, found.end if by > 0 else found.start - dt.timedelta(microseconds=1))
        return found.key
    stored = watched.lake.batches(watched.tables.bronze(watched.sources[0]))
    ordered = sorted({*stored, batch}, key=batch_order)
    place = ordered.index(batch) + by
    return ordered[place] if 0 <= place < len(ordered) else None
