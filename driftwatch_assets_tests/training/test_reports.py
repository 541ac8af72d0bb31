"""What is measured of a binary and of an anomaly task, and that it is strict JSON in every case."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, f1_score, precision_score, recall_score

from driftwatch_assets.training import (
    AnomalyReport,
    BinaryReport,
    LabelUnknown,
    Multiclass,
    measure_task,
    wilson_interval,
)
from driftwatch_assets.training.binary import calibration_bins
from driftwatch_assets_tests.training.applications import CRASHES, LOANS

said = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=1, max_size=80)

BINARY_KEYS = {
    "task", "rows", "accuracy", "accuracy_low", "accuracy_high", "f1_macro", "mean_confidence", "per_class",
    "confusion", "auc", "auc_low", "auc_high", "precision", "recall", "f1", "precision_low", "precision_high",
    "recall_low", "recall_high", "brier", "threshold", "positive", "prevalence", "roc", "precision_recall",
    "calibration",
}  # fmt: skip
ANOMALY_KEYS = {
    "task", "rows", "anomaly_rate", "anomaly_rate_low", "anomaly_rate_high", "contamination", "rate_fit", "threshold",
    "histogram", "top",
}  # fmt: skip


def scored(chances: list[float], threshold: float = 0.5) -> pd.DataFrame:
    scores = np.array(chances)
    lost = scores >= threshold
    return pd.DataFrame(
        {
            "predicted": np.where(lost, "lost", "paid"),
            "confidence": np.where(lost, scores, 1 - scores),
            "score_lost": scores,
        }
    )


def report_of(rows: list[tuple[bool, int]]) -> tuple[BinaryReport, list[bool], list[float]]:
    truth, chances = [one for one, _ in rows], [score / 20 for _, score in rows]
    report = measure_task(LOANS, ["lost" if one else "paid" for one in truth], scored(chances))
    assert isinstance(report, BinaryReport)
    return report, truth, chances


@given(said)
def test_metrics_are_those_of_scikit_learn(rows: list[tuple[bool, int]]) -> None:
    report, truth, chances = report_of(rows)
    guess = [chance >= 0.5 for chance in chances]
    assert report.precision == pytest.approx(precision_score(truth, guess, zero_division=np.nan), nan_ok=True)
    assert report.recall == pytest.approx(recall_score(truth, guess, zero_division=np.nan), nan_ok=True)
    assert report.f1 == pytest.approx(f1_score(truth, guess, zero_division=np.nan), nan_ok=True)
    assert report.brier == pytest.approx(brier_score_loss(truth, chances, pos_label=True))
    assert report.prevalence == np.mean(truth)


@given(said)
def test_whatever_is_measured_is_strict_json_with_all_keys(rows: list[tuple[bool, int]]) -> None:
    report, _, _ = report_of(rows)
    told = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert set(told) == BINARY_KEYS
    assert told == report.as_dict()
    assert sum(one["rows"] for one in told["calibration"]) == len(rows)
    assert all(not np.isnan(value) for value in report.metrics().values())


def test_a_batch_of_one_class_has_no_area_and_everything_else() -> None:
    report, _, _ = report_of([(False, 3)] * 10 + [(False, 15)] * 5)
    told = report.as_dict()
    assert (told["auc"], told["auc_low"], told["recall"], told["roc"]) == (None, None, None, [])
    assert (told["accuracy"], told["precision"], told["prevalence"]) == (pytest.approx(2 / 3), 0.0, 0.0)
    assert told["brier"] == pytest.approx((10 * 0.15**2 + 5 * 0.75**2) / 15)
    assert "auc" not in report.metrics()
    assert np.isnan(report.value("auc"))


def test_precision_and_recall_have_wilsons_intervals() -> None:
    report, _, _ = report_of([(True, 15)] * 30 + [(True, 5)] * 20 + [(False, 15)] * 10 + [(False, 5)] * 40)
    assert report.interval("precision") == wilson_interval(30, 40)
    assert report.interval("recall") == wilson_interval(30, 50)
    low, high = report.interval("f1")
    assert low < report.f1 < high
    assert report.interval("f1_macro")[0] < report.value("f1_macro") < report.interval("f1_macro")[1]
    assert report.interval("accuracy") == wilson_interval(70, 100)


def test_a_label_that_is_neither_class_is_named_with_its_column() -> None:
    with pytest.raises(
        LabelUnknown, match=r"column 'outcome' has labels that are neither 'paid' nor 'lost': 'open' \(2\)"
    ):
        measure_task(LOANS, ["lost", "open", "open"], scored([0.1, 0.2, 0.3]))


@given(said)
def test_calibration_bins_have_as_equal_counts_as_ties_allow(rows: list[tuple[bool, int]]) -> None:
    truth, scores = zip(*rows, strict=True)
    bins = calibration_bins(truth, scores)
    assert 1 <= len(bins) <= 10
    assert sum(one.rows for one in bins) == len(rows)
    assert all(one.high < other.low for one, other in pairwise(bins))
    assert sum(one.share * one.rows for one in bins) == pytest.approx(sum(truth))


def test_without_ties_calibration_bins_have_equal_counts() -> None:
    scores = np.random.default_rng(1).random(1000)
    assert {one.rows for one in calibration_bins(scores > 0.5, scores)} == {100}


@given(st.lists(st.tuples(st.booleans(), st.floats(-5, 5)), min_size=1, max_size=60))
def test_an_anomaly_report_is_strict_json_with_all_keys(rows: list[tuple[bool, float]]) -> None:
    frame = pd.DataFrame(
        {"predicted": ["anomaly" if one else "normal" for one, _ in rows], "score": [s for _, s in rows]}
    )
    report = measure_task(CRASHES, None, frame, [f"row {at}" for at in range(len(rows))], threshold=0.2)
    assert isinstance(report, AnomalyReport)
    told = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert set(told) == ANOMALY_KEYS
    rate = np.mean([one for one, _ in rows])
    assert (told["anomaly_rate"], told["rate_fit"]) == (pytest.approx(rate), pytest.approx(1 - abs(rate - 0.1)))
    assert sum(told["histogram"]["counts"]) == len(rows)
    assert len(told["histogram"]["edges"]) == len(told["histogram"]["counts"]) + 1
    assert [one["score"] for one in told["top"]] == sorted(frame["score"], reverse=True)[:10]


def test_the_ten_most_anomalous_rows_are_named() -> None:
    frame = pd.DataFrame({"predicted": "normal", "score": np.arange(50.0)})
    report = measure_task(CRASHES, None, frame, np.arange(1000, 1050).tolist())
    assert report.as_dict()["top"][0] == {"id": 1049, "score": 49.0}
    assert len(report.as_dict()["top"]) == 10


def test_no_rows_are_told() -> None:
    with pytest.raises(ValueError, match="give at least one"):
        measure_task(CRASHES, None, pd.DataFrame({"predicted": [], "score": []}))


def test_several_classes_are_told_as_before() -> None:
    task = Multiclass(id="row", label="kind", classes=("ash", "beech", "cedar"))
    report = measure_task(
        task, ["ash", "beech"], pd.DataFrame({"predicted": ["ash", "ash"], "confidence": [0.9, np.nan]})
    )
    told = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert told["task"] == "multiclass"
    assert told["per_class"]["cedar"] == {"precision": None, "recall": None, "f1": None, "support": 0, "predicted": 0}
    assert told["confusion"] == {"classes": ["ash", "beech", "cedar"], "counts": [[1, 0, 0], [1, 0, 0], [0, 0, 0]]}
