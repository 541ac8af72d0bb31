"""The verdict on a champion's performance on one batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["none", "low", "medium", "high"]

_DECIMALS = 12  # a loss of exactly the declared size is one: 0.85 - 0.80 is 0.04999999999999993 in doubles


class PerformancePolicy(BaseModel):
    """What counts as degraded performance."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    maximum_drop: float = Field(
        default=0.05,
        gt=0,
        le=1,
        description="Loss of the metric that somebody would act on; of an anomaly task the distance of the rate of "
        "anomalies from the declared contamination.",
    )
    minimum_labels: int = Field(
        default=50,
        ge=1,
        description="Labelled rows without which nothing is judged; of an anomaly task, which has no labels, rows.",
    )
    minimum_confidence: float = Field(default=0.0, ge=0, le=1, description="Mean confidence below which is warned.")


@dataclass(frozen=True)
class PerformanceVerdict:
    """Whether performance is degraded, on what evidence, in words.

    Attributes
    ----------
    degraded
        `None` when it could not be judged: too few labels, nothing to compare with, or a metric that is undefined.
    severity
        From the size of the loss in units of the policy's `maximum_drop`: low from 1, medium from 2, high from 3.
    reason
        One sentence.
    metric
        What was judged, e.g. `accuracy`, `auc` or `anomaly_rate`.
    value, low, high
        Its value on the batch and its 95 % interval; `None` where it is undefined.
    baseline
        What was expected; `None` when no champion is older than the batch.
    labelled_rows
        Rows that were measured.
    low_confidence
        Whether the mean confidence is below the policy's floor; needs no labels.

    """

    degraded: bool | None
    severity: Severity
    reason: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    baseline: float | None
    labelled_rows: int
    low_confidence: bool


def judge_performance(
    *,
    metric: str,
    value: float | None,
    low: float | None,
    high: float | None,
    labelled_rows: int,
    mean_confidence: float | None,
    baseline: float | None,
    policy: PerformancePolicy,
) -> PerformanceVerdict:
    """Judge a batch's metric against what was expected of the champion.

    The decision rule asks for an effect and for significance::

        degraded  <=>  baseline - value >= maximum_drop  and  upper 95 % bound of value < baseline

    Parameters
    ----------
    metric
        Name of the metric, of which more is better.
    value, low, high
        The metric on the labelled rows and its 95 % interval, in 0..1; None where it is undefined.
    labelled_rows
        Rows with a label.
    mean_confidence
        Mean of the highest class probability over all rows, in 0..1.
    baseline
        Value that was expected: what the chosen candidate reached on later batches which it had not seen.
    policy
        The declared thresholds.

    Returns
    -------
    PerformanceVerdict

    Examples
    --------
    >>> verdict = judge_performance(metric="accuracy", value=0.61, low=0.56, high=0.66, labelled_rows=470,
    ...                             mean_confidence=0.7, baseline=0.92, policy=PerformancePolicy())
    >>> verdict.degraded, verdict.severity
    (True, 'high')
    >>> judge_performance(metric="auc", value=0.75, low=0.70, high=0.80, labelled_rows=470, mean_confidence=0.7,
    ...                   baseline=0.78, policy=PerformancePolicy()).reason
    'auc 0.750 is within 0.050 of the expected 0.780 or above it'

    """
    low_confidence = mean_confidence is not None and mean_confidence < policy.minimum_confidence

    def verdict(degraded: bool | None, severity: Severity, reason: str) -> PerformanceVerdict:
        suffix = ""
        if low_confidence:
            suffix = f"; mean confidence {mean_confidence:.3f} is below {policy.minimum_confidence:.3f}"
        return PerformanceVerdict(
            degraded, severity, reason + suffix, metric, value, low, high, baseline, labelled_rows, low_confidence
        )

    if labelled_rows < policy.minimum_labels:
        return verdict(
            None, "none", f"not judged: {labelled_rows} rows have a label, {policy.minimum_labels} are needed"
        )
    if baseline is None:
        return verdict(None, "none", "not judged: no champion is older than this batch")
    if value is None or high is None:
        return verdict(None, "none", f"not judged: {metric} is undefined on the {labelled_rows} labelled rows")
    loss = round(baseline - value, _DECIMALS)
    if loss < policy.maximum_drop:
        return verdict(
            False,
            "none",
            f"{metric} {value:.3f} is within {policy.maximum_drop:.3f} of the expected {baseline:.3f} or above it",
        )
    if high >= baseline:
        return verdict(
            False,
            "none",
            f"{metric} {value:.3f} is {loss:.3f} below the expected {baseline:.3f}, which {labelled_rows} labelled "
            f"rows cannot tell from chance (95 % upper bound {high:.3f})",
        )
    return verdict(
        True,
        _severity(loss, policy),
        f"{metric} {value:.3f} is {loss:.3f} below the expected {baseline:.3f} "
        f"(95 % upper bound {high:.3f}, {labelled_rows} labelled rows)",
    )


def judge_rate(
    *,
    rate: float | None,
    low: float | None,
    high: float | None,
    rows: int,
    contamination: float | None,
    policy: PerformancePolicy,
) -> PerformanceVerdict:
    """Judge the rate of anomalies of a batch against the declared contamination.

    Without labels nobody knows which rows are anomalous, but a detector whose threshold was calibrated on rows that it
    had not seen calls the declared share of like rows anomalous. Another share says that the rows are no longer like
    those. The decision rule asks for an effect and for significance::

        degraded  <=>  |rate - contamination| >= maximum_drop  and  the 95 % interval of rate excludes contamination

    Parameters
    ----------
    rate, low, high
        Share of rows that were called anomalous and its 95 % Wilson interval, in 0..1; None where no row was scored.
    rows
        Rows that were scored.
    contamination
        The declared share; None when no champion is older than the batch.
    policy
        The declared thresholds.

    Returns
    -------
    PerformanceVerdict
        Of the metric `anomaly_rate`, with the contamination as baseline.

    Examples
    --------
    >>> verdict = judge_rate(rate=0.31, low=0.25, high=0.38, rows=200, contamination=0.1, policy=PerformancePolicy())
    >>> verdict.degraded, verdict.severity, verdict.reason
    (True, 'high', 'anomaly_rate 0.310 is 0.210 above the declared 0.100 (95 % interval 0.250 to 0.380, 200 rows)')

    """

    def verdict(degraded: bool | None, severity: Severity, reason: str) -> PerformanceVerdict:
        return PerformanceVerdict(
            degraded, severity, reason, "anomaly_rate", rate, low, high, contamination, rows, low_confidence=False
        )

    if rows < policy.minimum_labels:
        return verdict(None, "none", f"not judged: there are {rows} rows, {policy.minimum_labels} are needed")
    if contamination is None or rate is None or low is None or high is None:
        return verdict(None, "none", "not judged: no champion is older than this batch")
    distance = round(abs(rate - contamination), _DECIMALS)
    told = f"anomaly_rate {rate:.3f} is {distance:.3f} {'above' if rate > contamination else 'below'}"
    if distance < policy.maximum_drop:
        return verdict(
            False,
            "none",
            f"anomaly_rate {rate:.3f} is within {policy.maximum_drop:.3f} of the declared {contamination:.3f}",
        )
    interval = f"95 % interval {low:.3f} to {high:.3f}"
    if low <= contamination <= high:
        return verdict(
            False,
            "none",
            f"{told} the declared {contamination:.3f}, which {rows} rows cannot tell from chance ({interval})",
        )
    return verdict(
        True, _severity(distance, policy), f"{told} the declared {contamination:.3f} ({interval}, {rows} rows)"
    )


def _severity(loss: float, policy: PerformancePolicy) -> Severity:
    if loss >= round(3 * policy.maximum_drop, _DECIMALS):
        return "high"
    return "medium" if loss >= round(2 * policy.maximum_drop, _DECIMALS) else "low"
