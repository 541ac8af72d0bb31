"""The statistics of one column: a reference's column against the same column of a batch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.drift.columns import NumericColumn, category_counts, sorted_values
from driftwatch_assets.drift.distances import bin_counts, ks_distance, population_stability, wasserstein_distance
from driftwatch_assets.drift.significance import chi_square, ks_pvalue, missing_pvalue, one_sided_pvalue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch_assets.drift.columns import CategoricalColumn, Column

COLUMNS = (
    "ks",
    "ks_pvalue",
    "psi",
    "wasserstein",
    "wasserstein_scaled",
    "missing_rate_reference",
    "missing_rate_current",
    "n_reference",
    "n_current",
    "kind",
    "chi2",
    "chi2_pvalue",
    "new_categories",
    "lost_categories",
    "new_category_rate",
    "lost_category_rate",
    "new_category_pvalue",
    "lost_category_pvalue",
    "missing_pvalue",
    "rows_reference",
    "rows_current",
)
NAN = float("nan")


def compare_columns(columns: Mapping[str, Column], batch: pd.DataFrame) -> pd.DataFrame:
    """Compute the statistics of every column; the batch has exactly these columns."""
    rows = len(batch)
    found: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for name, column in columns.items():
        series = batch[name]
        one = _numeric(column, series) if isinstance(column, NumericColumn) else _categorical(column, series)
        for key, value in one.items():
            found[key].append(value)
        found["missing_rate_reference"].append(column.missing_rate)
        found["missing_rate_current"].append(1 - one["n_current"] / rows if rows else NAN)
        found["rows_reference"].append(column.rows)
        found["rows_current"].append(rows)
    n_reference, n_current = np.array(found["n_reference"]), np.array(found["n_current"])
    all_reference = np.array(found["rows_reference"])
    found["ks_pvalue"] = list(ks_pvalue(found["ks"], n_reference, n_current))
    found["missing_pvalue"] = list(missing_pvalue(all_reference - n_reference, all_reference, rows - n_current, rows))
    return pd.DataFrame(found, index=pd.Index(list(columns), name="feature", dtype=object))


def _numeric(column: NumericColumn, series: pd.Series[Any]) -> dict[str, Any]:
    reference, current = column.ordered, sorted_values(series, "batch")
    comparable = bool(reference.size and current.size)
    distance = wasserstein_distance(reference, current) if comparable else NAN
    return {
        "ks": ks_distance(reference, current) if comparable else NAN,
        "psi": population_stability(column.counts, bin_counts(current, column.edges)) if comparable else NAN,
        "wasserstein": distance,
        "wasserstein_scaled": _scaled(distance, column.std),
        "n_reference": reference.size,
        "n_current": current.size,
        "kind": "numeric",
        "chi2": NAN,
        "chi2_pvalue": NAN,
        "new_categories": None,
        "lost_categories": None,
        "new_category_rate": NAN,
        "lost_category_rate": NAN,
        "new_category_pvalue": NAN,
        "lost_category_pvalue": NAN,
    }


def _scaled(distance: float, deviation: float) -> float:
    """Divide by the reference's standard deviation; a constant reference moved by anything has moved without bound."""
    if deviation > 0:
        return distance / deviation
    return math.inf if distance > 0 else distance


def _categorical(column: CategoricalColumn, series: pd.Series[Any]) -> dict[str, Any]:
    current = category_counts(series, "batch")
    n_reference, n_current = column.n, sum(current.values())
    comparable = bool(n_reference and n_current)
    everything = sorted(column.counts.keys() | current.keys())
    expected = np.array([column.counts.get(each, 0) for each in everything], dtype=np.int64)
    counted = np.array([current.get(each, 0) for each in everything], dtype=np.int64)
    new, lost = counted[expected == 0], expected[counted == 0]
    statistic, p = chi_square(expected, counted) if comparable else (NAN, NAN)
    many = len(everything)
    return {
        "ks": NAN,
        "psi": population_stability(expected, counted) if comparable else NAN,
        "wasserstein": NAN,
        "wasserstein_scaled": NAN,
        "n_reference": n_reference,
        "n_current": n_current,
        "kind": "categorical",
        "chi2": statistic,
        "chi2_pvalue": p,
        "new_categories": [each for each in current if each not in column.counts] if comparable else [],
        "lost_categories": [each for each in column.counts if each not in current] if comparable else [],
        "new_category_rate": new.sum() / n_current if comparable else NAN,
        "lost_category_rate": lost.sum() / n_reference if comparable else NAN,
        "new_category_pvalue": one_sided_pvalue(new.max(initial=0), many, n_current, n_reference)
        if comparable
        else NAN,
        "lost_category_pvalue": one_sided_pvalue(lost.max(initial=0), many, n_reference, n_current)
        if comparable
        else NAN,
    }
