"""Which content of a batch was taken in, kept beside the tables: it outlives the runs that did it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from driftwatch_assets.steps.watched import Watched

_FINGERPRINT = "fingerprint"


def note_intake(watched: Watched, batch: str, fingerprint: str) -> None:
    """Note that a batch's delivery went through the whole graph; raises as `Lake.write_file`."""
    told = json.dumps({_FINGERPRINT: fingerprint}).encode()
    watched.lake.write_file(watched.tables.intake(batch), told)


def content_taken_in(watched: Watched, batch: str) -> str | None:
    """Give the fingerprint of the delivery that was taken in last; `None` where none was, or no table holds it."""
    if not watched.lake.exists(watched.tables.gold, batch):
        return None
    try:
        noted = watched.lake.read_file(watched.tables.intake(batch))
    except FileNotFoundError:
        return None
    return str(json.loads(noted)[_FINGERPRINT])
