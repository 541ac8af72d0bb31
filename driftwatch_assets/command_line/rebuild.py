"""The monitoring database, made again from the lake, the registry and Dagster's instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.command_line.instance import open_instance
from driftwatch_assets.components.alerts import bring_up_to_date
from driftwatch_assets.components.models import monitored_model, monitored_models
from driftwatch_assets.definitions import places_of
from driftwatch_assets.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console


def rebuild(model: str | None, *, console: Console) -> int:
    """Record all that is known of one model, or of all; nobody is told of the alerts that it opens or resolves.

    What people noted in the database alone, that they see to an alert, stays where the database is still there.
    """
    settings = Settings.from_environment()
    places = places_of(settings)
    models = monitored_models() if model is None else {model: monitored_model(model)}
    with open_instance(settings) as instance:
        for name, component in models.items():
            watched = component.watch(places)
            changes, _ = bring_up_to_date(instance, watched, component.keys, run_urls=places.run_urls, notify=False)
            batches = len(watched.lake.batches(watched.tables.gold))
            console.print(
                f"{name}: {batches} batches recorded; {len(changes.opened)} alerts opened, "
                f"{len(changes.resolved)} resolved",
                highlight=False,
            )
    return 0
