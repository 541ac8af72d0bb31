"""Both sides of a feature counted on common bins, ready to be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

BINS = 32
TAIL = 0.005
CATEGORIES = 12
OTHER = "(other values)"


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

    Drifted features come before the others; among them the order is by ``wasserstein_scaled``, then ``psi``, then name.
    A feature without a Wasserstein distance (a category) is ranked by its PSI in that place.

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
    psi = pd.to_numeric(frame.get("psi", nothing))
    effect = pd.to_numeric(frame.get("wasserstein_scaled", nothing)).fillna(psi).fillna(-1.0)
    drifted = frame.get("drifted", pd.Series(False, index=frame.index)).astype(bool)
    order = sorted(
        range(len(frame)),
        key=lambda at: (not drifted.iloc[at], -effect.iloc[at], -np.nan_to_num(psi.iloc[at]), frame.index[at]),
    )
    return frame.iloc[order]


def histograms(
    reference: pd.DataFrame, current: pd.DataFrame, features: Sequence[str], *, bins: int = BINS
) -> tuple[Distribution, ...]:
    """Count the named features of both tables on common bins.

    Numbers are counted on equal bins from the lower of both sides' 0.5 % quantiles to the higher of their 99.5 %
    quantiles; rows beyond are counted in the outermost bins. Everything else is counted by category, the most
    frequent twelve by name, in the order of their names, and the rest together.

    Parameters
    ----------
    reference, current
        Rows of the reference (a sample will do) and of the batch.
    features
        Columns of both.
    bins
        Bins of a numeric feature.

    Raises
    ------
    KeyError
        A feature is missing from one of the tables.

    Examples
    --------
    >>> both = histograms(pd.DataFrame({"x": [0.0, 1.0, 2.0]}), pd.DataFrame({"x": [2.0, 2.0, None]}), ["x"], bins=2)
    >>> both[0].reference, both[0].current, both[0].missing_current
    ((2, 1), (0, 2), 1)
    """
    return tuple(histogram(name, reference[name], current[name], bins=bins) for name in features)


def histogram(feature: str, reference: pd.Series[Any], current: pd.Series[Any], *, bins: int = BINS) -> Distribution:
    """Count one feature of both sides on common bins, as `histograms` does."""
    numeric = all(
        pd.api.types.is_numeric_dtype(each) and not pd.api.types.is_bool_dtype(each) for each in (reference, current)
    )
    return _binned(feature, reference, current, bins) if numeric else _counted(feature, reference, current)


def _binned(feature: str, reference: pd.Series[Any], current: pd.Series[Any], bins: int) -> Distribution:
    left, right = (_finite(each) for each in (reference, current))
    pooled = [np.quantile(each, [TAIL, 1 - TAIL]) for each in (left, right) if len(each)]
    low = float(min((each[0] for each in pooled), default=0.0))
    high = float(max((each[1] for each in pooled), default=1.0))
    if low == high:
        half = abs(low) * 0.05 or 0.5
        low, high = low - half, high + half
    edges = np.linspace(low, high, bins + 1)
    return Distribution(
        feature=feature,
        reference=_count(left, edges),
        current=_count(right, edges),
        edges=tuple(float(each) for each in edges),
        missing_reference=len(reference) - len(left),
        missing_current=len(current) - len(right),
        median_reference=float(np.median(left)) if len(left) else None,
        median_current=float(np.median(right)) if len(right) else None,
        beyond_reference=int(((left < low) | (left > high)).sum()),
        beyond_current=int(((right < low) | (right > high)).sum()),
    )


def _finite(values: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    array: np.ndarray[Any, np.dtype[np.float64]] = values.to_numpy(dtype=np.float64, na_value=np.nan)
    finite: np.ndarray[Any, np.dtype[np.float64]] = array[np.isfinite(array)]
    return finite


def _count(values: np.ndarray[Any, Any], edges: np.ndarray[Any, Any]) -> tuple[int, ...]:
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges)
    return tuple(int(each) for each in counts)


def _counted(feature: str, reference: pd.Series[Any], current: pd.Series[Any]) -> Distribution:
    left, right = (each.dropna().astype(str).value_counts() for each in (reference, current))
    shares = (left / max(left.sum(), 1)).add(right / max(right.sum(), 1), fill_value=0.0)
    names = sorted(shares.index, key=lambda name: (-shares[name], name))
    shown, rest = sorted(names[:CATEGORIES]), names[CATEGORIES:]
    counts = [[int(side.get(name, 0)) for name in shown] for side in (left, right)]
    if rest:
        for side, into in zip((left, right), counts, strict=True):
            into.append(int(sum(int(side.get(name, 0)) for name in rest)))
    return Distribution(
        feature=feature,
        reference=tuple(counts[0]),
        current=tuple(counts[1]),
        categories=(*shown, OTHER) if rest else tuple(shown),
        missing_reference=int(reference.isna().sum()),
        missing_current=int(current.isna().sum()),
    )
