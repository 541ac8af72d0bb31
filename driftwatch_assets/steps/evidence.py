"""Verdicts with their evidence, kept as JSON beside the tables, and their identity by content."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driftwatch_assets.steps.watched import Watched


@dataclass(frozen=True)
class EvidenceFacts:
    """What the retraining policy needs to know of a batch besides its checks.

    Attributes
    ----------
    identity
        Fingerprint of what was judged: gold and the champion; empty where nothing was judged yet.
    judged
        Whether there was a champion to judge.
    labelled_rows
        Rows with a label.

    """

    identity: str
    judged: bool
    labelled_rows: int


def identity(gold_fingerprint: str, champion_fingerprint: str | None) -> str:
    """Give the identity of a batch's evidence: the same gold and champion always give the same one.

    Examples
    --------
    >>> identity("a", None) == identity("a", None) != identity("a", "b")
    True

    """
    return hashlib.sha256(f"{gold_fingerprint}\n{champion_fingerprint or ''}".encode()).hexdigest()[:16]


def write_evidence(watched: Watched, batch: str, kind: str, content: dict[str, Any]) -> tuple[str, str]:
    """Store a verdict with its evidence, whole or not at all; give its URI and the fingerprint of its content."""
    text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False).encode()
    uri = watched.lake.write_file(watched.tables.evidence(batch, kind), text)
    return uri, hashlib.sha256(text).hexdigest()


def load_evidence(watched: Watched, batch: str, kind: str) -> dict[str, Any] | None:
    """Load a verdict; `None` when the batch has none."""
    try:
        content = watched.lake.read_file(watched.tables.evidence(batch, kind))
    except FileNotFoundError:
        return None
    loaded: dict[str, Any] = json.loads(content)
    return loaded


def read_evidence(watched: Watched, batch: str) -> EvidenceFacts:
    """Read what the retraining policy needs; late labels stand in the newer verdict on performance."""
    content = load_evidence(watched, batch, "performance") or load_evidence(watched, batch, "drift")
    if content is None:
        return EvidenceFacts("", judged=False, labelled_rows=0)
    return EvidenceFacts(
        content["identity"], judged=content["champion"] is not None, labelled_rows=content["labelled_rows"]
    )
