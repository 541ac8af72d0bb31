"""Curves of a binary task and distributions of scores as geometry, in pixels of the figure's own box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch_assets.reporting.axes import Axis, Tick, round_values, text_half
from driftwatch_assets.reporting.wording import count, decimals, measure, percent, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.reporting.anomaly import AnomalyScores
    from driftwatch_assets.reporting.performance import BinaryPerformance, Curve, Performance

BOX = (264, 244)
WIDE, NARROW = (1080, 240), (350, 220)
LARGEST_DOT, SMALLEST_DOT = 6.0, 2.0
TABLE_STEPS = 10
_Bar = tuple[float, float, tuple[tuple[int, str, str], ...]]
"""From, to, and stacked parts: rows, how they are filled, and words."""


@dataclass(frozen=True)
class Dot:
    """A marked point with its words."""

    x: float
    y: float
    radius: float
    style: str
    label: str


@dataclass(frozen=True)
class CurveFigure:
    """A curve in a unit square: the curve and its guide as SVG paths, and marked points."""

    id: str
    title: str
    note: str
    description: str
    width: int
    height: int
    left: float
    right: float
    top: float
    base: float
    x_title: str
    y_title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    path: str
    guide: str
    dots: tuple[Dot, ...]
    table: tuple[tuple[str, ...], ...]
    heads: tuple[str, ...]


@dataclass(frozen=True)
class Piece:
    """A bar, or a part of one: its box, how it is filled, and its words."""

    x: float
    y: float
    width: float
    height: float
    style: str
    label: str


@dataclass(frozen=True)
class ScoresFigure:
    """How many rows have which score, with the threshold."""

    id: str
    size: str
    title: str
    description: str
    width: int
    height: int
    left: float
    right: float
    top: float
    base: float
    x_title: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    pieces: tuple[Piece, ...]
    threshold: float | None
    threshold_label: str
    anchor: str


def binary_curves(performance: Performance) -> tuple[CurveFigure, ...]:
    """Draw the ROC curve, the precision-recall curve and the calibration of a binary task, those that are known."""
    binary = performance.binary
    if binary is None:
        return ()
    drawn = (
        _roc(performance, binary) if binary.roc else None,
        _precision_recall(binary) if binary.precision_recall else None,
        _calibration(binary) if any(each.rows for each in binary.calibration) else None,
    )
    return tuple(each for each in drawn if each is not None)


def _roc(performance: Performance, binary: BinaryPerformance) -> CurveFigure:
    at = performance.classes.index(binary.positive)
    counts = performance.confusion
    negatives = int(counts.sum() - counts[at].sum())
    false_alarms = (int(counts[:, at].sum()) - int(counts[at, at])) / negatives if negatives else None
    words = f"At the threshold {decimals(binary.threshold, 2)}: {percent(binary.recall)} of {binary.positive} found,"
    return _curve(
        "roc",
        f"ROC curve, AUC {decimals(binary.auc)}",
        "Dashed: chance.",
        ("False positive rate", "True positive rate"),
        binary.roc,
        guide=((0.0, 0.0), (1.0, 1.0)),
        mark=None if false_alarms is None or binary.recall is None else (false_alarms, binary.recall),
        words=f"{words} {percent(false_alarms)} of the others wrongly.",
    )


def _precision_recall(binary: BinaryPerformance) -> CurveFigure:
    share = binary.prevalence
    words = f"At the threshold {decimals(binary.threshold, 2)}: recall {decimals(binary.recall)},"
    return _curve(
        "pr",
        "Precision and recall",
        "" if share is None else f"Dashed: {percent(share)} of the rows are {binary.positive}.",
        ("Recall", "Precision"),
        binary.precision_recall,
        guide=() if share is None else ((0.0, share), (1.0, share)),
        mark=None if binary.precision is None or binary.recall is None else (binary.recall, binary.precision),
        words=f"{words} precision {decimals(binary.precision)}.",
    )


def _calibration(binary: BinaryPerformance) -> CurveFigure:
    filled = [each for each in binary.calibration if each.rows]
    points = tuple((each.mean_score, each.share) for each in filled if None not in (each.mean_score, each.share))
    most = max(each.rows for each in filled)
    frame = _Frame()
    dots = tuple(
        Dot(
            frame.across.place(each.mean_score),
            frame.up.place(each.share),
            round(max(SMALLEST_DOT, LARGEST_DOT * (each.rows / most) ** 0.5), 2),
            "dot-live",
            f"{plural(each.rows, 'row')} with a mean score of {decimals(each.mean_score)}: {percent(each.share)} are"
            f" {binary.positive}",
        )
        for each in filled
        if each.mean_score is not None and each.share is not None
    )
    rows = tuple(
        (
            f"{decimals(each.low, 2)} to {decimals(each.high, 2)}",
            count(each.rows),
            decimals(each.mean_score),
            percent(each.share),
        )
        for each in binary.calibration
    )
    return frame.figure(
        "calibration",
        f"Calibration, Brier score {decimals(binary.brier)}",
        "Dashed: scores that keep their promise. Larger dots: more rows.",
        "; ".join(each.label for each in dots),
        ("Mean score", f"Share of {binary.positive}"),
        frame.path([(x, y) for x, y in points if x is not None and y is not None]),
        frame.path(((0.0, 0.0), (1.0, 1.0))),
        dots,
        (("Score", "Rows", "Mean score", f"Are {binary.positive}"), rows),
    )


def _curve(
    name: str,
    title: str,
    note: str,
    axes: tuple[str, str],
    curve: Curve,
    *,
    guide: Curve,
    mark: tuple[float, float] | None,
    words: str,
) -> CurveFigure:
    frame = _Frame()
    dots = () if mark is None else (Dot(*frame.place(*mark), 4.5, "dot-mark", words),)
    told = _thinned(curve)
    return frame.figure(
        name,
        title,
        note,
        f"{words if mark is not None else ''} {axes[1]} by {axes[0].lower()}:"
        f" {'; '.join(f'{decimals(y, 2)} at {decimals(x, 2)}' for x, y in told)}.".strip(),
        axes,
        frame.path(curve),
        frame.path(guide),
        dots,
        (axes, tuple((decimals(x), decimals(y)) for x, y in told)),
    )


def _thinned(curve: Curve) -> Curve:
    """Choose the points of a curve that lie nearest to tenths."""
    wanted = [at / TABLE_STEPS for at in range(TABLE_STEPS + 1)]
    nearest = [min(range(len(curve)), key=lambda at: (abs(curve[at][0] - each), at)) for each in wanted]
    return tuple(curve[at] for at in sorted(set(nearest)))


class _Frame:
    """The unit square of a curve in its box."""

    def __init__(self) -> None:
        self.width, self.height = BOX
        self.left, self.right, self.top, self.base = 36.0, self.width - 14.0, 8.0, self.height - 38.0
        self.across = Axis(0.0, 1.0, self.left, self.right)
        self.up = Axis(0.0, 1.0, self.base, self.top)

    def place(self, x: float, y: float) -> tuple[float, float]:
        return self.across.place(x), self.up.place(y)

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        placed = [self.place(*each) for each in points]
        return "".join(f"{'L' if at else 'M'}{x:g},{y:g}" for at, (x, y) in enumerate(placed))

    def figure(
        self,
        name: str,
        title: str,
        note: str,
        description: str,
        axes: tuple[str, str],
        path: str,
        guide: str,
        dots: tuple[Dot, ...],
        table: tuple[tuple[str, ...], tuple[tuple[str, ...], ...]],
    ) -> CurveFigure:
        return CurveFigure(
            id=name,
            title=title,
            note=note,
            description=description,
            width=self.width,
            height=self.height,
            left=self.left,
            right=self.right,
            top=self.top,
            base=self.base,
            x_title=axes[0],
            y_title=axes[1],
            x_ticks=self.across.ticks(5),
            y_ticks=self.up.ticks(5),
            path=path,
            guide=guide,
            dots=dots,
            heads=table[0],
            table=table[1],
        )


def class_scores(performance: Performance) -> ScoresFigure | None:
    """Draw how many rows of either class have which score; None where that is not known."""
    binary = performance.binary
    if binary is None or not any(each.positive + each.negative for each in binary.scores):
        return None
    other = next((name for name in performance.classes if name != binary.positive), "the others")
    bars: list[_Bar] = []
    for each in binary.scores:
        where = f"score {decimals(each.low, 2)} to {decimals(each.high, 2)}"
        positive = (each.positive, "bar-current", f"{plural(each.positive, 'row')} of {binary.positive}, {where}")
        negative = (each.negative, "bar-other", f"{plural(each.negative, 'row')} of {other}, {where}")
        bars.append((each.low, each.high, (positive, negative)))
    words = f"Score of {binary.positive}"
    return _scores("scores", "box", BOX, "Scores by actual class", bars, binary.threshold, words)


def anomaly_scores(scores: AnomalyScores) -> tuple[ScoresFigure, ...]:
    """Draw the distribution of anomaly scores twice, for wide and for narrow screens; nothing without a histogram."""
    if not sum(scores.counts):
        return ()
    bars: list[_Bar] = []
    for low, high, rows in zip(scores.edges[:-1], scores.edges[1:], scores.counts, strict=True):
        words = f"{plural(rows, 'row')}, score {measure(low)} to {measure(high)}"
        cut = high if scores.threshold is None else min(max(scores.threshold, low), high)
        for start, end, style in ((low, cut, "bar-reference"), (cut, high, "bar-anomaly")):
            if end > start:
                bars.append((start, end, ((rows, style, words),)))
    return tuple(
        _scores("scores", name, size, "Anomaly scores", bars, scores.threshold, "Anomaly score")
        for name, size in (("wide", WIDE), ("narrow", NARROW))
    )


def _scores(
    name: str,
    size_name: str,
    size: tuple[int, int],
    title: str,
    bars: Sequence[_Bar],
    threshold: float | None,
    x_title: str,
) -> ScoresFigure:
    width, height = size
    left, right, top, base = 50.0, width - 14.0, 22.0, height - 38.0
    reached = [bars[0][0], bars[-1][1], *([] if threshold is None else [threshold])]
    low, high = min(reached), max(reached)
    across = Axis(low, high if high > low else low + 1.0, left, right)
    up = Axis(0.0, max(sum(part[0] for part in parts) for _, _, parts in bars) or 1, base, top)
    pieces = []
    for start, end, parts in bars:
        below = 0
        for rows, style, words in parts:
            if rows:
                foot, head = up.place(below), up.place(below + rows)
                x = across.place(start)
                pieces.append(Piece(x, head, round(across.place(end) - x, 2), round(foot - head, 2), style, words))
            below += rows
    counts = [each for each in round_values(0.0, up.high, 4) if each == int(each)]
    at = None if threshold is None else across.place(threshold)
    label = "" if threshold is None else f"threshold {measure(threshold)}"
    anchor = "start" if at is None or at + 2 * text_half(label) + 6 < right else "end"
    return ScoresFigure(
        id=name,
        size=size_name,
        title=title,
        description=f"{label.capitalize() or title}. {'; '.join(each.label for each in pieces)}.",
        width=width,
        height=height,
        left=left,
        right=right,
        top=top,
        base=base,
        x_title=x_title,
        x_ticks=across.ticks(5 if width < WIDE[0] else 10),
        y_ticks=tuple(Tick(up.place(each), measure(each)) for each in counts),
        pieces=tuple(pieces),
        threshold=at,
        threshold_label=label,
        anchor=anchor,
    )
