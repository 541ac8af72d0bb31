"""The dashboard of a batch, as PNG: six charts on one sheet, for places that take no page.

Of two classes: ROC, precision over recall, confusion, scores, and over batches the metric and precision, recall, F1.
Of several: confusion, precision, recall and F1 by class, confidence, labels beside predictions, and over batches the
metric, macro-F1 and the mean confidence.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.reporting.canvas import (
    FIRST,
    GUIDE,
    INK,
    QUIET,
    SECOND,
    THIRD,
    axes_on,
    batch_ticks,
    known,
    percent_axis,
    png,
    say_nothing,
    sheet,
    shortened,
)
from driftwatch_assets.reporting.wording import count, decimals, metric_title, metric_words, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.reporting.performance import BinaryPerformance, Performance, ScoreBin

_DARK = 0.65
_HALF = 0.5
_RIGHTMOST = 0.7
_MOST_COUNTED = 12
_LONGEST_CLASS = 14
_LEVEL_TEXT = 44
_STYLES = ((FIRST, "o", "-"), (SECOND, "s", "--"), (THIRD, "^", "-."))


@dataclass(frozen=True)
class BatchScores:
    """How good the champion of its time was on one batch; None where that is not known.

    Attributes
    ----------
    batch
        Its key.
    value, low, high
        What the model is judged by, 0 to 1, with its 95 % interval.
    frozen
        The same of the first champion, never retrained.
    precision, recall, f1
        Of the class that is looked for, 0 to 1, where there is one.
    f1_macro, confidence
        Mean F1 of the classes, and the mean confidence of the predictions, 0 to 1.
    """

    batch: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    frozen: float | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    f1_macro: float | None = None
    confidence: float | None = None


def draw_dashboard(
    performance: Performance,
    history: Sequence[BatchScores],
    *,
    title: str,
    confidences: Sequence[ScoreBin] = (),
) -> bytes:
    """Draw six charts of a batch with labels.

    Parameters
    ----------
    performance
        Of the batch. Where it has a class that is looked for, its `scores` are drawn.
    history
        Of all batches up to this one, in batch order; the last is this one.
    title
        Model and batch, as a reader knows them.
    confidences
        Of several classes: how many wrong (positive) and right (negative) predictions have which confidence.

    Returns
    -------
    bytes
        A PNG image; the same input always gives the same bytes.

    Examples
    --------
    >>> from driftwatch_assets.reporting.performance import performance_from
    >>> from driftwatch_assets.results import ClassFigures, Confusion, MulticlassMeasured
    >>> measured = MulticlassMeasured(
    ...     rows=4, accuracy=0.75, accuracy_low=0.3, accuracy_high=0.95, f1_macro=0.73,
    ...     per_class={"a": ClassFigures(precision=1.0, recall=0.5, f1=0.67, support=2),
    ...                "b": ClassFigures(precision=0.67, recall=1.0, f1=0.8, support=2)},
    ...     confusion=Confusion(classes=("a", "b"), counts=((1, 1), (0, 2))))
    >>> draw_dashboard(performance_from(measured), [BatchScores("7", 0.75)], title="Model, 7")[1:4]
    b'PNG'
    """
    history = _from_first_known(history)
    figure = sheet(14.0, 8.6)
    grid = figure.add_gridspec(2, 3)
    places = [axes_on(figure, grid[row, column]) for row in (0, 1) for column in (0, 1, 2)]
    binary = performance.binary
    told: tuple[tuple[str, Sequence[float | None]], ...]
    if binary is None:
        _draw_confusion(places[0], performance)
        _draw_classes(places[1], performance)
        _draw_counts(places[2], confidences, ("wrong", "right"), "confidence of the prediction")
        places[2].set_title("Confidence", loc="left", color=INK)
        _draw_shares(places[3], performance)
        _draw_metric(places[4], performance.metric, history)
        told = (("macro-F1", [one.f1_macro for one in history]), ("mean confidence", _confidence(history)))
        _draw_lines(places[5], "Macro-F1 and confidence by batch", history, told)
    else:
        _draw_roc(places[0], performance, binary)
        _draw_precision_recall(places[1], binary)
        _draw_confusion(places[2], performance)
        _draw_scores(places[3], performance, binary)
        _draw_metric(places[4], performance.metric, history)
        told = (
            ("precision", [one.precision for one in history]),
            ("recall", [one.recall for one in history]),
            ("F1", [one.f1 for one in history]),
        )
        _draw_lines(places[5], "Precision, recall, F1 by batch", history, told)
    return png(figure, f"{title}\n{_words(performance)}")


def _from_first_known(history: Sequence[BatchScores]) -> Sequence[BatchScores]:
    """Leave out the batches before the first one of which anything is known; the drawn one always stays."""
    first = next((at for at, one in enumerate(history) if any(value is not None for value in astuple(one)[1:])), None)
    return history[-1:] if first is None else history[first:]


def _words(performance: Performance) -> str:
    told = f"{metric_title(performance.metric)} {decimals(performance.value)}"
    if performance.interval is not None:
        told += f" [{decimals(performance.interval[0])}, {decimals(performance.interval[1])}]"
    told += f" on {plural(performance.rows, 'labelled row')}"
    if performance.baseline is not None:
        told += f"; expected {decimals(performance.baseline)}"
    return told


def _confidence(history: Sequence[BatchScores]) -> list[float | None]:
    return [one.confidence for one in history]


def _draw_roc(axes: Any, performance: Performance, binary: BinaryPerformance) -> None:
    axes.set_title(f"ROC: AUC {decimals(binary.auc)}", loc="left", color=INK)
    axes.set_xlabel("false positive rate")
    axes.set_ylabel("true positive rate (recall)")
    if not binary.roc:
        say_nothing(axes, "no curve: the labels are of one class")
        return
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=1)
    axes.plot(*zip(*binary.roc, strict=True), color=FIRST, linewidth=2)
    at = performance.classes.index(binary.positive)
    predicted, actual = performance.confusion[:, at], performance.confusion.sum(axis=1)
    negatives = actual.sum() - actual[at]
    if negatives and actual[at]:
        place = ((predicted.sum() - predicted[at]) / negatives, predicted[at] / actual[at])
        _mark(axes, place, binary.threshold, below=True)
    _unit(axes)


def _draw_precision_recall(axes: Any, binary: BinaryPerformance) -> None:
    axes.set_title(f"Precision and recall of {shortened(binary.positive)!r}", loc="left", color=INK, parse_math=False)
    axes.set_xlabel("recall")
    axes.set_ylabel("precision")
    if not binary.precision_recall:
        say_nothing(axes, "no curve: no label is of this class")
        return
    axes.axhline(binary.prevalence, color=QUIET, linewidth=1, label="share of all rows")
    axes.plot(*zip(*binary.precision_recall, strict=True), color=FIRST, linewidth=2)
    if binary.precision is not None and binary.recall is not None:
        _mark(axes, (binary.recall, binary.precision), binary.threshold, below=False)
    _unit(axes)
    axes.legend(frameon=False, loc="best", fontsize="small")


def _mark(axes: Any, place: tuple[float, float], threshold: float, *, below: bool) -> None:
    """Mark the threshold's point, with words on the free side of the curve."""
    axes.scatter([place[0]], [place[1]], color=INK, s=45, zorder=3)
    left = place[0] > _RIGHTMOST
    axes.annotate(
        f"threshold {threshold:g}",
        place,
        xytext=(-8 if left else 8, -14 if below or left else 6),
        textcoords="offset points",
        ha="right" if left else "left",
    )


def _unit(axes: Any) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.04)


def _draw_confusion(axes: Any, performance: Performance) -> None:
    counts, size = performance.confusion, len(performance.classes)
    axes.set_title("Confusion matrix", loc="left", color=INK)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="GnBu", vmin=0, vmax=1, aspect="auto")
    if size <= _MOST_COUNTED:
        for row, column in zip(*np.nonzero(counts), strict=True):
            ink = "white" if shares[row, column] > _DARK else INK
            axes.text(column, row, count(counts[row, column]), ha="center", va="center", color=ink)
    names = [shortened(name, _LONGEST_CLASS) for name in performance.classes]
    turned = {"rotation": 35, "ha": "right"} if sum(map(len, names)) > _LEVEL_TEXT // 2 else {}
    axes.set_xticks(range(size), names, parse_math=False, **turned)
    axes.set_yticks(range(size), names, parse_math=False)
    axes.set_xlabel("predicted (shade: share of the label's rows)")
    axes.set_ylabel("label")
    axes.spines[:].set_visible(False)


def _draw_scores(axes: Any, performance: Performance, binary: BinaryPerformance) -> None:
    others = [name for name in performance.classes if name != binary.positive]
    words = f"score of {shortened(binary.positive)!r} (dashed: threshold {binary.threshold:g})"
    _draw_counts(axes, binary.scores, (binary.positive, shortened(others[0]) if len(others) == 1 else "others"), words)
    axes.set_title("Scores by label", loc="left", color=INK)
    if binary.scores:
        axes.axvline(binary.threshold, color=GUIDE, linestyle="--")
        # Most scores are low: the words keep to the emptier side.
        axes.legend(frameon=False, loc="upper right", ncols=2, fontsize="small")


def _draw_counts(axes: Any, bins: Sequence[ScoreBin], names: tuple[str, str], words: str) -> None:
    """Draw how many rows of two kinds lie in each bin, one kind upon the other."""
    axes.set_xlabel(words, parse_math=False)
    axes.set_ylabel("rows")
    filled = [at for at, one in enumerate(bins) if one.positive or one.negative]
    if not filled:
        say_nothing(axes, "no rows were scored")
        return
    drawn = bins[filled[0] :] if bins[filled[0]].low >= _HALF else bins
    edges = [drawn[0].low, *(one.high for one in drawn)]
    first = np.array([one.positive for one in drawn])
    second = np.array([one.negative for one in drawn])
    axes.stairs(second, edges, fill=True, color=FIRST, label=_plain(names[1]))
    axes.stairs(first + second, edges, baseline=second, fill=True, color=SECOND, label=_plain(names[0]))
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_ylim(0, 1.2 * float((first + second).max()))
    axes.set_xlim(edges[0], edges[-1])
    axes.legend(frameon=False, loc="upper left", ncols=2, fontsize="small")


def _draw_classes(axes: Any, performance: Performance) -> None:
    axes.set_title("By class", loc="left", color=INK)
    table = performance.per_class.reindex(list(performance.classes))
    at = np.arange(len(table))[::-1]
    for (colour, marker, _), name, shift in zip(_STYLES, ("precision", "recall", "f1"), (0.2, 0.0, -0.2), strict=True):
        axes.scatter(table[name], at + shift, color=colour, marker=marker, s=34, label=metric_words(name), zorder=3)
    axes.hlines(at, 0, 1, color=QUIET, linewidth=0.5, alpha=0.5)
    axes.set_yticks(at, [shortened(name, _LONGEST_CLASS) for name in performance.classes], parse_math=False)
    axes.set_ylim(-0.6, len(table) + 0.1)
    axes.set_xlim(-0.03, 1.03)
    axes.legend(frameon=False, loc="upper left", ncols=3, fontsize="small", borderaxespad=0.0, columnspacing=1.2)


def _draw_shares(axes: Any, performance: Performance) -> None:
    axes.set_title("Labels and predictions", loc="left", color=INK)
    total = max(int(performance.confusion.sum()), 1)
    labels, predicted = (performance.confusion.sum(axis=side) / total for side in (1, 0))
    at = np.arange(len(performance.classes))[::-1]
    axes.barh(at + 0.19, labels, height=0.36, color=QUIET, label="label")
    axes.barh(at - 0.19, predicted, height=0.36, color=FIRST, label="predicted")
    axes.set_yticks(at, [shortened(name, _LONGEST_CLASS) for name in performance.classes], parse_math=False)
    axes.set_ylim(-0.6, len(at) + 0.1)
    axes.set_xlabel("share of the rows")
    percent_axis(axes.xaxis)
    axes.legend(frameon=False, loc="upper left", ncols=2, fontsize="small", borderaxespad=0.0)


def _draw_metric(axes: Any, metric: str, history: Sequence[BatchScores]) -> None:
    axes.set_title(f"{metric_title(metric)} by batch", loc="left", color=INK)
    told = [(at, one) for at, one in enumerate(history) if one.value is not None]
    if not told:
        say_nothing(axes, "not known of any batch")
        return
    frozen = known([one.frozen for one in history])
    if np.isfinite(frozen).any():
        axes.plot(frozen, color=QUIET, linestyle="--", marker=".", label="never retrained")
    axes.plot(known([one.value for one in history]), color=FIRST, marker="o", label="champion")
    bounds = [(at, one.low, one.high) for at, one in told if one.low is not None and one.high is not None]
    if bounds:
        places, lows, highs = zip(*bounds, strict=True)
        axes.vlines(places, lows, highs, color=FIRST, alpha=0.4, linewidth=2.5, label="95 %")
    _over_batches(axes, history)


def _draw_lines(
    axes: Any,
    title: str,
    history: Sequence[BatchScores],
    told: Sequence[tuple[str, Sequence[float | None]]],
) -> None:
    axes.set_title(title, loc="left", color=INK)
    drawn = [(name, known(values)) for name, values in told]
    if not any(np.isfinite(values).any() for _, values in drawn):
        say_nothing(axes, "not known of any batch")
        return
    for (colour, marker, line), (name, values) in zip(_STYLES, drawn, strict=False):
        axes.plot(values, color=colour, marker=marker, linestyle=line, markersize=5, label=name)
    _over_batches(axes, history)


def _over_batches(axes: Any, history: Sequence[BatchScores]) -> None:
    batch_ticks(axes, [one.batch for one in history], level_text=_LEVEL_TEXT)
    low, high = axes.get_ylim()
    low, high = max(min(low, 1.0), -0.02), min(high, 1.02)
    axes.set_ylim(low, high + 0.18 * (high - low))
    axes.legend(frameon=False, loc="upper left", ncols=3, fontsize="small", columnspacing=1.0, borderaxespad=0.1)


def _plain(name: str) -> str:
    """Give a legend's words, in which a dollar or a leading underscore means nothing."""
    return f"\N{ZERO WIDTH SPACE}{name}".replace("$", r"\$")
