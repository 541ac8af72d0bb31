"""What a page shows of performance: figures with their intervals, the confusion matrix, and each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch_assets.reporting.curves import binary_curves, class_scores
from driftwatch_assets.reporting.wording import (
    NOTHING,
    count,
    decimals,
    metric_title,
    percent,
    plural,
)

if TYPE_CHECKING:
    from driftwatch_assets.reporting.anomaly import AnomalyScores
    from driftwatch_assets.reporting.performance import Interval, Performance

CONFUSION_LEVELS = (0.0, 0.1, 0.3, 0.6, 0.9)
TILES = 3
_WRONG = (0, 1, 3, 4, 5, 6)


def performance_tiles(performance: Performance) -> list[tuple[str, str, str]]:
    """Give the figures for the head of the page, what the model is judged by first: name, value, words below it."""
    binary, classes = performance.binary, plural(len(performance.classes), "class", "classes")
    rest: list[tuple[str, float | None, Interval | None]] = [("f1_macro", performance.f1_macro, None)]
    if binary is None:
        rest.insert(0, ("accuracy", performance.accuracy, performance.accuracy_interval))
    else:
        rest = [
            ("precision", binary.precision, binary.precision_interval),
            ("recall", binary.recall, binary.recall_interval),
            ("auc", binary.auc, binary.auc_interval),
        ]
    listed = [(performance.metric, performance.value, performance.interval)]
    listed += [each for each in rest if each[0] != performance.metric]
    below = classes if binary is None else f"of {binary.positive}"
    return [
        (metric_title(name), decimals(value), below if bounds is None else _between(bounds))
        for name, value, bounds in listed[:TILES]
    ]


def _between(interval: Interval) -> str:
    return f"{decimals(interval[0])} to {decimals(interval[1])}"


def anomaly_tiles(scores: AnomalyScores) -> list[tuple[str, str, str]]:
    """Give the figures for the head of the page of a task without labels."""
    interval = scores.interval
    between = "" if interval is None else f"{percent(interval[0])} to {percent(interval[1])}"
    return [
        ("Anomaly rate", percent(scores.rate), between),
        ("Contamination", percent(scores.contamination), "declared"),
        ("Rate fit", decimals(scores.rate_fit), "1 is as declared"),
    ]


def performance_section(performance: Performance) -> dict[str, Any]:
    """Set out the performance of a batch for the template."""
    curves = binary_curves(performance)
    return {
        "confusion": _confusion(performance),
        "per_class": _per_class(performance),
        "figures": _figures(performance),
        "curves": curves,
        "scores": class_scores(performance),
        "classes": _score_classes(performance),
        "score_rows": _score_rows(performance),
    }


def _figures(performance: Performance) -> list[dict[str, Any]]:
    """List the figures of a binary task, what the model is judged by first."""
    binary = performance.binary
    if binary is None:
        return []
    of = f" of {binary.positive}"
    listed: list[tuple[str, str, float | None, Interval | None]] = [
        ("auc", "AUC", binary.auc, binary.auc_interval),
        ("precision", f"Precision{of}", binary.precision, binary.precision_interval),
        ("recall", f"Recall{of}", binary.recall, binary.recall_interval),
        ("f1", f"F1{of}", binary.f1, binary.f1_interval),
        ("accuracy", "Accuracy", performance.accuracy, performance.accuracy_interval),
        ("f1_macro", "Macro-F1", performance.f1_macro, None),
        ("brier", "Brier score", binary.brier, None),
    ]
    return [
        {
            "name": title,
            "value": decimals(value),
            "interval": NOTHING if interval is None else _between(interval),
            "judged": name == performance.metric,
        }
        for name, title, value, interval in sorted(listed, key=lambda each: each[0] != performance.metric)
    ]


def _score_rows(performance: Performance) -> list[tuple[str, str, str]]:
    bins = () if performance.binary is None else performance.binary.scores
    return [
        (f"{decimals(each.low, 2)} to {decimals(each.high, 2)}", count(each.positive), count(each.negative))
        for each in bins
    ]


def _score_classes(performance: Performance) -> tuple[str, str] | None:
    """Name the positive class and the other, as the bars of the scores are filled."""
    binary = performance.binary
    if binary is None:
        return None
    return binary.positive, next((name for name in performance.classes if name != binary.positive), "the others")


def _confusion(performance: Performance) -> list[dict[str, Any]]:
    rows = []
    for at, actual in enumerate(performance.classes):
        total = int(performance.confusion[at].sum())
        cells = []
        for to, predicted in enumerate(performance.classes):
            number = int(performance.confusion[at, to])
            share = number / total if total else 0.0
            level = sum(share > each for each in CONFUSION_LEVELS)
            style = f"c{level}" if at == to else f"h{_WRONG[level]}"
            words = f"{plural(number, 'row')} of {actual} predicted as {predicted}, {percent(share)} of {count(total)}"
            cells.append({"text": count(number), "style": style, "words": words})
        rows.append({"name": actual, "cells": cells})
    return rows


def _per_class(performance: Performance) -> list[dict[str, Any]]:
    frame = performance.per_class
    return [
        {"name": str(name), **{each: row.get(each) for each in ("precision", "recall", "f1", "support")}}
        for name, row in frame.iterrows()
    ]
