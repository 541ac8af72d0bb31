"""What is known of a batch as named numbers: for rules, for dashboards, for alerts."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from driftwatch_assets.results import CorrelationDrift, DriftResult, PerformanceResult


def figures_on_arrival(drift: DriftResult | None) -> dict[str, float | None]:
    """Give what a verdict on drift tells without labels; `None` is what was not looked at."""
    if drift is None:
        return dict.fromkeys(("rows", "psi", "wasserstein_scaled", "drifted_share", "whole_table_auc"))
    said = () if drift.prediction_drift is None else drift.prediction_drift.statistics
    score = next((row for row in said if row.kind == "numeric"), None)
    return {
        "rows": drift.rows,
        "psi": None if score is None else score.psi,
        "wasserstein_scaled": None if score is None else score.wasserstein_scaled,
        "drifted_share": None if drift.data_drift is None else drift.data_drift.share_drifted,
        "whole_table_auc": None if drift.whole_table_drift is None else drift.whole_table_drift.auc,
    }


def correlation_change(found: CorrelationDrift | None) -> float | None:
    """Give the largest change of a feature's relation with the label; `None` where none is known."""
    rows = () if found is None else found.statistics
    return max((row.change for row in rows if row.change is not None), default=None)


def figures_of(drift: DriftResult | None, performance: PerformanceResult | None) -> dict[str, float]:
    """Give every number that is known of a batch.

    Parameters
    ----------
    drift, performance
        What was found of it; None where nothing was.

    Returns
    -------
    dict of float
        By name (see `METRICS` and `RECORDED` of `driftwatch_assets.retraining`); finite. What is not known is not
        there.

    Examples
    --------
    >>> from driftwatch_assets.results import DataDrift, DriftResult
    >>> judged = DataDrift(drift_detected=True, severity="low", drifted_features=("x",), reason="", share_drifted=0.5)
    >>> figures_of(DriftResult(batch="7", rows=10, labelled_rows=0, gold_fingerprint="", identity="",
    ...                        data_drift=judged), None)
    {'rows': 10.0, 'drifted_share': 0.5, 'labelled_rows': 0.0, 'drifted_features': 1.0}

    """
    known: dict[str, float | None] = {}
    if performance is not None:
        known |= {} if performance.metrics is None else performance.metrics.numbers()
        known |= {name: getattr(performance, name) for name in ("value", "frozen_value", "previous_value")}
        known |= {"mean_confidence": performance.mean_confidence, "rows": performance.rows}
    known |= {name: value for name, value in figures_on_arrival(drift).items() if value is not None}
    newest = performance or drift
    if newest is not None:
        known["labelled_rows"] = newest.labelled_rows
    if drift is not None and drift.data_drift is not None:
        known["drifted_features"] = len(drift.data_drift.drifted_features)
    known["correlation_change"] = correlation_change(
        next((one.correlation_drift for one in (performance, drift) if one and one.correlation_drift), None)
    )
    return {name: float(value) for name, value in known.items() if value is not None and isfinite(value)}
