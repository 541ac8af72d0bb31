"""Content for the pages: a seeded batch of 128 features, compared by the drift room, with everything known of it."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandas as pd

from driftwatch_assets.drift import Reference, fit_within, judge, judge_within
from driftwatch_assets.reporting import (
    BatchReport,
    ColumnDrift,
    Decision,
    Heatmap,
    HistoryEntry,
    histograms,
    performance_from,
    strongest,
    verdict_from,
)
from driftwatch_assets.results import Champion, JudgedPerformance, MulticlassMeasured
from driftwatch_assets.steps.measure import measured_of
from driftwatch_assets.steps.verdicts import class_drift_of, data_drift_of
from driftwatch_assets.training.multiclass import measure

CLASSES = ("ammonia", "ethanol", "toluene")
FEATURES = tuple(f"sensor_{sensor:02d}_{part}" for sensor in range(16) for part in range(8))

HISTORY: tuple[dict[str, Any], ...] = (
    {"batch": "5", "rows": 197},
    {"batch": "6", "rows": 2300, "retrained": True, "promoted": True},
    {
        "batch": "7",
        "rows": 3613,
        "champion_trained_through": "6",
        "accuracy": 0.792,
        "f1_macro": 0.78,
        "accuracy_low": 0.778,
        "accuracy_high": 0.805,
        "frozen_accuracy": 0.792,
        "drift_detected": True,
        "severity": "high",
        "drifted_features": 126,
        "checks_failed": 2,
        "retrained": True,
        "promoted": True,
    },
    {
        "batch": "8",
        "rows": 294,
        "champion_trained_through": "7",
        "accuracy": 0.929,
        "f1_macro": 0.91,
        "accuracy_low": 0.893,
        "accuracy_high": 0.953,
        "frozen_accuracy": 0.85,
        "previous_accuracy": 0.84,
        "drift_detected": True,
        "severity": "medium",
        "drifted_features": 60,
        "checks_failed": 1,
        "retrained": True,
        "promoted": False,
    },
)


@functools.cache
def full_report() -> BatchReport:
    """A batch with drift in half of its features, labels, and rejected rows."""
    rng = np.random.default_rng(11)
    before = pd.DataFrame(rng.normal(size=(900, len(FEATURES))), columns=list(FEATURES))
    shift = np.where(np.arange(len(FEATURES)) % 2, 0.8, 0.0)
    now = pd.DataFrame(rng.normal(shift, size=(400, len(FEATURES))), columns=list(FEATURES))
    labels_before = pd.Series(rng.choice(CLASSES, 900))
    labels = pd.Series(rng.choice(CLASSES, 400, p=[0.7, 0.25, 0.05]))
    predicted = labels.where(rng.random(400) < 0.8, "ethanol")
    reference = Reference.fit(before)
    compared = reference.compare(now)
    verdict = judge(compared)
    statistics = verdict.mark(compared)
    measured = measured_of(measure(labels, predicted, rng.random(400), CLASSES))
    assert isinstance(measured, MulticlassMeasured)
    return BatchReport(
        model="gas_sensors",
        title="Gas sensors",
        batch="8",
        rows=400,
        verdict=verdict_from(data_drift_of(verdict, {})),
        statistics=statistics,
        champion=scorer("3", "7", "SVC"),
        quarantine={"column x17 is no number": 9, "index 131 is outside 1 to 128": 3},
        reference="batches 1 to 7, 900 rows",
        label_drift=column_drift("gas", labels_before, labels),
        prediction_drift=column_drift("predicted", labels_before, predicted),
        within_classes=class_drift_of(judge_within(fit_within(before, labels_before).compare(now, labels))),
        performance=performance_from(
            measured,
            JudgedPerformance(
                degraded=True,
                severity="medium",
                reason="accuracy is 0.120 below the expected 0.950",
                metric="accuracy",
                baseline=0.95,
            ),
            baseline_rows="held-out rows of batch 7",
        ),
        mean_confidence=0.71,
        distributions=histograms(reference, now, strongest(statistics, 6)),
        history=tuple(HistoryEntry.of(each) for each in HISTORY),
        decision=Decision(retraining_requested=True, reason="drift of high severity in 2 of the last 2 batches"),
        provenance={"gold fingerprint": "5f0d1a7c" * 8, "landed file": "batch8.dat"},
    )


def scorer(version: str, trained_through: str, candidate: str = "") -> Champion:
    return Champion(version=version, trained_through=trained_through, fingerprint="5f0d1a7c", candidate=candidate)


def column_drift(name: str, before: pd.Series, now: pd.Series) -> ColumnDrift:
    reference = Reference.fit(pd.DataFrame({name: before}))
    batch = pd.DataFrame({name: now})
    compared = reference.compare(batch)
    verdict = judge(compared)
    told = verdict_from(data_drift_of(verdict, {}))
    return ColumnDrift(verdict.mark(compared), told, histograms(reference, batch, [name])[0])


def heatmap(features: int = 128, batches: int = 10) -> Heatmap:
    """A seeded heatmap; the first batch was not compared."""
    cells = pd.DataFrame(
        np.random.default_rng(5).gamma(0.6, 0.4, (features, batches)),
        index=[f"feature_{at}" for at in range(features)],
        columns=[str(at + 1) for at in range(batches)],
    )
    cells.iloc[:, 0] = np.nan
    return Heatmap("wasserstein_scaled", cells, cells >= 0.3)
