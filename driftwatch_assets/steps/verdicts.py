"""Verdicts of the drift room as checks and as results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from driftwatch_assets.results import ClassDrift, ColumnsDrift, CorrelationDrift, DataDrift, WholeTableDrift
from driftwatch_assets.steps.outcome import CheckOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch_assets.drift import CorrelationVerdict, NewestValues, Verdict, WholeTableVerdict


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


def data_drift_of(verdict: Verdict, newest: Mapping[str, NewestValues]) -> DataDrift:
    """Give the verdict on the features as it is stored, with the batches that some were compared with."""
    batches = {name: one.batches for name, one in newest.items()}
    return DataDrift.model_validate({**verdict.as_dict(), "newest": batches})


def columns_drift_of(statistics: pd.DataFrame, verdict: Verdict) -> ColumnsDrift:
    """Give the verdict on a few columns as it is stored, with what it rests on."""
    return ColumnsDrift.model_validate({**verdict.as_dict(), "statistics": _rows(verdict.mark(statistics))})


def correlation_drift_of(table: pd.DataFrame, verdict: CorrelationVerdict) -> CorrelationDrift:
    """Give the verdict on the relations with the label as it is stored, with what it rests on."""
    return CorrelationDrift.model_validate({**verdict.as_dict(), "statistics": _rows(verdict.mark(table))})


def whole_table_drift_of(verdict: WholeTableVerdict) -> WholeTableDrift:
    """Give the verdict on the whole table as it is stored."""
    return WholeTableDrift.model_validate(verdict.as_dict())


def class_drift_of(judged: pd.DataFrame) -> tuple[ClassDrift, ...]:
    """Give the drift within classes, as `judge_within` found it, in the form that is stored."""
    return tuple(ClassDrift.model_validate(row) for row in _rows(judged))


def _rows(statistics: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a table's rows as plain values, the index among the columns."""
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
