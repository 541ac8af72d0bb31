"""Verdicts of the drift room as checks and as evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from driftwatch_assets.steps.outcome import CheckOutcome

if TYPE_CHECKING:
    from driftwatch_assets.drift import CorrelationVerdict, Verdict, WholeTableVerdict


def verdict_check(name: str, verdict: Verdict | CorrelationVerdict | WholeTableVerdict) -> CheckOutcome:
    """Turn a verdict into a check; what could not be judged passes and says so."""
    return CheckOutcome(
        name,
        passed=verdict.drift_detected is not True,
        severity="error" if verdict.severity == "high" else "warn",
        description=verdict.reason,
        facts={
            "judged": verdict.drift_detected is not None,
            "severity": verdict.severity,
            "drifted": float(len(verdict.drifted_features)),
            "drifted_share": verdict.share_drifted,
            "effect": verdict.severity_effect,
            "drifted_features": list(verdict.drifted_features),
        },
    )


def unjudged(name: str, reason: str) -> CheckOutcome:
    """Give a check that passed because there was nothing to judge."""
    return CheckOutcome(name, passed=True, severity="warn", description=reason, facts={"judged": False})


def with_statistics(statistics: pd.DataFrame, verdict: Verdict | CorrelationVerdict) -> dict[str, Any]:
    """Give a verdict and what it rests on, as strict JSON."""
    return {**verdict.as_dict(), "statistics": plain_rows(verdict.mark(statistics))}


def plain_rows(statistics: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a table's rows as strict JSON, the index among the columns."""
    rows = statistics.reset_index().to_dict("records")
    return [{str(name): _value(value) for name, value in row.items()} for row in rows]


def _value(value: Any) -> Any:
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if value is None or value is pd.NA:
        return None
    if isinstance(value, str | int | bool | list):
        return value
    return value.item() if hasattr(value, "item") else str(value)
