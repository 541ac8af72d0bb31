"""Figures of a training, as PNG: what the ranking and the judging rows show at a glance."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from driftwatch_assets.training.anomaly import AnomalyReport
    from driftwatch_assets.training.binary import BinaryReport
    from driftwatch_assets.training.multiclass import MulticlassReport
    from driftwatch_assets.training.ranking import Ranking
    from driftwatch_assets.training.task import Metric

_INK, _QUIET, _ACCENT = "#1f2933", "#7b8794", "#0b7285"
_DPI = 110
_DARK = 0.55


def ranking_figure(ranking: Ranking, metric: Metric) -> bytes:
    """Draw each candidate's score with its 95 % interval, the chosen one marked.

    Returns
    -------
    bytes
        A PNG image.

    """
    table = ranking.table.dropna(subset=["score"]).iloc[::-1]
    figure, axes = _figure(6.4, 1.4 + 0.45 * max(len(table), 1))
    at = np.arange(len(table))
    colours = [_ACCENT if chosen else _QUIET for chosen in table["chosen"]]
    axes.hlines(at, table["score_low"], table["score_high"], colors=colours, linewidth=3)
    axes.scatter(table["score"], at, c=colours, s=45, zorder=3)
    for row, (low, score) in enumerate(zip(table["score_low"], table["score"], strict=True)):
        axes.annotate(f"{score:.3f}", (low, row), xytext=(-6, 0), textcoords="offset points", ha="right", va="center")
    axes.set_yticks(at, [f"{name}{' (chosen)' if chosen else ''}" for name, chosen in table["chosen"].items()])
    axes.set_ylim(-0.6, max(len(table), 1) - 0.4)
    axes.margins(x=0.25)
    axes.set_xlabel(f"{metric}, mean over the ranking batches, 95 % interval")
    axes.set_title("Candidates on later batches" if len(table) else "Not ranked: there was nothing to rank on")
    return _png(figure)


def confusion_figure(report: MulticlassReport | BinaryReport, title: str) -> bytes:
    """Draw the confusion matrix: counts, shaded by the share of each label's rows.

    Returns
    -------
    bytes
        A PNG image.

    """
    counts = report.confusion.to_numpy()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = len(counts)
    figure, axes = _figure(2.4 + 0.62 * size, 2.0 + 0.52 * size)
    axes.imshow(shares, cmap="GnBu", vmin=0, vmax=1, aspect="auto")
    for row in range(size):
        for column in range(size):
            if counts[row, column]:
                ink = "white" if shares[row, column] > _DARK else _INK
                axes.text(column, row, f"{counts[row, column]}", ha="center", va="center", color=ink)
    axes.set_xticks(range(size), report.confusion.columns, rotation=35, ha="right")
    axes.set_yticks(range(size), report.confusion.index)
    axes.set_xlabel("predicted")
    axes.set_ylabel("label")
    axes.set_title(f"{title}: accuracy {report.value('accuracy'):.3f} on {report.rows} rows")
    return _png(figure)


def roc_figure(report: BinaryReport, title: str) -> bytes:
    """Draw the ROC curve beside the diagonal of a model that knows nothing.

    Returns
    -------
    bytes
        A PNG image.

    """
    figure, axes = _figure(5.0, 4.8)
    axes.plot([0, 1], [0, 1], color=_QUIET, linewidth=1)
    _curve(axes, report.roc)
    axes.set_xlabel("false positive rate")
    axes.set_ylabel("true positive rate (recall)")
    axes.set_title(f"{title}: {_area(report)}")
    return _png(figure)


def precision_recall_figure(report: BinaryReport, title: str) -> bytes:
    """Draw precision over recall beside the share of positive rows, and the declared threshold's point.

    Returns
    -------
    bytes
        A PNG image.

    """
    figure, axes = _figure(5.0, 4.8)
    axes.axhline(report.prevalence, color=_QUIET, linewidth=1)
    _curve(axes, report.precision_recall)
    if not np.isnan(report.precision + report.recall):
        axes.scatter([report.recall], [report.precision], color=_INK, s=45, zorder=3)
        words = f"threshold {report.threshold:g}"
        axes.annotate(words, (report.recall, report.precision), xytext=(8, 6), textcoords="offset points")
    axes.set_xlabel("recall")
    axes.set_ylabel("precision")
    axes.set_ylim(0, 1.03)
    axes.set_title(f"{title}: {report.task.positive!r} on {report.rows} rows")
    return _png(figure)


def calibration_figure(report: BinaryReport, title: str) -> bytes:
    """Draw how often the positive class was there over how often it was foretold, in bins with equal counts.

    Returns
    -------
    bytes
        A PNG image.

    """
    figure, axes = _figure(5.0, 4.8)
    axes.plot([0, 1], [0, 1], color=_QUIET, linewidth=1)
    bins = report.calibration
    axes.plot([one.mean_score for one in bins], [one.share for one in bins], color=_ACCENT, marker="o")
    axes.set_xlabel(f"mean score of {report.task.positive!r}")
    axes.set_ylabel(f"share of {report.task.positive!r}")
    axes.set_title(f"{title}: Brier score {report.brier:.3f} on {report.rows} rows")
    return _png(figure)


def scores_figure(report: AnomalyReport, title: str) -> bytes:
    """Draw the distribution of the anomaly scores and the threshold.

    Returns
    -------
    bytes
        A PNG image.

    """
    figure, axes = _figure(6.4, 3.8)
    axes.stairs(report.counts, report.edges, fill=True, color=_ACCENT)
    if report.threshold is not None:
        axes.axvline(report.threshold, color=_INK, linewidth=1.5)
    axes.set_xlabel("score, higher is more anomalous; the line is the threshold")
    axes.set_ylabel("rows")
    axes.set_title(
        f"{title}: {report.rate:.1%} of {report.rows} rows are anomalous, {report.task.contamination:.1%} declared"
    )
    return _png(figure)


def _area(report: BinaryReport) -> str:
    if np.isnan(report.auc):
        return f"no curve, {report.rows} rows of one class"
    return f"AUC {report.auc:.3f} [{report.auc_low:.3f}, {report.auc_high:.3f}] on {report.rows} rows"


def _curve(axes: Any, points: list[list[float]]) -> None:
    if points:
        axes.plot(*zip(*points, strict=True), color=_ACCENT, linewidth=2)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy: loaded by the step that needs it

    figure = Figure(figsize=(width, height), dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
