"""Verdicts with their evidence, kept as JSON beside the tables, and their identity by content."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch_assets.steps.timeline import shifted

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


def identity(gold_fingerprint: str, champion_fingerprint: str | None, labels_fingerprint: str = "") -> str:
    """Give the identity of a batch's evidence: the same gold, champion and late labels always give the same one.

    Examples
    --------
    >>> identity("a", None) == identity("a", None) != identity("a", "b") != identity("a", "b", "c")
    True

    """
    told = f"{gold_fingerprint}\n{champion_fingerprint or ''}"
    if labels_fingerprint:
        told += f"\n{labels_fingerprint}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def write_evidence(watched: Watched, batch: str, kind: str, content: dict[str, Any]) -> tuple[str, str]:
    """Store a verdict with its evidence, whole or not at all; give its URI and the fingerprint of its content."""
    return store_evidence(watched, watched.tables.evidence(batch, kind), content)


def store_evidence(watched: Watched, path: str, content: dict[str, Any]) -> tuple[str, str]:
    """Store evidence at a path, whole or not at all; give its URI and the fingerprint of its content."""
    text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False).encode()
    return watched.lake.write_file(path, text), hashlib.sha256(text).hexdigest()


def load_evidence(watched: Watched, batch: str, kind: str) -> dict[str, Any] | None:
    """Load a verdict; `None` when the batch has none."""
    return stored_evidence(watched, watched.tables.evidence(batch, kind))


def stored_evidence(watched: Watched, path: str) -> dict[str, Any] | None:
    """Load the evidence at a path; `None` when there is none."""
    try:
        content = watched.lake.read_file(path)
    except FileNotFoundError:
        return None
    loaded: dict[str, Any] = json.loads(content)
    return loaded


def read_evidence(watched: Watched, batch: str) -> EvidenceFacts:
    """Read what the retraining policy needs of a batch.

    Where labels come with the batch, late ones stand in the newer verdict on performance. Where they come some batches
    later, the batch's evidence is its own drift and the performance of the batch whose labels became known with it.
    """
    task = watched.declaration.task
    if not task.known_after:
        content = load_evidence(watched, batch, "performance") or load_evidence(watched, batch, "drift")
        if content is None:
            return EvidenceFacts("", judged=False, labelled_rows=0)
        return EvidenceFacts(
            content["identity"], judged=content["champion"] is not None, labelled_rows=content["labelled_rows"]
        )
    told = newly_known(watched, batch)
    drift = load_evidence(watched, batch, "drift")
    performance = None if told is None else load_evidence(watched, told, "performance")
    found = [content for content in (drift, performance) if content is not None]
    if drift is None:
        return EvidenceFacts("", judged=False, labelled_rows=0)
    return EvidenceFacts(
        "+".join(content["identity"] for content in found),
        judged=any(content["champion"] is not None for content in found),
        labelled_rows=0 if performance is None else performance["labelled_rows"],
    )


def newly_known(watched: Watched, batch: str) -> str | None:
    """Give the batch whose labels become known with this one; `None` when there is none."""
    after = watched.declaration.task.known_after
    return shifted(watched, batch, -after) if after else batch
