"""A model's history as geometry: what it is judged by, over batches, with its retrainings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from driftwatch_assets.reporting.axes import Axis, Tick, round_values, spaced, text_half
from driftwatch_assets.reporting.history import RATE, judged_by
from driftwatch_assets.reporting.wording import decimals, metric_title, metric_words, percent, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from driftwatch_assets.reporting.history import HistoryEntry

WIDE, NARROW = (1080, 300), (350, 250)
RADIUS, SMALLEST_RADIUS = 4.5, 1.6
BAND_BELOW = 12.0
DOTS_FROM = 4.0
TOLD_UP_TO = 24
LARGER_ON_PAPER, APART_ON_PAPER = 1.35, 1.5


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
    radius: float
    band: str = ""


@dataclass(frozen=True)
class Marker:
    """A retraining, drawn after the batch that it was trained through."""

    x: float
    promoted: bool
    label: str


@dataclass(frozen=True)
class TimelineFigure:
    """What the model is judged by over batches, with retrainings.

    Attributes
    ----------
    title
        What is drawn, in words.
    lines
        The frozen model and the champion of its time.
    level
        The declared contamination, as a path; empty where the task has none.
    pending
        Batches whose labels are not known yet.
    half
        Half of a marker's width.
    here, here_width
        Where the batch is that is pointed out, and the width of its ground.
    tight
        Whether only every other label of the batches fits on paper.
    intervals
        How the 95 % intervals are drawn: ``"bars"``, ``"band"``, or empty.
    """

    size: str
    title: str
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
    level: str
    markers: tuple[Marker, ...]
    pending: tuple[Point, ...]
    half: float
    here: float | None
    here_width: float
    tight: bool
    intervals: str


@dataclass(frozen=True)
class _Drawn:
    """What is drawn of a batch: of its champion, of the frozen model, and the level that was declared."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    frozen: float | None = None
    level: float | None = None


def timelines(history: Sequence[HistoryEntry], here: str | None = None) -> tuple[TimelineFigure, ...]:
    """Draw a history twice, for wide and for narrow screens; nothing when nothing of it is known.

    What is drawn is the metric of the newest batch with a value, from the first batch that has it; or the rate of
    anomalies beside the declared contamination, where the task has no labels.

    Parameters
    ----------
    history
        In batch order.
    here
        The batch to point out.
    """
    metric = told_by(history)
    drawn = [_drawn(each, metric) for each in history]
    known = [at for at, each in enumerate(drawn) if each.value is not None or each.frozen is not None]
    if not known:
        return ()
    shown, values = list(history)[known[0] :], drawn[known[0] :]
    return tuple(
        _timeline(name, size, shown, values, metric, here) for name, size in (("wide", WIDE), ("narrow", NARROW))
    )


def told_by(history: Sequence[HistoryEntry]) -> str:
    """Name what a history is drawn by: the rate of anomalies where there is one, else the metric of its batches."""
    return RATE if any(each.anomaly_rate is not None for each in history) else judged_by(history)


def _drawn(entry: HistoryEntry, metric: str) -> _Drawn:
    if entry.metric == metric:
        return _Drawn(entry.value, entry.value_low, entry.value_high, entry.frozen_value, entry.contamination)
    return _Drawn(entry.anomaly_rate, level=entry.contamination) if metric == RATE else _Drawn()


def _timeline(
    name: str,
    size: tuple[int, int],
    shown: Sequence[HistoryEntry],
    values: Sequence[_Drawn],
    metric: str,
    here: str | None,
) -> TimelineFigure:
    width, height = size
    left, top, base = (50.0 if size == WIDE else 40.0), 12.0, height - 42.0
    labels = tuple(each.batch for each in shown)
    larger = LARGER_ON_PAPER if size == WIDE else 1.0
    overhang = text_half(max(labels, key=len)) * larger - (width - left) / len(shown) / 2
    right = width - max(8.0, overhang)
    step, kept = (right - left) / len(shown), spaced(labels, right - left)
    places = [round(left + step * (at + 0.5), 2) for at in range(len(shown))]
    up, y_ticks = _rate_axis(values, base, top) if metric == RATE else _metric_axis(values, base, top)
    radius = round(max(SMALLEST_RADIUS, min(RADIUS, step * 0.36)), 2)
    trio = list(zip(places, shown, values, strict=True))
    live = _line("live", "champion of its time", [_point(up, *each, metric) for each in trio], radius)
    frozen = _frozen(up, trio, metric, radius * 0.76)
    has_intervals = any(each.low is not None for each in live.points)
    intervals = "" if not has_intervals else ("band" if step < BAND_BELOW else "bars")
    if intervals == "band":
        live = replace(live, band=_band([_point(up, *each, metric) for each in trio]))
    if step < DOTS_FROM:
        live, frozen = replace(live, points=()), replace(frozen, points=())
    retrained = [(at, each) for at, each in zip(places, shown, strict=True) if each.retrained or each.promoted]
    return TimelineFigure(
        size=name,
        title=f"{metric_title(metric)} by batch",
        description=_describe(shown, values, metric),
        width=width,
        height=height,
        left=left,
        right=right,
        top=top,
        base=base,
        x_ticks=tuple(Tick(places[at], labels[at]) for at in kept),
        y_ticks=y_ticks,
        lines=(frozen, live),
        level=_level(up, places, values) if metric == RATE else "",
        markers=tuple(
            Marker(round(at + step / 2, 2), each.promoted, _retraining_words(each)) for at, each in retrained
        ),
        pending=tuple(
            Point(at, base, f"Batch {each.batch}: labels are not known yet")
            for at, each in zip(places, shown, strict=True)
            if each.waits_for_labels
        ),
        half=round(max(2.0, min(5.0, step * 0.4)), 2),
        here=next((at for at, each in zip(places, shown, strict=True) if each.batch == here), None),
        here_width=round(max(6.0, min(32.0, step)), 2),
        tight=_tight(places, labels, kept),
        intervals=intervals,
    )


def _metric_axis(values: Sequence[_Drawn], base: float, top: float) -> tuple[Axis, tuple[Tick, ...]]:
    shown = [value for each in values for value in (each.value, each.frozen, each.low, each.high)]
    known = [value for value in shown if value is not None]
    low, high = (int(min(known) * 20 + 1e-9) - 1) / 20, (ceil(max(known) * 20 - 1e-9) + 1) / 20
    up = Axis(max(0.0, low), min(1.0, high), base, top)
    return up, up.ticks(5)


def _rate_axis(values: Sequence[_Drawn], base: float, top: float) -> tuple[Axis, tuple[Tick, ...]]:
    shown = [value for each in values for value in (each.value, each.frozen, each.level, each.high)]
    known = [value for value in shown if value is not None]
    up = Axis(0.0, min(1.0, max(0.02, *known) * 1.08), base, top)
    ticks = round_values(up.low, up.high, 5)
    places = 0 if all(abs(each * 100 - round(each * 100)) < 1e-9 for each in ticks) else 1  # noqa: PLR2004 - whole percents
    return up, tuple(Tick(up.place(each), percent(each, places)) for each in ticks)


def _tight(places: Sequence[float], labels: Sequence[str], kept: Sequence[int]) -> bool:
    """Tell whether labels would touch when they are printed, where text is larger beside the figure."""
    return any(
        places[after] - places[at] < APART_ON_PAPER * (text_half(labels[at]) + text_half(labels[after]))
        for at, after in pairwise(kept)
    )


def _write(metric: str) -> Callable[[float | None], str]:
    return percent if metric == RATE else decimals


def _point(up: Axis, x: float, entry: HistoryEntry, drawn: _Drawn, metric: str) -> Point | None:
    if drawn.value is None:
        return None
    write = _write(metric)
    words = f"Batch {entry.batch}: {metric_words(metric)} {write(drawn.value)}"
    if entry.champion_trained_through is not None:
        words += f", champion trained through {entry.champion_trained_through}"
    if drawn.low is None or drawn.high is None:
        return Point(x, up.place(drawn.value), words)
    words += f", 95 % interval {write(drawn.low)} to {write(drawn.high)}"
    return Point(x, up.place(drawn.value), words, up.place(drawn.low), up.place(drawn.high))


def _frozen(up: Axis, trio: Sequence[tuple[float, HistoryEntry, _Drawn]], metric: str, radius: float) -> Line:
    write = _write(metric)
    points = [
        None
        if drawn.frozen is None
        else Point(at, up.place(drawn.frozen), f"Batch {entry.batch}: frozen model {write(drawn.frozen)}")
        for at, entry, drawn in trio
    ]
    return _line("frozen", "frozen model", points, round(radius, 2))


def _level(up: Axis, places: Sequence[float], values: Sequence[_Drawn]) -> str:
    declared = [(at, each.level) for at, each in zip(places, values, strict=True) if each.level is not None]
    half = (places[1] - places[0]) / 2 if len(places) > 1 else places[0] - up.start
    return "".join(f"M{at - half:g},{up.place(level):g}H{at + half:g}" for at, level in declared)


def _line(style: str, name: str, points: Sequence[Point | None], radius: float) -> Line:
    """Join points; one that stands alone becomes a line of no length, which its round ends make visible."""
    path = ""
    for before, point, after in zip((None, *points), points, (*points[1:], None), strict=False):
        if point is not None:
            path += f"{'M' if before is None else 'L'}{point.x:g},{point.y:g}"
            path += "h0" if before is None and after is None else ""
    return Line(style, name, path, tuple(each for each in points if each is not None), radius)


def _band(points: Sequence[Point | None]) -> str:
    """Outline the intervals of neighbouring batches, run by run."""
    runs: list[list[Point]] = []
    for before, point in pairwise((None, *points)):
        if point is None or point.low is None or point.high is None:
            continue
        if before is None or before.low is None:
            runs.append([])
        runs[-1].append(point)
    outline = ""
    for run in runs:
        highs = "L".join(f"{each.x:g},{each.high:g}" for each in run)
        lows = "L".join(f"{each.x:g},{each.low:g}" for each in reversed(run))
        outline += f"M{highs}L{lows}Z"
    return outline


def _retraining_words(entry: HistoryEntry) -> str:
    outcome = "promoted" if entry.promoted else "challenger refused"
    return f"Retrained through batch {entry.batch}: {outcome}"


def _describe(shown: Sequence[HistoryEntry], values: Sequence[_Drawn], metric: str) -> str:
    write, pairs = _write(metric), zip(shown, values, strict=True)
    known = [(entry, drawn, drawn.value) for entry, drawn in pairs if drawn.value is not None]
    if len(known) > TOLD_UP_TO:
        lowest, highest = min(known, key=lambda each: each[2]), max(known, key=lambda each: each[2])
        first, last = known[0], known[-1]
        words = [
            f"{plural(len(known), 'batch', 'batches')}",
            f"first batch {first[0].batch} ({write(first[2])})",
            f"last batch {last[0].batch} ({write(last[2])})",
            f"lowest in batch {lowest[0].batch} ({write(lowest[2])})",
            f"highest in batch {highest[0].batch} ({write(highest[2])})",
        ]
    else:
        words = [
            f"batch {entry.batch} {write(value)}"
            + (f" (frozen model {write(drawn.frozen)})" if drawn.frozen is not None else "")
            for entry, drawn, value in known
        ]
    levels = [drawn.level for drawn in values if drawn.level is not None]
    said = [f"{metric_title(metric)} by batch: {'; '.join(words)}."] if words else []
    said += [f"The declared contamination is {percent(levels[-1])}."] if levels else []
    waiting = sum(each.waits_for_labels for each in shown)
    said += [f"Labels of {plural(waiting, 'batch', 'batches')} are not known yet."] if waiting else []
    said += [f"{_retraining_words(each)}." for each in shown if each.retrained or each.promoted]
    return " ".join(said)
