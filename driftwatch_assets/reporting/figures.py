"""Figures as geometry: what the SVG templates draw, computed from results, in pixels of the figure's own box."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from driftwatch_assets.reporting.axes import Axis, Tick, spaced
from driftwatch_assets.reporting.wording import count, decimals, measure, percent, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driftwatch_assets.reporting.content import HistoryEntry
    from driftwatch_assets.reporting.distributions import Distribution

SMALL_WIDTH, SMALL_HEIGHT = 340, 148
BAR_STEP, BAR_LABEL = 32, 112
WIDE, NARROW = (1080, 300), (350, 250)
SHORT = 15
CHARACTER = 7.2


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


@dataclass(frozen=True)
class Point:
    """A batch on a line: its place, its words, and its interval in pixels where it has one."""

    x: float
    y: float
    label: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Line:
    """A series over batches; it is broken where a value is missing."""

    style: str
    name: str
    path: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Marker:
    """A retraining, drawn after the batch that it was trained through."""

    x: float
    promoted: bool
    label: str


@dataclass(frozen=True)
class TimelineFigure:
    """Accuracy over batches, with retrainings."""

    size: str
    description: str
    width: int
    height: int
    left: float
    right: float
    top: float
    base: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    markers: tuple[Marker, ...]
    here: float | None


def small_multiple(distribution: Distribution) -> HistogramFigure | BarsFigure:
    """Draw both sides of one feature, by what it is: bins or categories."""
    return _bars(distribution) if distribution.categories else _histogram(distribution)


def _histogram(distribution: Distribution) -> HistogramFigure:
    base, top, side = SMALL_HEIGHT - 22.0, 6.0, 8.0
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
    )


def _side_by_side(across: Axis) -> tuple[Tick, ...]:
    """Give as many ticks as have room for their labels within the figure."""
    fitting: tuple[Tick, ...] = ()
    for wanted in (6, 5, 4, 3, 2):
        fitting = tuple(
            each
            for each in across.ticks(wanted)
            if each.at - _half(each.label) >= 0 and each.at + _half(each.label) <= SMALL_WIDTH
        )
        if all(left.at + _half(left.label) + 8 <= right.at - _half(right.label) for left, right in pairwise(fitting)):
            break
    return fitting


def _half(label: str) -> float:
    return len(label) * CHARACTER / 2


def _steps(edges: Sequence[float], heights: Sequence[float], base: float) -> str:
    steps = "".join(f"V{height:g}H{right:g}" for height, right in zip(heights, edges[1:], strict=True))
    return f"M{edges[0]:g},{base:g}{steps}V{base:g}Z"


def _describe_bins(distribution: Distribution) -> str:
    text = "Histogram of the reference and of the batch."
    if distribution.median_reference is not None and distribution.median_current is not None:
        text += f" The median is {measure(distribution.median_reference)} in the reference"
        text += f" and {measure(distribution.median_current)} in the batch."
    beyond = distribution.beyond_reference, distribution.beyond_current
    if any(beyond):
        text += f" The outermost bins hold {count(beyond[0])} reference rows and {count(beyond[1])} batch rows beyond."
    return text + _describe_missing(distribution)


def _describe_missing(distribution: Distribution) -> str:
    missing = distribution.missing_reference, distribution.missing_current
    if not any(missing):
        return ""
    return f" Without a value: {plural(missing[0], 'reference row')}, {plural(missing[1], 'batch row')}."


def _bars(distribution: Distribution) -> BarsFigure:
    reference, current = distribution.shares
    longest = max((*reference, *current)) or 1.0
    length = SMALL_WIDTH - BAR_LABEL - 52
    names = distribution.categories
    words = "; ".join(
        f"{name} {percent(left)} in the reference, {percent(right)} in the batch"
        for name, left, right in zip(names, reference, current, strict=True)
    )
    return BarsFigure(
        feature=distribution.feature,
        description=f"Shares of rows by value: {words}.{_describe_missing(distribution)}",
        width=SMALL_WIDTH,
        height=BAR_STEP * len(names) + 6,
        left=BAR_LABEL,
        bars=tuple(
            Bar(
                name=name,
                label=name if len(name) <= SHORT else name[: SHORT - 1] + "…",
                y=4.0 + BAR_STEP * at,
                reference=round(reference[at] / longest * length, 2),
                current=round(current[at] / longest * length, 2),
                reference_share=percent(reference[at]),
                current_share=percent(current[at]),
            )
            for at, name in enumerate(names)
        ),
    )


def timelines(history: Sequence[HistoryEntry], here: str | None = None) -> tuple[TimelineFigure, ...]:
    """Draw accuracy over batches twice, for wide and for narrow screens; nothing when no accuracy is known.

    Parameters
    ----------
    history
        In batch order.
    here
        The batch to point out.
    """
    known = [each for each in history if each.accuracy is not None or each.frozen_accuracy is not None]
    if not known:
        return ()
    first = list(history).index(known[0])
    shown = list(history)[first:]
    return tuple(_timeline(name, size, shown, here) for name, size in (("wide", WIDE), ("narrow", NARROW)))


def _timeline(name: str, size: tuple[int, int], shown: Sequence[HistoryEntry], here: str | None) -> TimelineFigure:
    width, height = size
    left, top, base = 40.0, 12.0, height - 42.0
    labels = tuple(each.batch for each in shown)
    overhang = _half(max(labels, key=len)) - (width - left) / len(shown) / 2
    right = width - max(8.0, overhang)
    step = (right - left) / len(shown)
    places = [round(left + step * (at + 0.5), 2) for at in range(len(shown))]
    up = _accuracy_axis(shown, base, top)
    kept = spaced(labels, right - left)
    live = [_point(up, at, each) for at, each in zip(places, shown, strict=True)]
    frozen = [
        None
        if each.frozen_accuracy is None
        else Point(
            at, up.place(each.frozen_accuracy), f"Batch {each.batch}: frozen model {decimals(each.frozen_accuracy)}"
        )
        for at, each in zip(places, shown, strict=True)
    ]
    retrained = [(at, each) for at, each in zip(places, shown, strict=True) if each.retrained or each.promoted]
    return TimelineFigure(
        size=name,
        description=_describe_history(shown),
        width=width,
        height=height,
        left=left,
        right=right,
        top=top,
        base=base,
        x_ticks=tuple(Tick(places[at], labels[at]) for at in kept),
        y_ticks=up.ticks(5),
        lines=(
            _line("frozen", "frozen model", frozen),
            _line("live", "champion of its time", live),
        ),
        markers=tuple(
            Marker(round(at + step / 2, 2), each.promoted, _retraining_words(each)) for at, each in retrained
        ),
        here=next((at for at, each in zip(places, shown, strict=True) if each.batch == here), None),
    )


def _accuracy_axis(shown: Iterable[HistoryEntry], base: float, top: float) -> Axis:
    values = [
        value
        for each in shown
        for value in (each.accuracy, each.frozen_accuracy, each.accuracy_low)
        if value is not None
    ]
    low = min(values)
    return Axis(max(0.0, (int(low * 20 + 1e-9) - 1) / 20), 1.0, base, top)


def _point(up: Axis, x: float, entry: HistoryEntry) -> Point | None:
    if entry.accuracy is None:
        return None
    words = f"Batch {entry.batch}: accuracy {decimals(entry.accuracy)}"
    if entry.champion_trained_through is not None:
        words += f", champion trained through {entry.champion_trained_through}"
    if entry.accuracy_low is None or entry.accuracy_high is None:
        return Point(x, up.place(entry.accuracy), words)
    words += f", 95 % interval {decimals(entry.accuracy_low)} to {decimals(entry.accuracy_high)}"
    return Point(x, up.place(entry.accuracy), words, up.place(entry.accuracy_low), up.place(entry.accuracy_high))


def _line(style: str, name: str, points: Sequence[Point | None]) -> Line:
    path = ""
    for before, point in pairwise((None, *points)):
        if point is not None:
            path += f"{'M' if before is None else 'L'}{point.x:g},{point.y:g}"
    return Line(style, name, path, tuple(each for each in points if each is not None))


def _retraining_words(entry: HistoryEntry) -> str:
    outcome = "promoted" if entry.promoted else "challenger refused"
    return f"Retrained through batch {entry.batch}: {outcome}"


def _describe_history(shown: Sequence[HistoryEntry]) -> str:
    words = [
        f"batch {each.batch} {decimals(each.accuracy)}"
        + (f" (frozen model {decimals(each.frozen_accuracy)})" if each.frozen_accuracy is not None else "")
        for each in shown
        if each.accuracy is not None
    ]
    retrained = [_retraining_words(each) for each in shown if each.retrained or each.promoted]
    return f"Accuracy by batch: {'; '.join(words)}. {'. '.join(retrained)}{'.' if retrained else ''}".strip()
