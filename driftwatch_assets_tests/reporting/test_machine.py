from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from driftwatch_assets.reporting import (
    BatchReport,
    HistoryEntry,
    Verdict,
    batch_json,
    json_bytes,
    summary_json,
)
from driftwatch_assets_tests.reporting.examples import FEATURES, HISTORY, full_report, heatmap


def test_twin_has_the_documented_fields() -> None:
    twin = batch_json(full_report())
    assert twin["overall_drift_detected"] is True
    assert twin["drift_severity"] == "high"
    assert twin["features_with_drift"] == sorted(full_report().verdict.drifted_features)
    assert twin["number_of_drifted_features"] == 64
    assert twin["share_of_drifted_features"] == 64 / 128
    assert {"model", "batch", "rows", "drift_reason", "champion", "decision", "quarantine", "baseline"} <= twin.keys()
    assert twin["performance_degraded"] is True
    assert twin["baseline"] == {"accuracy": 0.95, "rows": "held-out rows of batch 7"}
    assert twin["quarantine"]["rows"] == 12
    assert twin["decision"]["retraining_requested"] is True
    assert twin["label_drift"]["drift_detected"] is True
    assert twin["champion"] == {"version": "3", "trained_through": "7", "estimator": "SVC"}


def test_twin_has_the_statistics_in_full_precision() -> None:
    report = full_report()
    statistics = batch_json(report)["statistics"]
    assert set(statistics) == set(FEATURES)
    for name in ("ks", "ks_pvalue", "psi", "wasserstein", "wasserstein_scaled"):
        assert statistics[FEATURES[1]][name] == report.statistics.loc[FEATURES[1], name]


def test_twin_is_strict_json_and_the_same_twice() -> None:
    report = full_report()
    stored = replace(report, statistics=report.statistics.iloc[::-1].reset_index(names="feature"))
    written = json_bytes(batch_json(report))
    assert written == json_bytes(batch_json(stored))

    def refuse(name: str) -> None:
        pytest.fail(f"{name} is no JSON")

    read = json.loads(written, parse_constant=refuse)
    assert list(read) == sorted(read)


def test_what_is_no_number_is_null() -> None:
    report = full_report()
    statistics = report.statistics.copy()
    statistics.loc[FEATURES[0], "ks"] = math.nan
    statistics.loc[FEATURES[0], "psi"] = math.inf
    row = batch_json(replace(report, statistics=statistics))["statistics"][FEATURES[0]]
    assert row["ks"] is None
    assert row["psi"] is None


@pytest.mark.parametrize("detected", [True, False, None])
def test_verdict_keeps_its_three_values(detected: bool | None) -> None:
    twin = batch_json(BatchReport(model="m", batch="1", rows=3, verdict=Verdict(detected)))
    assert twin["overall_drift_detected"] is detected


def test_twin_of_a_batch_before_the_first_champion() -> None:
    twin = batch_json(BatchReport(model="m", batch="1", rows=3, verdict=Verdict(None)))
    assert twin["champion"] is None
    assert twin["performance"] is None
    assert twin["statistics"] == {}
    assert twin["share_of_drifted_features"] is None


def test_performance_says_which_cell_is_which() -> None:
    report = full_report()
    performance = batch_json(report)["performance"]
    assert performance["confusion_matrix"]["classes"] == ["ammonia", "ethanol", "toluene"]
    assert performance["confusion_matrix"]["rows"] == report.performance.confusion.tolist()
    assert performance["accuracy_interval"] == list(report.performance.interval)
    assert performance["per_class"]["ethanol"]["support"] == report.performance.per_class.loc["ethanol", "support"]


def test_summary_twin_has_the_history_the_gains_and_the_whole_heatmap() -> None:
    given = heatmap(features=300, batches=40)
    twin = json.loads(json_bytes(summary_json("gas_sensors", HISTORY, given)))
    assert [each["batch"] for each in twin["batches"]] == ["5", "6", "7", "8"]
    assert twin["batches"][2] == {**twin["batches"][2], **HISTORY[2]}
    assert twin["retrainings"][0]["over_previous"] == pytest.approx(0.089)
    assert len(twin["heatmap"]["values"]) == 300
    assert twin["heatmap"]["values"][0][0] is None
    assert twin["heatmap"]["drifted"][0] == given.drifted.iloc[0].tolist()


def test_summary_twin_takes_entries_and_records_alike() -> None:
    entries = [HistoryEntry.of(each) for each in HISTORY]
    assert summary_json("m", entries) == summary_json("m", HISTORY)
