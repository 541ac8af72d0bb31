"""Freeing the disk of what Dagster keeps of runs that ended well long ago."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from rich.filesize import decimal

from driftwatch_assets.command_line.instance import open_instance
from driftwatch_assets.components.pruning import prune as prune_instance
from driftwatch_assets.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console


def prune(days: float, *, console: Console) -> int:
    """Delete the logs of runs that ended well more than so many days ago, and say what that frees."""
    with open_instance(Settings.from_environment()) as instance:
        pruned = prune_instance(instance, dt.datetime.now(dt.UTC) - dt.timedelta(days=days))
    runs = "1 run" if pruned.runs == 1 else f"{pruned.runs} runs"
    console.print(
        f"{runs} that ended well more than {days:g} days ago lost their logs, {pruned.events} events: "
        f"{decimal(pruned.bytes_freed)} are free. Runs, materializations and checks are still known, and failed "
        f"runs keep their logs.",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    return 0
