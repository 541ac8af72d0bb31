"""What is stored of a batch's results, as the file has it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driftwatch_assets.steps import Watched


def stored_evidence(watched: Watched, batch: str, kind: str) -> dict[str, Any] | None:
    """Give the fields of a stored result; None where there is none."""
    path = watched.tables.evidence(batch, kind)
    if not watched.lake.has_file(path):
        return None
    content: dict[str, Any] = json.loads(watched.lake.read_file(path))
    return content
