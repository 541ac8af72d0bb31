"""What of a model waits for a person: a training that does not come by itself, and batches that nobody scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch_assets.components.sensors import retraining_course
from driftwatch_assets.steps import unscored

if TYPE_CHECKING:
    import dagster as dg

    from driftwatch_assets.components.keys import Keys
    from driftwatch_assets.steps import Watched


@dataclass(frozen=True)
class HeldUp:
    """What waits for a person, each in a sentence.

    Attributes
    ----------
    faults
        Without it the model does not do its work: a training was given up, or no first one can be.
    notes
        What is worth knowing besides.

    """

    faults: tuple[str, ...]
    notes: tuple[str, ...]


def held_up(instance: dg.DagsterInstance, watched: Watched, keys: Keys) -> HeldUp:
    """Give what of a model waits for a person."""
    course = retraining_course(instance, watched, keys)
    decision = course.decision()
    faults = [decision.reason] if decision.blocked and (decision.kind == "give_up" or not course.promoted) else []
    notes = [decision.reason] if decision.blocked and not faults else []
    missed = unscored(watched)
    if missed:
        which = f"batch {missed[0]} was" if len(missed) == 1 else f"batches {missed[0]} to {missed[-1]} were"
        notes.append(
            f"{which} taken in before their champion was there, and not scored: `driftwatch backfill {watched.name} "
            f"--from {missed[0]} --to {missed[-1]}` lets it score them"
        )
    return HeldUp(tuple(faults), tuple(notes))
