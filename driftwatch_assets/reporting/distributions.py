"""Both sides of a feature counted on common bins, ready to be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.drift.columns import without_text
from driftwatch_assets.drift.truth_values import counted
from driftwatch_assets.quoting import named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from driftwatch_assets.drift import Reference

    Numbers = NDArray[np.float64]

BINS = 32
TAIL = 0.005
SMALLEST_RANGE = 1e-9
SMALLEST_WIDTH = 1e-290
"""Below it a computer keeps too few digits of a number to part a range into bins."""
CATEGORIES = 12
OTHER = "(other values)"
_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "decimal"})


@dataclass(frozen=True)
class Distribution:
    """One feature of the reference and of the batch, counted on the same bins or categories.

    Attributes
    ----------
    feature
        Its name.
    edges
        The bins' edges in the feature's unit, ascending, one more than counts; empty for categories.
    categories
        The categories' names; empty for bins.
    reference, current
        Rows a bin or category.
    missing_reference, missing_current
        Rows without a value.
    median_reference, median_current
        In the feature's unit; None for categories and where there is no value.
    beyond_reference, beyond_current
        Rows outside of the edges, which are counted in the outermost bins.
    """

    feature: str
    reference: tuple[int, ...]
    current: tuple[int, ...]
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    missing_reference: int = 0
    missing_current: int = 0
    median_reference: float | None = None
    median_current: float | None = None
    beyond_reference: int = 0
    beyond_current: int = 0

    def __post_init__(self) -> None:
        wanted = len(self.categories) if self.categories else max(len(self.edges) - 1, 0)
        if len(self.reference) != wanted or len(self.current) != wanted:
            raise ValueError(
                f"distribution of {self.feature!r}: {wanted} bins or categories, but {len(self.reference)} counts of"
                f" the reference and {len(self.current)} of the batch"
            )

    @property
    def shares(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The counts over their sums, reference and batch, 0 to 1; zeros where a side has no value."""
        return _shares(self.reference), _shares(self.current)


def _shares(counts: Sequence[int]) -> tuple[float, ...]:
    total = sum(counts)
    return tuple(each / total if total else 0.0 for each in counts)


def strongest(statistics: pd.DataFrame, count: int = 6) -> tuple[str, ...]:
    """Name the features that moved most, strongest first.

    Drifted features come before the others; among them the order is by ``effect``, which the verdict adds, then by
    name. Statistics without it are ranked by the larger of ``wasserstein_scaled`` and ``psi``.

    Parameters
    ----------
    statistics
        As in `BatchReport.statistics`.
    count
        How many names at most.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"wasserstein_scaled": [0.1, 0.9, 0.5], "drifted": [False, False, True]}, index=["a", "b", "c"]
    ... )
    >>> strongest(frame, 2)
    ('c', 'b')
    """
    return tuple(str(each) for each in by_strength(statistics).index[:count])


def by_strength(statistics: pd.DataFrame) -> pd.DataFrame:
    """Order statistics as `strongest` does, with the features as the index."""
    frame = statistics.set_index("feature") if "feature" in statistics.columns else statistics
    frame = frame.set_axis(pd.Index([str(each) for each in frame.index], name="feature"))
    nothing = pd.Series(np.nan, index=frame.index)
    measured = [pd.to_numeric(frame.get(name, nothing)) for name in ("wasserstein_scaled", "psi")]
    effect = pd.to_numeric(frame["effect"]) if "effect" in frame.columns else pd.concat(measured, axis=1).max(axis=1)
    size = effect.fillna(-1.0).to_numpy(dtype=np.float64)
    drifted = frame.get("drifted", pd.Series(False, index=frame.index)).to_numpy(dtype=bool)
    return frame.iloc[sorted(range(len(frame)), key=lambda at: (not drifted[at], -size[at], frame.index[at]))]


def histograms(
    reference: pd.DataFrame | Reference, current: pd.DataFrame, features: Sequence[str], *, bins: int = BINS
) -> tuple[Distribution, ...]:
    """Count the named features of both sides on common bins.

    Numbers are counted on equal bins from the lower of both sides' 0.5 % quantiles to the higher of their 99.5 %
    quantiles; rows beyond are counted in the outermost bins. Everything else is counted by category, the most
    frequent twelve by name, in the order of their names, and the rest together.

    Parameters
    ----------
    reference
        The champion's reference, or rows of it (a sample will do).
    current
        Rows of the batch.
    features
        Columns of both.
    bins
        Bins of a numeric feature.

    Raises
    ------
    KeyError
        A feature is missing from one of the sides.

    Examples
    --------
    >>> both = histograms(pd.DataFrame({"x": [0.0, 1.0, 2.0]}), pd.DataFrame({"x": [2.0, 2.0, None]}), ["x"], bins=2)
    >>> both[0].reference, both[0].current, both[0].missing_current
    ((2, 1), (0, 2), 1)
    >>> from driftwatch_assets.drift import Reference
    >>> kept = Reference.fit(pd.DataFrame({"x": [0.0, 1.0, 2.0]}))
    >>> histograms(kept, pd.DataFrame({"x": [2.0, 2.0, None]}), ["x"], bins=2) == both
    True
    """
    both = []
    for name in features:
        before = _reference_side(reference, name)
        both.append(_both(name, before, _side(current[name], before), bins))
    return tuple(both)


def histogram(feature: str, reference: pd.Series[Any], current: pd.Series[Any], *, bins: int = BINS) -> Distribution:
    """Count one feature of both sides on common bins, as `histograms` does."""
    before = _side(reference)
    return _both(feature, before, _side(current, before), bins)


@dataclass(frozen=True, eq=False)
class _Side:
    """One side of a feature: its finite numbers, or its rows by category, and its rows without either."""

    numbers: Numbers | None
    categories: Mapping[str, int]
    missing: int


def _side(values: pd.Series[Any], before: _Side | None = None) -> _Side:
    """Count one side; truth values and numbers of a batch as those of the reference, where True is 1 and False is 0."""
    if before is not None and without_text(values):
        if before.categories:
            return _Side(None, counted(values, "batch", before.categories), int(values.isna().sum()))
        if before.numbers is not None and len(before.numbers):
            values = pd.Series(values.astype(object).to_numpy(dtype=np.float64, na_value=np.nan))
    if pd.api.types.is_object_dtype(values) and pd.api.types.infer_dtype(values, skipna=True) in _NUMBERS:
        values = values.astype(np.float64)
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        array: Numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        finite = array[np.isfinite(array)]
        return _Side(finite, {}, len(values) - len(finite))
    counts = values.dropna().astype(str).value_counts()
    return _Side(None, {str(name): int(rows) for name, rows in counts.items()}, int(values.isna().sum()))


def _reference_side(reference: pd.DataFrame | Reference, name: str) -> _Side:
    if isinstance(reference, pd.DataFrame):
        return _side(reference[name])
    column = reference.columns[name]
    numbers = getattr(column, "ordered", None)
    return _Side(numbers, getattr(column, "counts", {}) if numbers is None else {}, column.rows - column.n)


def _both(feature: str, reference: _Side, current: _Side, bins: int) -> Distribution:
    if _counts_by_category(reference) or _counts_by_category(current):
        return _counted(feature, _by_category(reference), _by_category(current))
    return _binned(feature, reference, current, bins)


def _counts_by_category(side: _Side) -> bool:
    """Tell whether a side has values that are no numbers; one without any value is drawn as the other side is."""
    return bool(side.categories)


def _by_category(side: _Side) -> _Side:
    """Count numbers by their text, where the other side is no number."""
    if side.numbers is None:
        return side
    values, rows = np.unique(side.numbers, return_counts=True)
    return _Side(None, {f"{value:g}": int(each) for value, each in zip(values, rows, strict=True)}, side.missing)


def _binned(feature: str, reference: _Side, current: _Side, bins: int) -> Distribution:
    left, right = (np.empty(0) if side.numbers is None else side.numbers for side in (reference, current))
    ranges = [np.quantile(each, [TAIL, 1 - TAIL]) for each in (left, right) if len(each)]
    low = float(min((each[0] for each in ranges), default=0.0))
    high = float(max((each[1] for each in ranges), default=1.0))
    if high - low <= max(SMALLEST_RANGE * max(abs(low), abs(high)), SMALLEST_WIDTH):
        half = abs(low) * 0.05
        half = half if half > SMALLEST_WIDTH else 0.5
        low, high = low - half, high + half
    edges = np.linspace(low, high, bins + 1)
    return Distribution(
        feature=feature,
        reference=_count(left, edges),
        current=_count(right, edges),
        edges=tuple(float(each) for each in edges),
        missing_reference=reference.missing,
        missing_current=current.missing,
        median_reference=float(np.median(left)) if len(left) else None,
        median_current=float(np.median(right)) if len(right) else None,
        beyond_reference=int(((left < low) | (left > high)).sum()),
        beyond_current=int(((right < low) | (right > high)).sum()),
    )


def _count(values: Numbers, edges: Numbers) -> tuple[int, ...]:
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges)
    return tuple(int(each) for each in counts)


def _counted(feature: str, reference: _Side, current: _Side) -> Distribution:
    left, right = reference.categories, current.categories
    totals = max(sum(left.values()), 1), max(sum(right.values()), 1)
    weight = {name: left.get(name, 0) / totals[0] + right.get(name, 0) / totals[1] for name in (*left, *right)}
    names = sorted(weight, key=lambda name: (-weight[name], name))
    shown, rest = sorted(names[:CATEGORIES]), names[CATEGORIES:]
    counts = [[side.get(name, 0) for name in shown] for side in (left, right)]
    if rest:
        for side, into in zip((left, right), counts, strict=True):
            into.append(sum(side.get(name, 0) for name in rest))
    return Distribution(
        feature=feature,
        reference=tuple(counts[0]),
        current=tuple(counts[1]),
        categories=(*map(named, shown), OTHER) if rest else tuple(map(named, shown)),
        missing_reference=reference.missing,
        missing_current=current.missing,
    )
