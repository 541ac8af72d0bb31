"""The history of a model: one record a batch, read from what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch_assets.lake import batch_order
from driftwatch_assets.steps.evidence import champion_named, load_drift, load_performance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch_assets.results import DriftResult, PerformanceResult
    from driftwatch_assets.steps.watched import Watched

RATE = "anomaly_rate"
_COMPARED = (
    "value",
    "value_low",
    "value_high",
    "frozen_value",
    "previous_value",
    "frozen_accuracy",
    "previous_accuracy",
)
_MEASURED = ("anomaly_rate", "contamination", "accuracy", "f1_macro", "accuracy_low", "accuracy_high")


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
        trained = [version for version in versions if version.trained_through == batch]
        records.append(
            {
                "batch": batch,
                "metric": metric,
                **_of_results(load_drift(watched, batch), load_performance(watched, batch)),
                "checks_failed": sorted(failed.get(batch, ())),
                "retrained": any(version.champion_compared is not None for version in trained),
                "promoted": any(version.gate_result == "promoted" for version in trained),
            }
        )
    return records


def _of_results(drift: DriftResult | None, performance: PerformanceResult | None) -> dict[str, Any]:
    found = [one for one in (drift, performance) if one is not None]
    champion = champion_named(drift, performance)
    judged = None if drift is None else drift.data_drift
    measured = {} if performance is None or performance.metrics is None else performance.metrics.numbers()
    compared = (
        dict.fromkeys(_COMPARED) if performance is None else {name: getattr(performance, name) for name in _COMPARED}
    )
    return {
        "rows": found[0].rows if found else None,
        "champion_trained_through": None if champion is None else champion.trained_through,
        **compared,
        **{name: measured.get(name) for name in _MEASURED},
        "degraded": None if performance is None else performance.verdict.degraded,
        "drift_detected": None if judged is None else judged.drift_detected,
        "severity": None if judged is None else judged.severity,
        "drifted_features": [] if judged is None else list(judged.drifted_features),
    }
