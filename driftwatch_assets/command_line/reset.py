"""A reset: all that was made of one model's files is deleted, so that it can begin anew with the same files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.command_line.instance import open_instance
from driftwatch_assets.components import records
from driftwatch_assets.components.instance_lock import at_work
from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.components.processes import close_abandoned_runs
from driftwatch_assets.components.resetting import forget, known_of
from driftwatch_assets.definitions import places_of
from driftwatch_assets.monitoring import open_monitoring
from driftwatch_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from driftwatch_assets.components.resetting import Known
    from driftwatch_assets.steps import Watched


def reset(model: str, *, agreed: Callable[[], bool], console: Console) -> int:
    """Delete what lake, registry, Dagster's instance and monitoring database hold of a model, and of no other.

    The landing folder is left as it is. What is deleted is said before `agreed` is asked. The lake goes first and the
    instance after it, so that a reset that was interrupted is seen (`check_lake`), and done by another one.

    Returns
    -------
    int
        The exit status: 1 when a run of the model is under way, or nobody agreed.

    """
    settings = Settings.from_environment()
    component = monitored_model(model)
    watched = component.watch(places_of(settings))
    with open_instance(settings) as instance, at_work(instance, f"driftwatch reset {model}", tell=console.print):
        close_abandoned_runs(instance, model)
        busy = records.under_way(instance, model)
        if busy is not None:
            console.print(
                f"{model}: batch {busy} is under way; wait for it or cancel its run, stop `driftwatch ui`, and reset "
                f"the model then",
                style="red",
                markup=False,
            )
            return 1
        watched.registry.prepare()
        versions, runs = watched.registry.history(model), watched.registry.runs(model)
        known = known_of(instance, component.keys)
        for line in _told(watched, len(versions), len(runs), known):
            console.print(line, markup=False, highlight=False)
        if not agreed():
            console.print("nothing was deleted")
            return 1
        store = open_monitoring(watched.monitoring)
        watched.lake.clear(model)
        watched.registry.forget(model)
        forget(instance, component.keys, known)
        store.forget(model)
    console.print(
        f"{model} begins anew: `driftwatch replay {model}`, or the sensors of `driftwatch ui`, take in what lies in "
        f"{watched.landing}",
        markup=False,
        highlight=False,
    )
    return 0


def _told(watched: Watched, versions: int, runs: int, known: Known) -> list[str]:
    """Say what goes and what stays."""
    lake, tables = watched.lake, watched.tables
    batches, hours = len(lake.batches(tables.gold)), len(lake.batches(tables.served))
    registered = (
        f"the registered model with {versions} versions, and {runs} runs, which stay in its bin for `mlflow gc`"
    )
    partitions = sum(map(len, known.partitions.values()))
    told = [
        f"What goes of {watched.name}:",
        f"- in the lake {lake.url}: all tables, verdicts, pages and pictures, {batches} batches",
        f"- in MLflow at {watched.registry.tracking_uri}: {registered}",
        f"- in Dagster's instance: {len(known.runs)} runs, {partitions} partitions, and {len(known.assets)} assets",
        "- in the monitoring database: its batches, metrics, jobs and alerts, and messages that wait",
    ]
    if hours:
        told.append(f"- what the service answered in {hours} hours, with the labels told of it: NOT to be made again")
    return [*told, f"What stays: the files in {watched.landing}, and all other models. Stop `driftwatch ui` first."]
