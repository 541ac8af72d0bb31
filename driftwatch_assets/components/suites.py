"""Declared suites against the tables that they will meet, while definitions load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

from driftwatch_assets.quality import TableColumns, check_columns
from driftwatch_assets.quality.schema import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from driftwatch_assets.declaration import Declaration

_NUMERIC = {"float", "integer", "number"}


def check_suites(declaration: Declaration, silver_types: Mapping[str, Mapping[str, str]], file: Path) -> None:
    """Refuse suites that speak of columns that are not there, or ask for declared types where there are none.

    Raises
    ------
    driftwatch_assets.quality.SuiteError
        Naming the file, the key, the expectation and the column, with the nearest one.

    """
    quality, task, source = declaration.quality, declaration.task, declaration.source
    several = len(source.table_names) > 1
    known = {table: TableColumns(types=silver_types.get(table)) for table in source.table_names}
    for table in source.table_names:
        types = silver_types.get(table)
        names = [name for name, kind in (types or {}).items() if name not in task.no_features and _counts(kind)]
        identity = (task.id,) if types is None or task.id in types else ()
        of_layer = {
            "bronze": TableColumns(identity=("source_line",), personal=source.personal(table)),
            "silver": TableColumns(types=types, features=tuple(names), identity=identity),
        }
        layer: Literal["bronze", "silver"]
        for layer in ("bronze", "silver"):
            where = f"{file}: attributes.quality.{layer}{'.' + table if several else ''}"
            tables = known if layer == "silver" else dict.fromkeys(known, TableColumns())
            check_columns(quality.of(layer, table), of_layer[layer], where=where, tables=tables)


def _counts(kind: str) -> bool:
    if kind in FAMILIES:
        return kind in _NUMERIC
    try:
        return bool(pd.api.types.is_numeric_dtype(pd.api.types.pandas_dtype(kind)))
    except TypeError:
        return False
