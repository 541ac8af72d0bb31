"""Labels of served rows, from a file that people or another system wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.definitions import places_of
from driftwatch_assets.settings import Settings
from driftwatch_assets.steps import LabelsRefused, take_labels

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

_SHOWN = 3


def label(model: str, file: Path, *, console: Console) -> int:
    """Put the labels of a CSV or Parquet file beside the served rows that they belong to.

    The exit status is 1 where an id was not served, or its row has not reached the lake yet; the others are stored.

    Raises
    ------
    LabelsRefused
        When the file cannot be read, or what it says cannot be taken; nothing of it was stored.

    """
    watched = monitored_model(model).watch(places_of(Settings.from_environment()))
    taken = take_labels(watched, _read(file), file.name)
    console.print(
        f"{model}: labels of {taken.known} served ids; {len(taken.hours)} hours have new ones", highlight=False
    )
    if not taken.unknown:
        return 0
    first = ", ".join(taken.unknown[:_SHOWN]) + (" ..." if len(taken.unknown) > _SHOWN else "")
    console.print(
        f"{len(taken.unknown)} ids are not among the served rows in the lake: {first}. What was served within the last "
        "minute is brought there soon; tell these again then",
        highlight=False,
    )
    return 1


def _read(file: Path) -> pd.DataFrame:
    try:
        if file.suffix == ".parquet":
            return pd.read_parquet(file)
        return pd.read_csv(file, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as unreadable:
        message = f"{file} cannot be read as a table of labels: {unreadable}; write it as CSV with a header, or Parquet"
        raise LabelsRefused(message) from unreadable
