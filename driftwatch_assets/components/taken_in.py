"""What was taken in, by what runs, partitions and the lake know of it together.

Runs are deleted to free disk, and partitions so that they come again. A delivery of which no run is known was taken in
when the lake says so and its batch is one that this instance has asked for; a batch whose partition was deleted was
not, whatever its runs say. A new instance has asked for none, so that it takes in all again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import dagster as dg

from driftwatch_assets.arrivals import Intake
from driftwatch_assets.components import records
from driftwatch_assets.steps import content_taken_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.arrivals import Landed
    from driftwatch_assets.components.keys import Keys
    from driftwatch_assets.steps import Watched


def intakes(instance: dg.DagsterInstance, watched: Watched, keys: Keys, landed: Sequence[Landed]) -> list[Intake]:
    """Give the runs that took deliveries in, oldest first, with those that nobody knows of any more."""
    asked = {*instance.get_dynamic_partitions(str(keys.asked.name))}
    found = records.intakes(instance, watched.name)
    if isinstance(keys.partitions, dg.DynamicPartitionsDefinition):
        # To be tried again; that it was counts on, since the key of a run is used once.
        found = [
            replace(one, status="interrupted", ended=None)
            if one.status == "succeeded" and one.batch not in asked
            else one
            for one in found
        ]
    newest = {one.batch: one.fingerprint for one in found}
    gone = [
        Intake(one.batch, one.fingerprint, "succeeded")
        for one in landed
        if one.batch in asked
        and newest.get(one.batch) != one.fingerprint
        and content_taken_in(watched, one.batch) == one.fingerprint
    ]
    return [*found, *gone]
