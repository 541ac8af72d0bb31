"""The verdict on the whole table: whether the batch's rows can be told from the reference's, and by what."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch_assets.drift.severity import finite, graded
from driftwatch_assets.drift.whole_table_policy import WholeTablePolicy

if TYPE_CHECKING:
    from driftwatch_assets.drift.policy import Severity
    from driftwatch_assets.drift.whole_table import WholeTable

_NAMED = 3


@dataclass(frozen=True)
class WholeTableVerdict:
    """Whether a batch as a whole drifted, how much, and on what evidence.

    Attributes
    ----------
    drift_detected
        None when there was not enough data: neither a pass nor a failure.
    severity
        ``"none"``, ``"low"``, ``"medium"`` or ``"high"``; ``"none"`` unless drift was detected.
    drifted_features
        What tells the rows apart, the strongest first; empty unless drift was detected.
    reason
        One sentence for people.
    severity_effect
        The area under the curve; 0 when it was not judged.
    rows_reference, rows_current
        Rows that were used.
    statistic
        The evidence.
    policy
        The thresholds.
    """

    drift_detected: bool | None
    severity: Severity
    drifted_features: list[str]
    reason: str
    severity_effect: float
    rows_reference: int
    rows_current: int
    statistic: WholeTable
    policy: WholeTablePolicy

    @property
    def judged_features(self) -> int:
        """Nothing is judged column by column."""
        return 0

    @property
    def share_drifted(self) -> float:
        """1 when the table drifted, else 0."""
        return 1.0 if self.drift_detected else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Give the verdict as JSON-compatible values."""
        return {
            "drift_detected": self.drift_detected,
            "severity": self.severity,
            "drifted_features": list(self.drifted_features),
            "reason": self.reason,
            "auc": finite(self.statistic.auc),
            "auc_low": finite(self.statistic.low),
            "auc_high": finite(self.statistic.high),
            "pvalue": finite(self.statistic.pvalue),
            "strongest": [{"feature": name, "loss": loss} for name, loss in self.statistic.strongest],
            "severity_effect": self.severity_effect,
            "rows_reference": self.rows_reference,
            "rows_current": self.rows_current,
            "rule": self.policy.in_words(),
            "policy": self.policy.model_dump(mode="json"),
        }


def judge_whole_table(statistic: WholeTable, policy: WholeTablePolicy | None = None) -> WholeTableVerdict:
    """Judge what `compare_whole_table` found, under the rule that `WholeTablePolicy` states.

    Examples
    --------
    >>> from driftwatch_assets.drift.whole_table import WholeTable
    >>> judge_whole_table(WholeTable(0.83, 0.8, 0.86, 1e-30, 2000, 500, (("income", 0.21), ("age", 0.04)))).reason
    'held-out rows of the batch are told from those of the reference with an AUC of 0.83 (0.80 to 0.86; the alarm is \
at 0.6, p < 0.01), most of all by income, age, so the severity is high'
    """
    policy = WholeTablePolicy() if policy is None else policy
    severity: Severity = "none"
    if math.isnan(statistic.auc):
        detected = None
        reason = (
            f"not judged: the batch has {statistic.rows_current} rows and the reference {statistic.rows_reference}; "
            f"{policy.min_rows} on each side are needed"
        )
    else:
        detected = statistic.auc >= policy.auc and statistic.pvalue < policy.alpha
        reason = (
            f"held-out rows of the batch are told from those of the reference with an AUC of {statistic.auc:.2f} "
            f"({statistic.low:.2f} to {statistic.high:.2f}; the alarm is at {policy.auc:g}, p < {policy.alpha:g})"
        )
        if detected:
            severity = graded(statistic.auc, policy.medium, policy.high)
            by = ", ".join(name for name, _ in statistic.strongest[:_NAMED])
            reason += f"{f', most of all by {by}' if by else ''}, so the severity is {severity}"
    return WholeTableVerdict(
        drift_detected=detected,
        severity=severity,
        drifted_features=[name for name, _ in statistic.strongest] if detected else [],
        reason=reason,
        severity_effect=0.0 if math.isnan(statistic.auc) else statistic.auc,
        rows_reference=statistic.rows_reference,
        rows_current=statistic.rows_current,
        statistic=statistic,
        policy=policy,
    )
