"""Five pictures of what an anomaly detector said of a batch, as PNG, for places that take no page.

The score distribution, the share of anomalies, the ten most anomalous rows, the rate over time, and all of it on one
sheet. They are drawn from plain numbers, whatever the rows are about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.reporting.canvas import (
    FIRST,
    GUIDE,
    INK,
    SECOND,
    axes_on,
    batch_ticks,
    known,
    percent_axis,
    png,
    say_nothing,
    share_words,
    sheet,
    shortened,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

PICTURES = ("score_distribution", "anomaly_share", "top_anomalies", "anomaly_trend", "summary")
"""The pictures, by the names that `anomaly_pictures` gives them."""

_NORMAL, _ANOMALY = FIRST, SECOND
_BINS = 40
_TOP = 10
_NO_ROWS = "no rows were scored"


@dataclass(frozen=True)
class ScoredRows:
    """What a detector said of the rows of a batch.

    Attributes
    ----------
    ids
        Identity a row.
    scores
        Score a row, finite, higher is more anomalous.
    anomalous
        Whether the row was called anomalous.
    threshold
        The score above which a row is.
    times
        The moment a row; None where rows have none.

    Raises
    ------
    ValueError
        The columns differ in length, or a score is not finite.

    """

    ids: Sequence[object]
    scores: Sequence[float]
    anomalous: Sequence[bool]
    threshold: float
    times: Sequence[datetime] | None = None

    def __post_init__(self) -> None:
        lengths = {"ids": len(self.ids), "scores": len(self.scores), "anomalous": len(self.anomalous)}
        if self.times is not None:
            lengths["times"] = len(self.times)
        if len(set(lengths.values())) > 1:
            found = ", ".join(f"{count} {name}" for name, count in lengths.items())
            raise ValueError(f"cannot draw scored rows: found {found}; expected one of each for every row")
        bad = np.flatnonzero(~np.isfinite(np.asarray(self.scores, dtype=float)))
        if len(bad) or not np.isfinite(self.threshold):
            found = (
                f"score of row {self.ids[bad[0]]!r} is {self.scores[bad[0]]}"
                if len(bad)
                else f"threshold is {self.threshold}"
            )
            raise ValueError(f"cannot draw scored rows: the {found}; expected finite numbers")


@dataclass(frozen=True)
class BatchRate:
    """The share of anomalies of one batch, 0 to 1, with its 95 % interval; None where nothing was scored."""

    batch: str
    rate: float | None
    low: float | None = None
    high: float | None = None


def anomaly_pictures(
    rows: ScoredRows, rates: Sequence[BatchRate], *, contamination: float, title: str
) -> Mapping[str, bytes]:
    """Draw all five pictures.

    Parameters
    ----------
    rows
        What was said of the batch.
    rates
        Of all batches up to this one, in batch order; the last is this one.
    contamination
        The declared share of anomalies, 0 to 1.
    title
        Model and batch, as a reader knows them.

    Returns
    -------
    Mapping of str to bytes
        A PNG image for each of `PICTURES`. A batch without rows has them too, and they say so.

    Examples
    --------
    >>> rows = ScoredRows(ids=["a", "b"], scores=[0.4, 0.7], anomalous=[False, True], threshold=0.6)
    >>> drawn = anomaly_pictures(rows, [BatchRate("2023", 0.5)], contamination=0.1, title="crashes, 2023")
    >>> [(name, content[1:4]) for name, content in drawn.items()][:2]
    [('score_distribution', b'PNG'), ('anomaly_share', b'PNG')]

    """
    return {
        "score_distribution": score_distribution(rows, title),
        "anomaly_share": anomaly_share(rows, title, contamination=contamination),
        "top_anomalies": top_anomalies(rows, title),
        "anomaly_trend": anomaly_trend(rates, title, contamination=contamination),
        "summary": summary(rows, rates, title, contamination=contamination),
    }


def score_distribution(rows: ScoredRows, title: str) -> bytes:
    """Draw the histogram of the scores, the threshold, and what lies above it in another colour, as a PNG image."""
    figure, axes = _one(7.2, 3.8)
    _draw_distribution(axes, rows)
    return png(figure, f"Scores: {title}")


def anomaly_share(rows: ScoredRows, title: str, *, contamination: float) -> bytes:
    """Draw how many rows are normal and how many anomalous, beside the declared share, as a PNG image."""
    figure, axes = _one(7.2, 2.4)
    _draw_share(axes, rows, contamination)
    return png(figure, f"Normal and anomalous: {title}")


def top_anomalies(rows: ScoredRows, title: str) -> bytes:
    """Draw the ten rows with the highest scores, highest first, with their ids and times, as a PNG image."""
    figure, axes = _one(7.2, 4.4)
    _draw_top(axes, rows)
    return png(figure, f"Most anomalous: {title}")


def anomaly_trend(rates: Sequence[BatchRate], title: str, *, contamination: float) -> bytes:
    """Draw the share of anomalies over batches, with its interval and the declared share, as a PNG image."""
    figure, axes = _one(7.2, 3.8)
    _draw_trend(axes, rates, contamination)
    return png(figure, f"Rate over time: {title}")


def summary(rows: ScoredRows, rates: Sequence[BatchRate], title: str, *, contamination: float) -> bytes:
    """Draw the four pictures on one sheet, under the batch's figures, as a PNG image."""
    figure = sheet(12.6, 8.4)
    grid = figure.add_gridspec(2, 2, height_ratios=(1, 1.15))
    places = [axes_on(figure, grid[row, column]) for row in (0, 1) for column in (0, 1)]
    names = ("Scores", "Rate over time", "Most anomalous", "Normal and anomalous")
    _draw_distribution(places[0], rows)
    _draw_trend(places[1], rates, contamination)
    _draw_top(places[2], rows)
    _draw_share(places[3], rows, contamination)
    for axes, name in zip(places, names, strict=True):
        axes.set_title(name, loc="left", color=INK)
    return png(figure, f"{title}\n{_figures(rows, contamination)}")


def _figures(rows: ScoredRows, contamination: float) -> str:
    count, anomalies = len(rows.scores), int(np.sum(rows.anomalous))
    if not count:
        return _NO_ROWS
    return (
        f"{count:,} row{'' if count == 1 else 's'} scored, {anomalies:,} anomalous: {share_words(anomalies / count)} "
        f"where {share_words(contamination)} is declared; threshold {rows.threshold:.3f}, "
        f"highest score {max(rows.scores):.3f}"
    )


def _draw_distribution(axes: Any, rows: ScoredRows) -> None:
    scores = np.asarray(rows.scores, dtype=float)
    axes.set_xlabel(f"score, higher is more anomalous (dashed: threshold {rows.threshold:.3f})")
    axes.set_ylabel("rows")
    if not len(scores):
        say_nothing(axes, _NO_ROWS)
        return
    low, high = min(scores.min(), rows.threshold), max(scores.max(), rows.threshold)
    margin = 0.02 * (high - low) or 0.5
    edges = np.linspace(low - margin, high + margin, _BINS + 1)
    flagged = np.asarray(rows.anomalous, dtype=bool)
    normal, anomalous = (np.histogram(scores[one], bins=edges)[0] for one in (~flagged, flagged))
    axes.stairs(normal, edges, fill=True, color=_NORMAL, label="normal")
    axes.stairs(normal + anomalous, edges, baseline=normal, fill=True, color=_ANOMALY, label="anomaly")
    axes.axvline(rows.threshold, color=GUIDE, linestyle="--")
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_ylim(0, 1.2 * axes.get_ylim()[1])
    axes.legend(frameon=False, loc="upper left", ncols=2)


def _draw_share(axes: Any, rows: ScoredRows, contamination: float) -> None:
    count = len(rows.scores)
    axes.set_xlabel("share of rows")
    if not count:
        say_nothing(axes, _NO_ROWS)
        return
    anomalies = int(np.sum(rows.anomalous))
    names, counts = ("anomaly", "normal"), (anomalies, count - anomalies)
    axes.barh(names, [one / count for one in counts], color=[_ANOMALY, _NORMAL], height=0.6)
    for at, (one, end) in enumerate(
        zip(counts, (max(anomalies / count, contamination), counts[1] / count), strict=True)
    ):
        words = f"{one:,} ({share_words(one / count)})"
        axes.annotate(words, (end, at), xytext=(6, 0), textcoords="offset points", va="center")
    axes.plot(
        [contamination] * 2,
        [-0.42, 0.42],
        color=INK,
        linestyle="--",
        label=f"declared share of anomalies: {share_words(contamination)}",
    )
    axes.set_xlim(0, 1.28)
    axes.set_ylim(-0.6, 1.6)
    axes.set_xticks(np.linspace(0, 1, 6))
    percent_axis(axes.xaxis)
    axes.legend(frameon=False, loc="lower right")


def _draw_top(axes: Any, rows: ScoredRows) -> None:
    axes.set_xlabel(f"score (dashed: threshold {rows.threshold:.3f})")
    if not len(rows.scores):
        say_nothing(axes, _NO_ROWS)
        return
    scores = np.asarray(rows.scores, dtype=float)
    order = np.argsort(-scores, kind="stable")[:_TOP]
    at = np.arange(len(order))[::-1]
    flagged = np.asarray(rows.anomalous, dtype=bool)[order]
    axes.hlines(at, rows.threshold, scores[order], color=[_ANOMALY if one else _NORMAL for one in flagged], linewidth=6)
    for place, row in zip(at, order, strict=True):
        below = scores[row] < rows.threshold
        moment = "" if rows.times is None else f"  {rows.times[row]:%Y-%m-%d %H:%M}"
        axes.annotate(
            f"{scores[row]:.3f}{moment}",
            (scores[row], place),
            xytext=(-5 if below else 5, 0),
            textcoords="offset points",
            va="center",
            ha="right" if below else "left",
        )
    axes.axvline(rows.threshold, color=GUIDE, linestyle="--")
    axes.set_yticks(at, [shortened(rows.ids[row]) for row in order], parse_math=False)
    axes.set_ylim(-0.6, len(order) - 0.4)
    shown = np.append(scores[order], rows.threshold)
    span = float(np.ptp(shown)) or 1.0
    words = 0.2 if rows.times is None else 0.6
    left, right = (words if side else 0.04 for side in ((shown < rows.threshold).any(), (shown > rows.threshold).any()))
    axes.set_xlim(shown.min() - left * span, shown.max() + right * span)


def _draw_trend(axes: Any, rates: Sequence[BatchRate], contamination: float) -> None:
    told = [(at, one) for at, one in enumerate(rates) if one.rate is not None]
    axes.set_ylabel("share of anomalies")
    if not told:
        say_nothing(axes, _NO_ROWS)
        return
    values = known([one.rate for one in rates])
    bounds = [(at, one.low, one.high) for at, one in told if one.low is not None and one.high is not None]
    axes.plot(range(len(rates)), values, color=_ANOMALY, marker="o", label="called anomalous")
    if bounds:
        places, lows, highs = zip(*bounds, strict=True)
        axes.vlines(places, lows, highs, color=_ANOMALY, alpha=0.45, linewidth=2.5, label="95 % interval")
    axes.axhline(contamination, color=GUIDE, linestyle="--", label=f"declared: {share_words(contamination)}")
    top = max(contamination, *(one.high or one.rate or 0.0 for _, one in told))
    axes.set_ylim(0, min(1.05, 1.35 * top))
    percent_axis(axes.yaxis)
    batch_ticks(axes, [one.batch for one in rates])
    axes.legend(frameon=False, loc="upper left", ncols=3, fontsize="small", columnspacing=1.2)


def _one(width: float, height: float) -> tuple[Any, Any]:
    figure = sheet(width, height)
    return figure, axes_on(figure)
