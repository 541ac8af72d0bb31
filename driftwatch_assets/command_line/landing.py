"""Filling a landing folder: from the simulator, or from the publisher."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from rich.progress import BarColumn, DownloadColumn, TextColumn
from rich.progress import Progress as RichProgress

from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.definitions import places_of
from driftwatch_assets.settings import Settings
from driftwatch_assets.sources import FetchFailed, Files, fetch, mark_simulated, simulated_with
from driftwatch_assets.steps import fetch_batch

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console


class NoSimulator(LookupError):  # noqa: N818 - named for what is the matter
    """A model declares no simulator."""


def simulate_into(model: str, folder: Path, *, seed: int) -> list[Path]:
    """Write a model's simulated batches into a folder, with a mark that says so.

    Raises
    ------
    NoSimulator
        When the model declares none.

    """
    component = monitored_model(model)
    if component.simulate is None:
        message = f"{model} declares no simulator; put its files into {folder}, or run `driftwatch fetch {model}`"
        raise NoSimulator(message)
    folder.mkdir(parents=True, exist_ok=True)
    paths = component.simulate(folder, seed)
    # They are whole, and need not rest as files do that somebody may still be writing.
    written = time.time() - component.declaration.arrivals.settle_seconds
    for path in paths:
        os.utime(path, (written, written))
    mark_simulated(folder, seed, paths)
    return paths


def fetch_into_landing(model: str, *, url: str | None = None, console: Console) -> int:
    """Fetch a model's real batches, from another address where one is given; the exit status is 1 when that failed."""
    component = monitored_model(model)
    source = component.declaration.source
    settings = Settings.from_environment()
    folder = settings.landing / model
    if not isinstance(source, Files) or (source.publisher is None and source.fetch is None):
        console.print(f"{model} declares no publisher and no address to fetch; put its files into {folder}")
        return 1
    if source.publisher is not None and url is not None:
        console.print(
            f"{model} has a publisher, whose files are known by their checksums, and no address that could be another"
        )
        return 1
    if simulated_with(folder) is not None:
        console.print(
            f"{folder} holds simulated batches; move them away before real ones are fetched, so that they do not mix"
        )
        return 1
    try:
        if source.publisher is None:
            fetched = fetch_batch(component.watch(places_of(settings)), {} if url is None else {"url": url})
            console.print(f"{model}: {fetched.reason}", markup=False)
            return 0
        folder.mkdir(parents=True, exist_ok=True)
        with RichProgress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=console) as bars:
            bar = bars.add_task(f"fetching {model}", total=None)
            paths = fetch(
                source.publisher,
                folder,
                declared_in=component.folder,
                progress=lambda state: bars.update(bar, completed=state.done, total=state.total),
            )
    except FetchFailed as failure:
        console.print(str(failure), style="red", markup=False)
        return 1
    console.print(f"{len(paths)} files are in {folder}")
    return 0
