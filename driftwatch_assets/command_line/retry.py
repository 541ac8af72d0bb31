"""Another try for what was given up or held: batches, labels, trainings and served hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.command_line.instance import open_instance
from driftwatch_assets.components import records
from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console


def retry(model: str, batch: str | None, *, console: Console) -> int:
    """Hold failed and killed runs against nothing any more; the sensors, or the next replay, try again in order.

    What is whole stays as it is. The exit status is 1 where a batch is named of which no run ended badly.
    """
    name = monitored_model(model).declaration.name
    with open_instance(Settings.from_environment()) as instance:
        batches = records.retry(instance, name, batch)
    if not batches:
        of = "" if batch is None else f" of batch {batch}"
        console.print(f"{name}: no run{of} ended badly that could be held against it", highlight=False)
        return 0 if batch is None else 1
    console.print(
        f"{name}: what failed of {', '.join(batches)} is tried again, by the sensors or by `driftwatch replay {name}`",
        highlight=False,
    )
    return 0
