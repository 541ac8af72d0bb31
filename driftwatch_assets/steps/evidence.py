"""Where what was found in a batch is kept, beside the tables, and its identity by content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from driftwatch_assets.results import DriftResult, PerformanceResult, Stored
from driftwatch_assets.steps.timeline import shifted

if TYPE_CHECKING:
    from driftwatch_assets.results import Champion
    from driftwatch_assets.steps.watched import Watched

R = TypeVar("R", bound=Stored)


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


def write_result(watched: Watched, batch: str, kind: str, result: Stored) -> tuple[str, str]:
    """Store what was found in a batch, whole or not at all; give its URI and the fingerprint of its content."""
    return store_result(watched, watched.tables.evidence(batch, kind), result)


def store_result(watched: Watched, path: str, result: Stored) -> tuple[str, str]:
    """Store a result at a path, whole or not at all; give its URI and the fingerprint of its content."""
    content = result.to_bytes()
    return watched.lake.write_file(path, content), hashlib.sha256(content).hexdigest()


def load_drift(watched: Watched, batch: str) -> DriftResult | None:
    """Load what was found of a batch against its champion's references; `None` where nothing was."""
    return load_result(watched, watched.tables.evidence(batch, "drift"), DriftResult)


def load_performance(watched: Watched, batch: str) -> PerformanceResult | None:
    """Load what was measured of a batch's predictions; `None` where nothing was."""
    return load_result(watched, watched.tables.evidence(batch, "performance"), PerformanceResult)


def load_result(watched: Watched, path: str, kind: type[R]) -> R | None:
    """Load the result at a path; `None` when there is none.

    Raises
    ------
    ResultUnreadable
        The file is damaged, or a later version of the project wrote it.

    """
    try:
        content = watched.lake.read_file(path)
    except FileNotFoundError:
        return None
    return kind.from_bytes(content, path)


def champion_named(drift: DriftResult | None, performance: PerformanceResult | None) -> Champion | None:
    """Give the model that scored a batch, as what was found of it names it."""
    return next((one.champion for one in (drift, performance) if one is not None and one.champion is not None), None)


def read_evidence(watched: Watched, batch: str) -> EvidenceFacts:
    """Read what the retraining policy needs of a batch.

    Where labels come with the batch, late ones stand in the newer verdict on performance. Where they come some batches
    later, the batch's evidence is its own drift and the performance of the batch whose labels became known with it.
    """
    task = watched.declaration.task
    if not task.known_after:
        newest = load_performance(watched, batch) or load_drift(watched, batch)
        if newest is None:
            return EvidenceFacts("", judged=False, labelled_rows=0)
        return EvidenceFacts(newest.identity, judged=newest.champion is not None, labelled_rows=newest.labelled_rows)
    told = newly_known(watched, batch)
    drift = load_drift(watched, batch)
    if drift is None:
        return EvidenceFacts("", judged=False, labelled_rows=0)
    performance = None if told is None else load_performance(watched, told)
    found: list[DriftResult | PerformanceResult] = [drift] if performance is None else [drift, performance]
    return EvidenceFacts(
        "+".join(result.identity for result in found),
        judged=any(result.champion is not None for result in found),
        labelled_rows=0 if performance is None else performance.labelled_rows,
    )


def newly_known(watched: Watched, batch: str) -> str | None:
    """Give the batch whose labels become known with this one; `None` when there is none."""
    after = watched.declaration.task.known_after
    return shifted(watched, batch, -after) if after else batch
