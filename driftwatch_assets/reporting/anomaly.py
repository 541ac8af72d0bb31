"""What was scored of a batch that has no labels, as a report tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch_assets.reporting.errors import ReportContentError

if TYPE_CHECKING:
    from collections.abc import Mapping

TOP = 10
_NEEDED = ("rows", "anomaly_rate", "contamination", "histogram")


@dataclass(frozen=True)
class AnomalyScores:
    """How anomalous the rows of a batch are.

    Attributes
    ----------
    rows
        Scored rows.
    rate, interval
        Share of them that is called anomalous, 0 to 1, with its 95 % interval.
    contamination
        The share that was declared.
    threshold
        The score above which a row is called anomalous; None when not told.
    edges, counts
        Histogram of the scores: ascending edges, one more than counts.
    top
        (Id, score) of the most anomalous rows, highest score first, ten at most.
    rate_fit
        How close the rate comes to the contamination: 1 - |rate - contamination|, 0 to 1.
    degraded, reason
        Whether the rate counts as degraded (None: could not be told), and one sentence for people on it.
    """

    rows: int
    rate: float | None
    contamination: float
    threshold: float | None = None
    interval: tuple[float, float] | None = None
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    top: tuple[tuple[str, float], ...] = ()
    rate_fit: float | None = None
    degraded: bool | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if len(self.counts) != max(len(self.edges) - 1, 0):
            raise ReportContentError(
                f"the histogram of the scores has {len(self.edges)} edges and {len(self.counts)} counts; there is one"
                " edge more than counts"
            )


def anomaly_from(metrics: Mapping[str, Any], verdict: Mapping[str, Any] | None = None) -> AnomalyScores:
    """Tell what was scored of a batch without labels, as it is stored, beside the verdict on it.

    Parameters
    ----------
    metrics
        Of an anomaly task, as training measures and evidence keeps them.
    verdict
        On the rate, as it is stored beside them: ``degraded`` and ``reason``; None where nothing was judged.

    Raises
    ------
    ReportContentError
        The metrics are those of another task, or lack a figure.

    Examples
    --------
    >>> scores = anomaly_from({"task": "anomaly", "rows": 3, "anomaly_rate": 0.33, "contamination": 0.1,
    ...                        "threshold": 0.6, "histogram": {"edges": [0.2, 0.5, 0.8], "counts": [2, 1]},
    ...                        "top": [{"id": "x7", "score": 0.74}]})
    >>> scores.rate, scores.top
    (0.33, (('x7', 0.74),))
    """
    task = metrics.get("task", "anomaly")
    if task != "anomaly":
        raise ReportContentError(
            f"metrics of a {task} task are no scores of anomalies; performance_from reads those of a {task} task"
        )
    absent = [name for name in _NEEDED if name not in metrics]
    if absent:
        raise ReportContentError(
            f"the metrics of an anomaly task lack {', '.join(absent)}; they have {', '.join(sorted(metrics))}"
        )
    judged = verdict or {}
    low, high = metrics.get("anomaly_rate_low"), metrics.get("anomaly_rate_high")
    histogram = metrics["histogram"] or {}
    return AnomalyScores(
        rows=metrics["rows"],
        rate=metrics["anomaly_rate"],
        contamination=metrics["contamination"],
        threshold=metrics.get("threshold"),
        interval=None if low is None or high is None else (low, high),
        edges=tuple(float(each) for each in histogram.get("edges", ())),
        counts=tuple(int(each) for each in histogram.get("counts", ())),
        top=tuple((str(each["id"]), float(each["score"])) for each in (metrics.get("top") or ())[:TOP]),
        rate_fit=metrics.get("rate_fit"),
        degraded=judged.get("degraded"),
        reason=judged.get("reason") or "",
    )
