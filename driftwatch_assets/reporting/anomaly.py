"""What was scored of a batch that has no labels, as a report tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch_assets.reporting.errors import ReportContentError

if TYPE_CHECKING:
    from driftwatch_assets.results import AnomalyMeasured, JudgedPerformance

TOP = 10


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


def anomaly_from(measured: AnomalyMeasured, verdict: JudgedPerformance | None = None) -> AnomalyScores:
    """Tell what was scored of a batch without labels, as it is stored, beside the verdict on it.

    Examples
    --------
    >>> from driftwatch_assets.results import AnomalyMeasured, Histogram, ScoredRow
    >>> scores = anomaly_from(AnomalyMeasured(
    ...     rows=3, anomaly_rate=0.33, anomaly_rate_low=0.06, anomaly_rate_high=0.79, contamination=0.1, rate_fit=0.77,
    ...     threshold=0.6, histogram=Histogram(edges=(0.2, 0.5, 0.8), counts=(2, 1)),
    ...     top=(ScoredRow(id="x7", score=0.74),)))
    >>> scores.rate, scores.top
    (0.33, (('x7', 0.74),))
    """
    return AnomalyScores(
        rows=measured.rows,
        rate=measured.anomaly_rate,
        contamination=measured.contamination,
        threshold=measured.threshold,
        interval=(measured.anomaly_rate_low, measured.anomaly_rate_high),
        edges=measured.histogram.edges,
        counts=measured.histogram.counts,
        top=tuple((str(each.id), each.score) for each in measured.top[:TOP]),
        rate_fit=measured.rate_fit,
        degraded=None if verdict is None else verdict.degraded,
        reason="" if verdict is None else verdict.reason,
    )
