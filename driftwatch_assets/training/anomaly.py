"""What is measured for a task without labels: how many rows are called anomalous, and how anomalous they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.training.resampling import confusion_interval
from driftwatch_assets.training.shares import wilson_interval
from driftwatch_assets.training.task import ANOMALY, NORMAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from driftwatch_assets.training.task import Anomaly, Metric

_BINS = 30
_TOP = 10
_SMALLEST = 1e-9  # spread of scores, relative to them, below which they count as one


@dataclass(frozen=True)
class AnomalyReport:
    """What a detector said of some rows.

    Attributes
    ----------
    task
        The task.
    rows
        Rows that were scored.
    anomalies
        Rows that were called anomalous.
    rate, rate_low, rate_high
        Their share, with its 95 % Wilson interval.
    threshold
        Score above which a row is called anomalous; None where it was not given.
    edges, counts
        Histogram of the scores: 30 bins of equal width from the least to the greatest.
    top
        Identity and score of the ten rows with the highest scores, highest first.

    """

    task: Anomaly
    rows: int
    anomalies: int
    rate: float
    rate_low: float
    rate_high: float
    threshold: float | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    top: tuple[tuple[Any, float], ...]

    @property
    def rate_fit(self) -> float:
        """How close the rate comes to the declared contamination: ``1 - |rate - contamination|``."""
        return 1 - abs(self.rate - self.task.contamination)

    def value(self, metric: Metric) -> float:
        """Give the value of a declared metric."""
        return {"rate_fit": self.rate_fit}[metric]

    def interval(self, metric: Metric) -> tuple[float, float]:
        """Give the 95 % interval of a declared metric, of a bootstrap."""
        said = np.diag([self.rows - self.anomalies, self.anomalies])
        return confusion_interval(said, [NORMAL, ANOMALY], metric, task=self.task)

    def metrics(self) -> dict[str, float]:
        """Give the numbers by flat names, as an experiment tracker plots them."""
        numbers = {
            "rows": float(self.rows),
            "anomaly_rate": self.rate,
            "anomaly_rate_low": self.rate_low,
            "anomaly_rate_high": self.rate_high,
            "contamination": self.task.contamination,
            "rate_fit": self.rate_fit,
        }
        return numbers if self.threshold is None else numbers | {"threshold": self.threshold}

    def as_dict(self) -> dict[str, Any]:
        """Give everything as strict JSON takes it."""
        return {
            "task": "anomaly",
            "threshold": self.threshold,
            **self.metrics(),
            "rows": self.rows,
            "histogram": {"edges": list(self.edges), "counts": list(self.counts)},
            "top": [{"id": identity, "score": score} for identity, score in self.top],
        }


def measure_anomaly(
    task: Anomaly, scored: pd.DataFrame, ids: Sequence[Any] | None = None, *, threshold: float | None = None
) -> AnomalyReport:
    """Measure what a detector said.

    Parameters
    ----------
    task
        Whose contamination is meant.
    scored
        `predicted` and `score` a row (see `predict`).
    ids
        Identity of each row; by default its position.
    threshold
        The threshold that was applied, for the record.

    Raises
    ------
    ValueError
        There is no row.

    Examples
    --------
    >>> import pandas as pd
    >>> from driftwatch_assets.training.task import Anomaly
    >>> scored = pd.DataFrame({"predicted": ["normal"] * 9 + ["anomaly"], "score": range(10)})
    >>> report = measure_anomaly(Anomaly(kind="anomaly", id="crash", contamination=0.2), scored)
    >>> report.rate, round(report.rate_fit, 3), report.top[0]
    (0.1, 0.9, (9, 9.0))

    """
    rows = len(scored)
    if rows == 0:
        raise ValueError("cannot measure the rate of anomalies of no rows; give at least one")
    scores = scored["score"].to_numpy(dtype=float)
    anomalies = int((scored["predicted"] == ANOMALY).sum())
    low, high = wilson_interval(anomalies, rows)
    least, greatest = float(scores.min()), float(scores.max())
    if greatest - least <= _SMALLEST * max(abs(least), abs(greatest), 1):
        least, greatest = least - 0.5, greatest + 0.5
    counts, edges = np.histogram(scores, bins=_BINS, range=(least, greatest))
    named = np.arange(rows) if ids is None else np.asarray(ids)
    highest = np.argsort(-scores, kind="stable")[:_TOP]
    return AnomalyReport(
        task=task,
        rows=rows,
        anomalies=anomalies,
        rate=anomalies / rows,
        rate_low=low,
        rate_high=high,
        threshold=threshold,
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
        top=tuple(zip(_json_like(named[highest]), scores[highest].tolist(), strict=True)),
    )


def _json_like(ids: Any) -> list[Any]:
    return [one if isinstance(one, int | str) else str(one) for one in ids.tolist()]
