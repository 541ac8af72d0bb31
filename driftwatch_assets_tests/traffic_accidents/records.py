"""Crash records as the tests need them: read as declared, and made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from driftwatch_assets.defs.traffic_accidents.simulate import COLUMNS
from driftwatch_assets.defs.traffic_accidents.transforms import CATEGORIES, COUNTS, gold, silver
from driftwatch_assets.sources import CsvSource, readable

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = CsvSource(columns=COLUMNS, dates={"crash_date": "%m/%d/%Y %H:%M"})


def bronze_of(file: Path) -> pd.DataFrame:
    """Read a file as bronze has it."""
    return readable(SOURCE.read(file).to_pandas())


def gold_of(file: Path) -> pd.DataFrame:
    """Give the gold rows of a file, all years."""
    typed = silver(bronze_of(file))
    return gold(typed[typed["reject_reason"].isna()])


def crash(line: int = 2, **changed: object) -> dict[str, object]:
    """Give one bronze row: two cars, nobody hurt, on Saturday 2023-07-29 at 13:00."""
    row: dict[str, object] = {"source_line": line, "crash_date": pd.Timestamp("2023-07-29 13:00")}
    row |= dict.fromkeys(CATEGORIES, "UNKNOWN") | dict.fromkeys(COUNTS, "0")
    row |= {"num_units": "2", "crash_hour": "13", "crash_day_of_week": "7", "crash_month": "7"}
    return row | changed


def crashes(*rows: dict[str, object]) -> pd.DataFrame:
    """Put rows into a frame."""
    return pd.DataFrame(list(rows))
