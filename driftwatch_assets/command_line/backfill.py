"""A backfill: known batches are materialized again, each by the champion of its time, in one process."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import dagster as dg
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from driftwatch_assets.command_line.instance import open_instance
from driftwatch_assets.command_line.stopping import ends_with
from driftwatch_assets.components import records
from driftwatch_assets.components.instance_lock import at_work
from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.components.records import why_failed
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.lake import batch_order
from driftwatch_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from driftwatch_assets.components import MonitoredModel


class BatchUnknown(LookupError):  # noqa: N818 - named for what is the matter
    """A bound of a backfill is no batch of the model."""


def chosen_batches(known: Iterable[str], first: str | None, last: str | None) -> list[str]:
    """Give the known batches from `first` to `last`, both included, in batch order.

    Raises
    ------
    BatchUnknown
        When a bound is not among the known batches.

    Examples
    --------
    >>> chosen_batches(["10", "9", "2"], "9", None)
    ['9', '10']

    """
    ordered = sorted(known, key=batch_order)
    for bound in (first, last):
        if bound is not None and bound not in ordered:
            message = f"there is no batch {bound!r} to backfill; known batches are {', '.join(ordered)}"
            raise BatchUnknown(message)
    start = 0 if first is None else ordered.index(first)
    stop = len(ordered) if last is None else ordered.index(last) + 1
    return ordered[start:stop]


def _known(component: MonitoredModel, instance: dg.DagsterInstance, settings: Settings) -> list[str]:
    """Give the batches that a backfill may take: all keys that were added, or the windows that were taken in."""
    if component.declaration.source.every is None:
        return component.keys.known_batches(instance)
    taken_in = {intake.batch for intake in records.intakes(instance, component.declaration.name)}
    stored = component.watch(places_of(settings)).lake.batches(f"{component.declaration.name}/gold/features")
    return sorted(taken_in | {*stored}, key=batch_order)


def backfill(model: str, *, first: str | None, last: str | None, console: Console) -> int:
    """Materialize batches again, from bronze to report; the exit status is 1 when a run failed or there is no batch.

    Nothing is trained: a batch is scored by the champion of its time, so that the same rows get the same predictions.
    """
    settings = Settings.from_environment()
    component = monitored_model(model)
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    failures: list[str] = []
    command = f"driftwatch backfill {model}"
    with open_instance(settings) as instance, at_work(instance, command, tell=console.print):
        known = _known(component, instance, settings)
        if not known:
            console.print(
                f"{model}: no batch was taken in yet, so that none can be materialized again; run `driftwatch replay "
                f"{model}`, or let the sensors take in what has arrived (`driftwatch ui`)",
                style="red",
                markup=False,
            )
            return 1
        batches = chosen_batches(known, first, last)
        daemon = LocalDaemon(instance, defs(), places_of(settings))
        done: list[str] = []

        def stopped() -> str:
            daemon.stop()
            at = batches[len(done)] if len(done) < len(batches) else batches[-1]
            last_one = "" if last is None else f" --to {last}"
            return (
                f"stopped at batch {at}: {len(done)} of {len(batches)} batches were materialized again; "
                f"{command} --from {at}{last_one} goes on from there"
            )

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with ends_with(stopped), Progress(*columns, console=console) as progress:
            bar = progress.add_task("backfill", total=len(batches))
            for batch in batches:
                progress.update(bar, description=f"batch {batch}")
                request = dg.RunRequest(
                    partition_key=batch,
                    tags={
                        records.MODEL_TAG: model,
                        records.PURPOSE_TAG: "backfill",
                        records.BATCH_TAG: batch,
                        records.LOCK_TAG: f"{model}/{batch}",
                    },
                )
                result = daemon.run(component.keys.batch_job, request)
                if not result.success:
                    failures.append(f"batch {batch} failed: {why_failed(instance, result.run_id)}")
                done.append(batch)
                progress.advance(bar)
            progress.update(bar, description="done")
    for line in failures:
        console.print(line, style="red")
    console.print(f"{len(batches) - len(failures)} of {len(batches)} batches were materialized again")
    return 1 if failures else 0
