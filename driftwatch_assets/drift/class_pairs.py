"""A column's relation with the label, between every two classes, and the pair of classes for which it changed most."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.drift.association import (
    RankAssociation,
    contrast_change,
    contrast_strength,
    rank_association,
    rank_changes,
)
from driftwatch_assets.drift.columns import numbers
from driftwatch_assets.drift.truth_values import coded
from driftwatch_assets.quoting import named

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

CERTAIN = 0.01


@dataclass(frozen=True, eq=False)
class CategoryAssociation:
    """How often each category occurs in each class.

    Attributes
    ----------
    counts
        Rows by category, in the order of `categories` (rows), and class (columns).
    categories
        Their names, in alphabetical order.
    """

    counts: Integers
    categories: tuple[str, ...]


Association = RankAssociation | CategoryAssociation


def associated(
    series: pd.Series[Any], codes: Integers, many: int, where: str, *, categorical: bool, known: Sequence[str] = ()
) -> Association:
    """Summarize a column by the classes (-1: none) of its rows; raises `ColumnRefused` for what cannot be compared.

    Truth values are written as in the categories that are `known`.
    """
    if not categorical:
        return rank_association(numbers(series, where), codes, many)
    found, names = coded(series, where, known)
    there = (found >= 0) & (codes >= 0)
    counts = np.bincount(found[there] * many + codes[there], minlength=len(names) * many).reshape(-1, many)
    used = counts.sum(axis=1) > 0
    order = [at for at in sorted(range(len(names)), key=names.__getitem__) if used[at]]
    return CategoryAssociation(counts[order].astype(np.int64), tuple(names[at] for at in order))


def current_of(reference: Association, series: pd.Series[Any], codes: Integers) -> Association:
    """Summarize a batch's column as the reference's was."""
    many = reference.counts.shape[-1]
    if isinstance(reference, CategoryAssociation):
        return associated(series, codes, many, "batch", categorical=True, known=reference.categories)
    if not reference.counts.any():
        # A reference without a single value says nothing about the type, and there is nothing to compare with.
        return rank_association(np.full(len(series), np.nan), codes, many)
    return associated(series, codes, many, "batch", categorical=False)


def compared(reference: Association, current: Association, classes: tuple[str, ...], min_rows: int) -> dict[str, Any]:
    """Give a row of `CorrelationReference.compare`."""
    before, now = _values(reference), _values(current)
    enough = np.flatnonzero(np.minimum(before, now) >= min_rows)
    pairs = [(int(one), int(other)) for at, one in enumerate(enough) for other in enough[at + 1 :]]
    row = {
        "kind": "numeric" if isinstance(reference, RankAssociation) else "categorical",
        "classes": "",
        "strength_reference": np.nan,
        "strength_current": np.nan,
        "change": np.nan,
        "pvalue": np.nan,
        "pairs": len(pairs),
        "n_reference": int(before.sum()),
        "n_current": int(now.sum()),
        "least_reference": 0,
        "least_current": 0,
    }
    if not pairs:
        return row
    changes, pvalues = _changes(reference, current, pairs)
    adjusted = np.minimum(pvalues * len(pairs), 1.0)
    certain = adjusted < CERTAIN
    best = int(np.where(certain, changes, -1.0).argmax() if certain.any() else np.lexsort((-changes, adjusted))[0])
    one, other = pairs[best]
    return row | {
        "classes": f"{named(classes[one])} against {named(classes[other])}",
        "strength_reference": _strength(reference, one, other),
        "strength_current": _strength(current, one, other),
        "change": changes[best],
        "pvalue": adjusted[best],
        "least_reference": int(before[[one, other]].min()),
        "least_current": int(now[[one, other]].min()),
    }


def _values(association: Association) -> Integers:
    return association.counts if isinstance(association, RankAssociation) else association.counts.sum(axis=0)


def _strength(association: Association, one: int, other: int) -> float:
    if isinstance(association, RankAssociation):
        return float(association.strength[one, other])
    return float(contrast_strength(association.counts[:, [one, other]])[0, 1])


def _changes(reference: Association, current: Association, pairs: list[tuple[int, int]]) -> tuple[Floats, Floats]:
    if isinstance(reference, RankAssociation) and isinstance(current, RankAssociation):
        changes, pvalues = rank_changes(reference, current)
        places = tuple(np.array(pairs).T)
        return np.abs(changes[places]), pvalues[places]
    if not (isinstance(reference, CategoryAssociation) and isinstance(current, CategoryAssociation)):
        raise TypeError(f"a {type(current).__name__} cannot be compared with a {type(reference).__name__}")
    before, now = _side_by_side(reference, current)
    found = np.array([contrast_change(before[:, list(pair)], now[:, list(pair)]) for pair in pairs])
    return found[:, 0], found[:, 1]


def _side_by_side(reference: CategoryAssociation, current: CategoryAssociation) -> tuple[Integers, Integers]:
    """Give the counts of both sides by the same categories: the reference's, and those that only the batch has."""
    known = dict(zip(reference.categories, range(len(reference.categories)), strict=True))
    places = np.fromiter(map(known.get, current.categories, repeat(-1)), np.int64, len(current.categories))
    unknown = places < 0
    places[unknown] = len(known) + np.arange(np.count_nonzero(unknown))
    before, now = np.zeros((2, len(known) + np.count_nonzero(unknown), reference.counts.shape[1]), dtype=np.int64)
    before[: len(known)] = reference.counts
    now[places] = current.counts
    return before, now
