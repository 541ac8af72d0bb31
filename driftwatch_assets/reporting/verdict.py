"""What a policy made of statistics, as a report tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from driftwatch_assets.reporting.errors import ReportContentError

if TYPE_CHECKING:
    from driftwatch_assets.results import ColumnsDrift, CorrelationDrift, DriftVerdict

SEVERITIES = ("none", "low", "medium", "high")


@dataclass(frozen=True)
class Verdict:
    """What the policy made of the statistics.

    Attributes
    ----------
    drift_detected
        True, False, or None when there was not enough data for a verdict.
    severity
        ``"none"``, ``"low"``, ``"medium"`` or ``"high"``.
    drifted_features
        The features that count as drifted.
    reason
        One sentence for people.
    rule
        The rule in words, with its thresholds; empty when not told.
    """

    drift_detected: bool | None
    severity: str = "none"
    drifted_features: tuple[str, ...] = ()
    reason: str = ""
    rule: str = ""

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ReportContentError(f"severity is {self.severity!r}; valid values are {', '.join(SEVERITIES)}")


def verdict_from(found: DriftVerdict) -> Verdict:
    """Tell a verdict as it is stored: of the features, of the relations or of the whole table.

    Examples
    --------
    >>> from driftwatch_assets.results import DriftVerdict
    >>> verdict_from(DriftVerdict(drift_detected=True, severity="low", drifted_features=("x",), reason="x drifted"))
    Verdict(drift_detected=True, severity='low', drifted_features=('x',), reason='x drifted', rule='')
    """
    return Verdict(found.drift_detected, found.severity, found.drifted_features, found.reason, found.rule)


def statistics_from(found: ColumnsDrift | CorrelationDrift) -> pd.DataFrame:
    """Give what a stored verdict rests on as a table, its index the features."""
    return pd.DataFrame([row.model_dump() for row in found.statistics]).set_index("feature")
