"""The history of a model: one record a batch, read from what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch_assets.lake import batch_order
from driftwatch_assets.steps.evidence import load_evidence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch_assets.steps.watched import Watched

RATE = "anomaly_rate"


def history(
    watched: Watched, checks_failed: Mapping[str, Sequence[str]] | None = None, *, through: str | None = None
) -> list[dict[str, Any]]:
    """Give the history in batch order.

    Parameters
    ----------
    watched
        The model.
    checks_failed
        Names of failed checks by batch, where the caller knows them.
    through
        The last batch to tell of; by default all.

    Returns
    -------
    list of dict
        A record a batch with gold: `batch, rows, champion_trained_through`; the declared `metric` with `value,
        value_low, value_high, frozen_value, previous_value, degraded`; `anomaly_rate, accuracy, f1_macro,
        frozen_accuracy, previous_accuracy, accuracy_low, accuracy_high` where the task has them; `drift_detected,
        severity, drifted_features, checks_failed, retrained, promoted`. `retrained` tells that a model was trained
        through the batch while there was a champion; the first training is `promoted` only.

    """
    versions = watched.registry.history(watched.name)
    failed = checks_failed or {}
    task = watched.declaration.task
    metric = RATE if task.kind == "anomaly" else watched.declaration.training.metric_for(task)
    records = []
    for batch in watched.lake.batches(watched.tables.gold):
        if through is not None and batch_order(batch) > batch_order(through):
            break
        drift = load_evidence(watched, batch, "drift") or {}
        performance = load_evidence(watched, batch, "performance") or {}
        measured = performance.get("metrics") or {}
        trained = [version for version in versions if version.trained_through == batch]
        data_drift = drift.get("data_drift") or {}
        champion = drift.get("champion") or performance.get("champion")
        records.append(
            {
                "batch": batch,
                "rows": drift.get("rows") or performance.get("rows"),
                "champion_trained_through": None if champion is None else champion["trained_through"],
                "metric": metric,
                "value": performance.get("value"),
                "value_low": performance.get("value_low"),
                "value_high": performance.get("value_high"),
                "frozen_value": performance.get("frozen_value"),
                "previous_value": performance.get("previous_value"),
                "anomaly_rate": measured.get("anomaly_rate"),
                "contamination": measured.get("contamination"),
                "degraded": (performance.get("verdict") or {}).get("degraded"),
                "accuracy": measured.get("accuracy"),
                "f1_macro": measured.get("f1_macro"),
                "frozen_accuracy": performance.get("frozen_accuracy"),
                "previous_accuracy": performance.get("previous_accuracy"),
                "accuracy_low": measured.get("accuracy_low"),
                "accuracy_high": measured.get("accuracy_high"),
                "drift_detected": data_drift.get("drift_detected"),
                "severity": data_drift.get("severity"),
                "drifted_features": data_drift.get("drifted_features", []),
                "checks_failed": sorted(failed.get(batch, ())),
                "retrained": any(version.champion_compared is not None for version in trained),
                "promoted": any(version.gate_result == "promoted" for version in trained),
            }
        )
    return records
