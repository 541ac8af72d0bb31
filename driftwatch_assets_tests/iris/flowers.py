"""Fetched flowers as the tests need them: read as declared, and made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from sklearn.datasets import load_iris

from driftwatch_assets.defs.iris.transforms import FEATURES, silver
from driftwatch_assets.sources import CsvSource, readable

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (*FEATURES, "species")
SOURCE = CsvSource(columns=COLUMNS, header=False)


def published() -> str:
    """Give scikit-learn's copy of the flowers as the publisher writes them, with the empty line at the end."""
    flowers = load_iris()
    lines = [
        ",".join([*(f"{length:.1f}" for length in row), f"Iris-{flowers.target_names[species]}"])
        for row, species in zip(flowers.data.tolist(), flowers.target.tolist(), strict=True)
    ]
    return "\n".join([*lines, "", ""])


def bronze_of(file: Path) -> pd.DataFrame:
    """Read a file as bronze has it."""
    return readable(SOURCE.read(file).to_pandas())


def silver_of(file: Path) -> pd.DataFrame:
    """Give the flowers of a file that go on."""
    typed = silver(bronze_of(file))
    return typed[typed["reject_reason"].isna()].drop(columns="reject_reason").reset_index(drop=True)


def bronze(*rows: tuple[str | None, ...]) -> pd.DataFrame:
    """Put rows into a frame, from line 1."""
    return pd.DataFrame(list(rows), columns=list(COLUMNS), dtype=object).assign(source_line=range(1, len(rows) + 1))
