"""Declared suites against the tables that they will meet, while definitions load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from driftwatch_assets.quality import TableColumns, check_columns
from driftwatch_assets.quality.schema import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from driftwatch_assets.declaration import Declaration

_NUMERIC = {"float", "integer", "number"}


def check_suites(declaration: Declaration, silver_types: Mapping[str, str] | None, file: Path) -> None:
    """Refuse suites that speak of columns that are not there, or ask for declared types where there are none.

    Raises
    ------
    driftwatch_assets.quality.SuiteError
        Naming the file, the key, the expectation and the column, with the nearest one.

    """
    quality, task = declaration.quality, declaration.task
    names = [name for name, kind in (silver_types or {}).items() if name not in {task.id, task.label} and _counts(kind)]
    silver = TableColumns(types=silver_types, features=tuple(names), identity=(task.id,))
    for key, suite, columns in (
        ("bronze", quality.bronze, TableColumns(identity=("source_line",))),
        ("silver", quality.silver, silver),
    ):
        check_columns(suite, columns, where=f"{file}: attributes.quality.{key}")


def _counts(kind: str) -> bool:
    if kind in FAMILIES:
        return kind in _NUMERIC
    try:
        return bool(pd.api.types.is_numeric_dtype(pd.api.types.pandas_dtype(kind)))
    except TypeError:
        return False
