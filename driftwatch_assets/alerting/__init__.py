"""Alerts: declared rules, when one opens and resolves, what is said, and the channels that say it."""

from driftwatch_assets.alerting.rule import (
    RUN_FAILED,
    SEVERITIES,
    AlertPlan,
    AlertRule,
    Condition,
    RunRule,
    Severity,
)
from driftwatch_assets.alerting.states import AlertSpan, EndedRun, run_spans, spans

__all__ = [
    "RUN_FAILED",
    "SEVERITIES",
    "AlertPlan",
    "AlertRule",
    "AlertSpan",
    "Condition",
    "EndedRun",
    "RunRule",
    "Severity",
    "run_spans",
    "spans",
]
