"""Figures as geometry: what the SVG templates draw, computed from results, in pixels of the figure's own box."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from driftwatch_assets.reporting.axes import Axis, Tick, text_half
from driftwatch_assets.reporting.distributions import OTHER
from driftwatch_assets.reporting.wording import count, measure, percent, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.reporting.distributions import Distribution

SMALL_WIDTH, SMALL_HEIGHT = 340, 148
BAR_STEP, BAR_LABEL, BAR_NOTE = 32, 112, 22
SHORT = 13
TICK_SPACE, NOTE_ROOM = 8.0, 26.0


@dataclass(frozen=True)
class HistogramFigure:
    """Two histograms over one another: outlines as SVG paths."""

    feature: str
    description: str
    width: int
    height: int
    base: float
    reference: str
    current: str
    ticks: tuple[Tick, ...]
    medians: tuple[tuple[str, float], ...]
    missing: str


@dataclass(frozen=True)
class Bar:
    """Both sides of a category: its label, its place, the bars' lengths and the shares in words."""

    name: str
    label: str
    y: float
    reference: float
    current: float
    reference_share: str
    current_share: str


@dataclass(frozen=True)
class BarsFigure:
    """Paired bars, one pair a category."""

    feature: str
    description: str
    width: int
    height: int
    left: float
    bars: tuple[Bar, ...]
    missing: str


def small_multiple(distribution: Distribution) -> HistogramFigure | BarsFigure:
    """Draw both sides of one feature, by what it is: bins or categories."""
    return _bars(distribution) if distribution.categories else _histogram(distribution)


def _histogram(distribution: Distribution) -> HistogramFigure:
    missing = _without_values(distribution)
    base, top, side = SMALL_HEIGHT - 22.0, NOTE_ROOM if missing else 6.0, 8.0
    reference, current = distribution.shares
    tallest = max((*reference, *current)) or 1.0
    across = Axis(distribution.edges[0], distribution.edges[-1], side, SMALL_WIDTH - side)
    up = Axis(0.0, tallest, base, top)
    medians = (("reference", distribution.median_reference), ("current", distribution.median_current))
    edges = [across.place(each) for each in distribution.edges]
    return HistogramFigure(
        feature=distribution.feature,
        description=_describe_bins(distribution),
        width=SMALL_WIDTH,
        height=SMALL_HEIGHT,
        base=base,
        reference=_steps(edges, [up.place(each) for each in reference], base),
        current=_steps(edges, [up.place(each) for each in current], base),
        ticks=_side_by_side(across),
        medians=tuple(
            (side_name, across.place(value))
            for side_name, value in medians
            if value is not None and across.low <= value <= across.high
        ),
        missing=missing,
    )


def _side_by_side(across: Axis) -> tuple[Tick, ...]:
    """Give as many ticks as have room for their labels within the figure."""
    fitting: tuple[Tick, ...] = ()
    for wanted in (6, 5, 4, 3, 2):
        fitting = tuple(
            each
            for each in across.ticks(wanted)
            if each.at - text_half(each.label) >= 0 and each.at + text_half(each.label) <= SMALL_WIDTH
        )
        spaces = [
            right.at - text_half(right.label) - left.at - text_half(left.label) for left, right in pairwise(fitting)
        ]
        if min(spaces, default=TICK_SPACE) >= TICK_SPACE:
            break
    return fitting


def _steps(edges: Sequence[float], heights: Sequence[float], base: float) -> str:
    steps = "".join(f"V{height:g}H{right:g}" for height, right in zip(heights, edges[1:], strict=True))
    return f"M{edges[0]:g},{base:g}{steps}V{base:g}Z"


def _describe_bins(distribution: Distribution) -> str:
    empty = _without_values(distribution)
    text = f"Histogram of the reference and of the batch{': ' if empty else ''}{empty}."
    if distribution.median_reference is not None and distribution.median_current is not None:
        text += f" The median is {measure(distribution.median_reference)} in the reference"
        text += f" and {measure(distribution.median_current)} in the batch."
    beyond = distribution.beyond_reference, distribution.beyond_current
    if any(beyond):
        text += f" The outermost bins hold {count(beyond[0])} reference rows and {count(beyond[1])} batch rows beyond."
    return text + _describe_missing(distribution)


def _short(names: Sequence[str]) -> tuple[str, ...]:
    """Cut long names: at their end, or at their beginning where that tells more of them apart."""
    names = tuple(name.strip("()") if name == OTHER else name for name in names)
    ends = tuple(name if len(name) <= SHORT else f"{name[: SHORT - 1]}…" for name in names)
    beginnings = tuple(name if len(name) <= SHORT else f"…{name[1 - SHORT :]}" for name in names)
    return max((ends, beginnings), key=lambda labels: len(set(labels)))


def _without_values(distribution: Distribution) -> str:
    """Say which side has no value at all; nothing when both have."""
    if not sum(distribution.current):
        return "no value in this batch" if sum(distribution.reference) else "no value on either side"
    return "" if sum(distribution.reference) else "no value in the reference"


def _describe_missing(distribution: Distribution) -> str:
    missing = distribution.missing_reference, distribution.missing_current
    if not any(missing):
        return ""
    return f" Without a value: {plural(missing[0], 'reference row')}, {plural(missing[1], 'batch row')}."


def _bars(distribution: Distribution) -> BarsFigure:
    reference, current = distribution.shares
    longest = max((*reference, *current)) or 1.0
    length = SMALL_WIDTH - BAR_LABEL - 52
    names, missing = distribution.categories, _without_values(distribution)
    labels = _short(names)
    words = "; ".join(
        f"{name} {percent(left)} in the reference, {percent(right)} in the batch"
        for name, left, right in zip(names, reference, current, strict=True)
    )
    return BarsFigure(
        feature=distribution.feature,
        description=f"Shares of rows by value: {words}.{_describe_missing(distribution)}",
        width=SMALL_WIDTH,
        height=BAR_STEP * len(names) + 6 + (BAR_NOTE if missing else 0),
        left=BAR_LABEL,
        bars=tuple(
            Bar(
                name=name,
                label=labels[at],
                y=4.0 + BAR_STEP * at,
                reference=round(reference[at] / longest * length, 2),
                current=round(current[at] / longest * length, 2),
                reference_share=percent(reference[at]),
                current_share=percent(current[at]),
            )
            for at, name in enumerate(names)
        ),
        missing=missing,
    )
