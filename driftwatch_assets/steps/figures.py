"""What is known of a batch as named numbers: for rules, for dashboards, for alerts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def figures_on_arrival(drift: Mapping[str, Any]) -> dict[str, float | None]:
    """Give what a verdict on drift tells without labels; `None` is what was not looked at."""
    said = (drift.get("prediction_drift") or {}).get("statistics") or []
    score: Mapping[str, Any] = next((row for row in said if row.get("kind") == "numeric"), {})
    return {
        "rows": drift.get("rows"),
        "psi": score.get("psi"),
        "wasserstein_scaled": score.get("wasserstein_scaled"),
        "drifted_share": (drift.get("data_drift") or {}).get("share_drifted"),
        "whole_table_auc": (drift.get("whole_table_drift") or {}).get("auc"),
    }


def correlation_change(related: Mapping[str, Any] | None) -> float | None:
    """Give the largest change of a feature's relation with the label; `None` where none is known."""
    changes = [row["change"] for row in (related or {}).get("statistics") or [] if row.get("change") is not None]
    return max(changes, default=None)


def figures_of(drift: Mapping[str, Any], performance: Mapping[str, Any]) -> dict[str, float]:
    """Give every number that is known of a batch.

    Parameters
    ----------
    drift, performance
        The stored verdicts with their evidence; empty where there is none.

    Returns
    -------
    dict of float
        By name (see `METRICS` and `RECORDED` of `driftwatch_assets.retraining`); finite. What is not known is not
        there.

    Examples
    --------
    >>> figures_of({"rows": 10, "data_drift": {"share_drifted": 0.5, "drifted_features": ["x"]}}, {"value": None})
    {'rows': 10.0, 'drifted_share': 0.5, 'drifted_features': 1.0}

    """
    measured = performance.get("metrics") or {}
    judged = drift.get("data_drift")
    known: dict[str, Any] = {
        **{name: value for name, value in measured.items() if _is_number(value)},
        **figures_on_arrival(drift),
        "rows": drift.get("rows", performance.get("rows")),
        "labelled_rows": performance.get("labelled_rows", drift.get("labelled_rows")),
        "mean_confidence": performance.get("mean_confidence"),
        "correlation_change": correlation_change(
            performance.get("correlation_drift") or drift.get("correlation_drift")
        ),
        **{name: performance.get(name) for name in ("value", "frozen_value", "previous_value")},
        "drifted_features": None if judged is None else len(judged["drifted_features"]),
    }
    return {name: float(value) for name, value in known.items() if _is_number(value) and math.isfinite(value)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
