"""The statistics of the columns of a batch against those of a reference."""

from __future__ import annotations

import math
from itertools import compress, repeat
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.drift.chi_square import DRAWS, chi_square
from driftwatch_assets.drift.columns import NumericColumn, kind_of, sorted_values
from driftwatch_assets.drift.distances import bin_counts, ks_distance, population_stability, wasserstein_distance
from driftwatch_assets.drift.fisher import fisher_pvalue
from driftwatch_assets.drift.levels import snapped
from driftwatch_assets.drift.one_sided import one_sided_pvalue
from driftwatch_assets.drift.significance import ks_pvalue, missing_pvalue
from driftwatch_assets.drift.stability_by_chance import stability_by_chance
from driftwatch_assets.drift.truth_values import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from driftwatch_assets.drift.columns import CategoricalColumn, Column

    Counts = tuple[NDArray[np.int64], NDArray[np.int64]]

TYPES: Mapping[str, type] = {
    "ks": float,
    "ks_pvalue": float,
    "psi": float,
    "wasserstein": float,
    "wasserstein_scaled": float,
    "missing_rate_reference": float,
    "missing_rate_current": float,
    "n_reference": int,
    "n_current": int,
    "kind": object,
    "chi2": float,
    "chi2_pvalue": float,
    "new_categories": object,
    "lost_categories": object,
    "new_category_rate": float,
    "lost_category_rate": float,
    "new_category_pvalue": float,
    "lost_category_pvalue": float,
    "missing_pvalue": float,
    "rows_reference": int,
    "rows_current": int,
}
MOST_TESTS = 12  # of a column: four, one of which has three parts
EMPTY: Mapping[type, Any] = {float: np.nan, int: 0, object: None}


def compare_columns(columns: Mapping[str, Column], batch: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Compute the statistics of every column; the batch has exactly these columns.

    The population stability index is computed for all of them at once, from their counts. Tests by draws are given as
    many that their p-values can stay below `alpha` when they are adjusted for all tests of all columns.
    """
    draws = max(DRAWS, math.ceil(MOST_TESTS * len(columns) / alpha))
    found: dict[str, Any] = {name: np.full(len(columns), EMPTY[kind], dtype=kind) for name, kind in TYPES.items()}
    found["rows_current"][:] = len(batch)
    counts: dict[int, Counts] = {}
    flags: dict[int, tuple[int, int]] = {}
    for at, (name, column) in enumerate(columns.items()):
        found["rows_reference"][at] = column.rows
        found["n_reference"][at] = column.n
        if isinstance(column, NumericColumn):
            counts[at] = _numeric(column, batch[name], found, at, flags)
        else:
            counts[at] = _categorical(column, counted(batch[name], "batch", column.counts), found, at, draws)
    n_reference, n_current = found["n_reference"], found["n_current"]
    rows_reference, rows_current = found["rows_reference"], found["rows_current"]
    (comparable,) = np.minimum(n_reference, n_current).nonzero()
    found["psi"][comparable] = population_stability(
        [counts[at][0] for at in comparable], [counts[at][1] for at in comparable]
    )
    for at in comparable:
        if found["kind"][at] == "categorical":
            found["psi"][at] = max(0.0, found["psi"][at] - stability_by_chance(*counts[at]))
    found["ks_pvalue"] = ks_pvalue(found["ks"], n_reference, n_current)
    if flags:
        (places, hits) = np.array(list(flags)), np.array(list(flags.values()))
        found["ks_pvalue"][places] = fisher_pvalue(hits[:, 0], n_reference[places], hits[:, 1], n_current[places])
    found["missing_rate_reference"] = 1 - n_reference / rows_reference
    if len(batch):
        found["missing_rate_current"] = 1 - n_current / rows_current
    found["missing_pvalue"] = missing_pvalue(
        rows_reference - n_reference, rows_reference, rows_current - n_current, rows_current
    )
    return pd.DataFrame(found, index=pd.Index(list(columns), name="feature", dtype=object), copy=False)


def _numeric(
    column: NumericColumn, batch: pd.Series[Any], found: dict[str, Any], at: int, flags: dict[int, tuple[int, int]]
) -> Counts:
    found["kind"][at] = "numeric"
    if not column.n and not batch.isna().all() and kind_of(batch, "batch") == "categorical":
        # A reference without a single value says nothing about the type: that values came is all there is to find.
        found["n_current"][at] = batch.notna().sum()
        return column.counts, np.zeros(1, dtype=np.int64)
    current = sorted_values(batch, "batch")
    found["n_current"][at] = current.size
    if column.n and current.size:
        if column.levels is not None:
            current = snapped(current, column.levels)
        distance = wasserstein_distance(column.ordered, current)
        found["wasserstein"][at] = distance
        found["wasserstein_scaled"][at] = _scaled(distance, column.std)
        found["ks"][at] = ks_distance(column.ordered, current)
        if (rows := _rows_of_higher(column, current)) is not None:
            flags[at] = rows
    return column.counts, bin_counts(current, column.edges)


def _rows_of_higher(column: NumericColumn, current: NDArray[np.float64]) -> tuple[int, int] | None:
    """Count the rows with the higher of two values on both sides; None where there are not two values in all."""
    if column.levels is None or column.levels.size > 2:  # noqa: PLR2004 - a flag has two
        return None
    low, high = min(column.levels[0], current[0]), max(column.levels[-1], current[-1])
    sides = (column.ordered, current)
    below = [int(values.searchsorted(low, side="right")) for values in sides]
    rest = [int(values.searchsorted(high, side="left")) for values in sides]
    return None if low == high or below != rest else (column.n - below[0], current.size - below[1])


def _scaled(distance: float, deviation: float) -> float:
    """Divide by the reference's standard deviation; a constant reference moved by anything has moved without bound."""
    if deviation > 0:
        return distance / deviation
    return float("inf") if distance > 0 else 0.0


def _categorical(
    column: CategoricalColumn, current: dict[str, int], found: dict[str, Any], at: int, draws: int
) -> Counts:
    n_reference, n_current = column.n, sum(current.values())
    found["kind"][at] = "categorical"
    found["n_current"][at] = n_current
    known = len(column.counts)
    unknown = [name for name in current if name not in column.counts]
    expected, observed = np.zeros((2, known + len(unknown)), dtype=np.int64)
    expected[:known] = np.fromiter(column.counts.values(), np.int64, known)
    observed[:known] = np.fromiter(map(current.get, column.counts, repeat(0)), np.int64, known)
    observed[known:] = [current[name] for name in unknown]
    found["new_categories"][at], found["lost_categories"][at] = [], []
    if not (n_reference and n_current):
        return expected, observed
    new, lost = observed[expected == 0], expected[observed == 0]
    found["chi2"][at], found["chi2_pvalue"][at] = chi_square(expected, observed, draws)
    found["new_categories"][at] = unknown
    found["lost_categories"][at] = list(compress(column.counts, observed[:known] == 0))
    found["new_category_rate"][at] = new.sum() / n_current
    found["lost_category_rate"][at] = lost.sum() / n_reference
    found["new_category_pvalue"][at] = one_sided_pvalue(observed, expected)
    found["lost_category_pvalue"][at] = one_sided_pvalue(expected, observed)
    return expected, observed
