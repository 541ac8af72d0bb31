"""The search for single features that give the label away: pure regions of a feature, and whole features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from driftwatch_assets.quality.hypergeometric import FewOthers
from driftwatch_assets.quality.label_counts import FeatureCounts, apart, area_under_curve, count_labels, out_of_half

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    Counts = np.ndarray[Any, np.dtype[np.int64]]
    Mask = np.ndarray[Any, np.dtype[np.bool_]]

FEWEST_OF_A_CLASS = 5
CLEAR_GAP = 3.0
ROUNDING = 1e-9


@dataclass(frozen=True)
class Thresholds:
    """What makes a leak; see `driftwatch_assets.quality.label_leak.LabelLeak`."""

    purity: float
    min_rows: int
    min_share: float
    alpha: float
    auc: float | None
    gap: float
    missing: bool


@dataclass(frozen=True, eq=False)
class Leak:
    """A region of a feature, or a whole one, that nearly gives the label away.

    Attributes
    ----------
    feature
        The column.
    kind
        `value` (one value), `lowest` and `highest` (one-sided), `missing`, `present`, or `whole`.
    label
        Position in the classes of the label that the region has; of a whole feature the one that it tells best.
    rows, others
        Rows of the region, and those among them with another label.
    p
        Chance of a region that is as pure or purer under random labels, times the regions looked at; at most 1.
    positions
        Positions of the region's rows among all rows.
    edge, outside
        Of a one-sided region the position of a row with its innermost value, and of one with the nearest value that is
        not in it.
    auc
        Of a whole feature: area under the ROC curve of one label against the others.

    """

    feature: str
    kind: Literal["value", "lowest", "highest", "missing", "present", "whole"]
    label: int
    rows: int
    others: int
    p: float
    positions: Counts
    edge: int | None = None
    outside: int | None = None
    auc: float | None = None


def find_leaks(
    frame: pd.DataFrame, features: Iterable[str], label: Counts, classes: int, thresholds: Thresholds
) -> tuple[list[Leak], int]:
    """Find the features that nearly give the label away.

    Parameters
    ----------
    frame
        The table, n rows, each with a label.
    features
        Columns to be looked at: numbers, moments, or anything that is equal or not.
    label
        n class numbers from 0 to `classes` - 1.
    classes
        How many classes there are.
    thresholds
        What makes a leak.

    Returns
    -------
    tuple
        The leaks, the surest first, and how many regions were looked at.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> label = rng.integers(0, 2, 400)
    >>> frame = pd.DataFrame({"x": np.where((label == 1) & (rng.random(400) < 0.2), 999.0, rng.normal(size=400))})
    >>> rule = Thresholds(0.99, 5, 0.01, 0.01, 0.98, 0.0, missing=False)
    >>> leaks, regions = find_leaks(frame, ["x"], label, 2, rule)
    >>> [(leak.feature, leak.kind, leak.label, leak.rows) for leak in leaks], regions
    ([('x', 'value', 1, 45)], 24)

    """
    of_class = np.bincount(label, minlength=classes)
    support = max(thresholds.min_rows, int(np.ceil(thresholds.min_share * len(label) - ROUNDING)))
    reachable = [number for number in range(classes) if of_class[number] >= thresholds.purity * support - ROUNDING]
    if np.count_nonzero(of_class) < 2:  # noqa: PLR2004 - one label cannot be told from another
        return [], 0
    search = _Search(thresholds, support, of_class, reachable)
    found: list[list[Leak]] = []
    regions = 0
    for name in features:
        feature = count_labels(frame[name], name, label, classes)
        leaks, looked_at = search.regions(feature, label)
        found.append(leaks)
        regions += looked_at
    named = [leak for leaks in found for leak in _named(leaks, search, regions, label)]
    return sorted(named, key=lambda leak: (leak.p, -leak.rows)), regions


@dataclass(frozen=True)
class _Search:
    thresholds: Thresholds
    support: int
    of_class: Counts
    reachable: list[int]

    @property
    def rows(self) -> int:
        return int(self.of_class.sum())

    def chance(self, number: int) -> FewOthers:
        return FewOthers(self.rows, self.rows - int(self.of_class[number]))

    def significant(self, p: float, regions: int) -> bool:
        return p * regions <= self.thresholds.alpha

    def regions(self, feature: FeatureCounts, label: Counts) -> tuple[list[Leak], int]:
        """Give the regions of a feature that are large and pure enough, with their chance, and how many were there."""
        sizes = feature.counts.sum(axis=1)
        present = int(sizes.sum())
        found: list[Leak] = []
        looked_at = len(self.reachable) * int((sizes >= self.support).sum())
        for number in self.reachable:
            found.extend(self._values(feature, number, sizes))
        if self.thresholds.missing and present < self.rows:
            looked_at += 2 * len(self.reachable)
            found.extend(self._presence(feature, label))
        if feature.ordered and len(sizes) > 1:
            most_others = int((1 - self.thresholds.purity) * self.rows + ROUNDING)
            looked_at += 2 * len(self.reachable) * (most_others + 1)
            for number in self.reachable:
                for kind in ("lowest", "highest"):
                    found.extend(self._one_sided(feature, number, sizes, kind))
        if self.thresholds.auc is not None and len(sizes) > 1:
            looked_at += len(self.of_class)
            found.extend(self._whole(feature, label))
        return found, looked_at

    def _pure(self, rows: Any, others: Any) -> Any:
        return (rows >= self.support) & (rows - others >= self.thresholds.purity * rows - ROUNDING)

    def _values(self, feature: FeatureCounts, number: int, sizes: Counts) -> Iterator[Leak]:
        others = sizes - feature.counts[:, number]
        for place in np.flatnonzero(self._pure(sizes, others)):
            rows, other = int(sizes[place]), int(others[place])
            at = feature.positions(int(place), int(place))
            p = self.chance(number).at_most(rows, other)
            yield Leak(feature.name, "value", number, rows, other, p, at, int(at[0]))

    def _presence(self, feature: FeatureCounts, label: Counts) -> Iterator[Leak]:
        absent = feature.value_of < 0
        sides: tuple[tuple[Literal["missing", "present"], Mask], ...] = (("missing", absent), ("present", ~absent))
        for kind, mask in sides:
            at = np.flatnonzero(mask)
            for number in self.reachable:
                rows, other = len(at), int((label[at] != number).sum())
                if self._pure(rows, other):
                    yield Leak(feature.name, kind, number, rows, other, self.chance(number).at_most(rows, other), at)

    def _one_sided(self, feature: FeatureCounts, number: int, sizes: Counts, kind: Any) -> Iterator[Leak]:
        """Give the surest region at one end, and the surest that lies clearly apart, where they are pure enough."""
        step = 1 if kind == "lowest" else -1
        rows = np.cumsum(sizes[::step])
        others = np.cumsum((sizes - feature.counts[:, number])[::step])
        fits = self._pure(rows, others) & (rows < self.rows)
        if self.thresholds.gap > 0:
            fits[:-1] &= apart(feature.numbers[::step], sizes[::step], self.thresholds.gap)
        if not fits.any():
            return
        chance = self.chance(number)
        clear = np.append(apart(feature.numbers[::step], sizes[::step], CLEAR_GAP), False)
        candidates = [np.flatnonzero(fits), np.flatnonzero(fits & clear)]
        surest = {int(some[np.argmin(chance.log_bound(rows[some], others[some]))]) for some in candidates if len(some)}
        for end in surest:
            inner = end if step == 1 else len(sizes) - 1 - end
            at = feature.positions(0, inner) if step == 1 else feature.positions(inner, len(sizes) - 1)
            p = chance.at_most(int(rows[end]), int(others[end]))
            if end == len(sizes) - 1:
                yield Leak(feature.name, "present", number, int(rows[end]), int(others[end]), p, at)
                continue
            edge, outside = (int(feature.positions(place, place)[0]) for place in (inner, inner + step))
            yield Leak(feature.name, kind, number, int(rows[end]), int(others[end]), p, at, edge, outside)

    def _whole(self, feature: FeatureCounts, label: Counts) -> Iterator[Leak]:
        """Give the feature itself, if one class can be told from the others by it."""
        from scipy.special import ndtr  # noqa: PLC0415 - heavy: loaded by the step that needs it

        at = np.flatnonzero(feature.value_of >= 0)
        best: Leak | None = None
        best_auc = self.thresholds.auc or 1.0
        for number in range(len(self.of_class)):
            ones = int(feature.counts[:, number].sum())
            zeros = len(at) - ones
            if min(ones, zeros) < FEWEST_OF_A_CLASS:
                continue
            counts = np.column_stack([feature.counts.sum(axis=1), feature.counts[:, number]])
            if not feature.ordered:
                counts = out_of_half(feature.value_of[at], label[at] == number)
            auc, deviation = area_under_curve(counts)
            auc = max(auc, 1 - auc) if feature.ordered else auc
            if auc > best_auc or (best is None and auc == best_auc):
                best_auc, p = auc, 2 * float(ndtr((0.5 - auc) / deviation))
                best = Leak(feature.name, "whole", number, len(at), zeros, p, at, auc=auc)
        if best is not None:
            yield best


def _named(leaks: list[Leak], search: _Search, regions: int, label: Counts) -> list[Leak]:
    """Give the significant regions of one feature under their simplest names, the surest first.

    A feature that tells the label as a whole has no regions besides. A one-sided region is named when it is evidence
    also without the rows of the single values, and of the range that lies clearly apart, that are evidence themselves;
    then these need no name of their own. So a few rows that happen to follow a placeholder do not hide it. Where all
    values that are there have one label, both ends are that one range.
    """
    sure = [leak for leak in leaks if search.significant(leak.p, regions)]
    whole = [leak for leak in sure if leak.kind == "whole"]
    if whole:
        return [replace(whole[0], p=min(1.0, whole[0].p * regions))]
    named = [leak for leak in sure if leak.kind in {"missing", "value"}]
    ranges = {leak.label: leak for leak in sure if leak.kind == "present"}
    sides = [leak for leak in sure if leak.kind in {"lowest", "highest"} and leak.label not in ranges]
    for side in sorted([*ranges.values(), *sides], key=lambda leak: leak.rows):
        inside = {place for place, leak in enumerate(named) if np.isin(leak.positions, side.positions).all()}
        known = [named[place].positions for place in inside]
        rest = np.setdiff1d(side.positions, np.concatenate(known)) if known else side.positions
        others = int((label[rest] != side.label).sum())
        if search.significant(search.chance(side.label).at_most(len(rest), others), regions):
            named = [*(leak for place, leak in enumerate(named) if place not in inside), side]
    adjusted = [replace(leak, p=min(1.0, leak.p * regions)) for leak in named]
    return sorted(adjusted, key=lambda leak: (leak.p, -leak.rows))
