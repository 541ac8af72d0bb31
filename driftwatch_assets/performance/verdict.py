"""The verdict on a champion's performance on one labelled batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["none", "low", "medium", "high"]

_DECIMALS = 12  # a loss of exactly the declared size is one: 0.85 - 0.80 is 0.04999999999999993 in doubles


class PerformancePolicy(BaseModel):
    """What counts as degraded performance."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    maximum_drop: float = Field(default=0.05, gt=0, le=1, description="Loss of accuracy that somebody would act on.")
    minimum_labels: int = Field(default=50, ge=1, description="Labelled rows without which nothing is judged.")
    minimum_confidence: float = Field(default=0.0, ge=0, le=1, description="Mean confidence below which is warned.")


@dataclass(frozen=True)
class PerformanceVerdict:
    """Whether performance is degraded, on what evidence, in words.

    Attributes
    ----------
    degraded
        `None` when it could not be judged: too few labels, or nothing to compare with.
    severity
        From the size of the loss in units of the policy's `maximum_drop`: low from 1, medium from 2, high from 3.
    low_confidence
        Whether the mean confidence is below the policy's floor; needs no labels.

    """

    degraded: bool | None
    severity: Severity
    reason: str
    accuracy: float | None
    accuracy_high: float | None
    baseline: float | None
    labelled_rows: int
    low_confidence: bool


def judge_performance(
    *,
    accuracy: float | None,
    accuracy_high: float | None,
    labelled_rows: int,
    mean_confidence: float | None,
    baseline: float | None,
    policy: PerformancePolicy,
) -> PerformanceVerdict:
    """Judge a batch's accuracy against what was expected of the champion.

    The decision rule asks for an effect and for significance::

        degraded  <=>  baseline - accuracy >= maximum_drop  and  upper 95 % bound of accuracy < baseline

    Parameters
    ----------
    accuracy, accuracy_high
        Accuracy on the labelled rows and the upper bound of its 95 % Wilson interval, in 0..1.
    labelled_rows
        Rows with a label.
    mean_confidence
        Mean of the highest class probability over all rows, in 0..1.
    baseline
        Accuracy that was expected: what the chosen candidate reached on later batches which it had not seen.
    policy
        The declared thresholds.

    Returns
    -------
    PerformanceVerdict

    Examples
    --------
    >>> verdict = judge_performance(accuracy=0.61, accuracy_high=0.66, labelled_rows=470, mean_confidence=0.7,
    ...                             baseline=0.92, policy=PerformancePolicy())
    >>> verdict.degraded, verdict.severity
    (True, 'high')
    >>> judge_performance(accuracy=0.95, accuracy_high=0.97, labelled_rows=470, mean_confidence=0.7,
    ...                   baseline=0.92, policy=PerformancePolicy()).reason
    'accuracy 0.950 is within 0.050 of the expected 0.920 or above it'

    """
    low_confidence = mean_confidence is not None and mean_confidence < policy.minimum_confidence

    def verdict(degraded: bool | None, severity: Severity, reason: str) -> PerformanceVerdict:
        suffix = ""
        if low_confidence:
            suffix = f"; mean confidence {mean_confidence:.3f} is below {policy.minimum_confidence:.3f}"
        return PerformanceVerdict(
            degraded, severity, reason + suffix, accuracy, accuracy_high, baseline, labelled_rows, low_confidence
        )

    if accuracy is None or accuracy_high is None or labelled_rows < policy.minimum_labels:
        return verdict(
            None, "none", f"not judged: {labelled_rows} rows have a label, {policy.minimum_labels} are needed"
        )
    if baseline is None:
        return verdict(None, "none", "not judged: no champion is older than this batch")
    loss = round(baseline - accuracy, _DECIMALS)
    if loss < policy.maximum_drop:
        return verdict(
            False,
            "none",
            f"accuracy {accuracy:.3f} is within {policy.maximum_drop:.3f} of the expected {baseline:.3f} or above it",
        )
    if accuracy_high >= baseline:
        return verdict(
            False,
            "none",
            f"accuracy {accuracy:.3f} is {loss:.3f} below the expected {baseline:.3f}, which {labelled_rows} labelled "
            f"rows cannot tell from chance (95 % upper bound {accuracy_high:.3f})",
        )
    severity: Severity = "low"
    if loss >= round(3 * policy.maximum_drop, _DECIMALS):
        severity = "high"
    elif loss >= round(2 * policy.maximum_drop, _DECIMALS):
        severity = "medium"
    return verdict(
        True,
        severity,
        f"accuracy {accuracy:.3f} is {loss:.3f} below the expected {baseline:.3f} "
        f"(95 % upper bound {accuracy_high:.3f}, {labelled_rows} labelled rows)",
    )
