"""Detectors without labels: the declared contamination is what comes out on rows that no training saw."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor

from driftwatch_assets.training import (
    AnomalyReport,
    Candidate,
    CandidateInvalid,
    Gates,
    GoldBatch,
    NotEnoughLabels,
    TrainingOutcome,
    check_candidate,
    predict,
    train,
)
from driftwatch_assets.training.judging import GateResult, compare, judge
from driftwatch_assets.training.outliers import ThresholdedDetector, anomaly_scores
from driftwatch_assets_tests.training.applications import CRASH_FEATURES, CRASHES, crash_batches, crash_declaration


def trained(batches: list[GoldBatch] | None = None, through: str = "4", **options: Any) -> TrainingOutcome:
    declared = options.pop("declared", crash_declaration())
    return train(
        declared,
        crash_batches() if batches is None else batches,
        task=options.pop("task", CRASHES),
        through=through,
        features=CRASH_FEATURES,
        **options,
    )


def rows_like(seed: int, count: int) -> pd.DataFrame:
    """Give rows with long tails, so that a detector has something to find."""
    generator = np.random.default_rng(seed)
    return pd.DataFrame(generator.standard_t(4, size=(count, 3)), columns=["a", "b", "c"])


def rates(detector: Any, *, seeds: int, contamination: float) -> np.ndarray:
    found = []
    for seed in range(seeds):
        model = ThresholdedDetector(detector, contamination, seed).fit(rows_like(seed, 8000))
        found.append((model.predict(rows_like(1000 + seed, 20000)) == "anomaly").mean())
    return np.array(found)


@pytest.mark.parametrize("contamination", [0.02, 0.1, 0.3])
def test_the_declared_share_of_new_rows_is_anomalous_over_twenty_seeds(contamination: float) -> None:
    found = rates(PCA(n_components=1), seeds=20, contamination=contamination)
    assert np.abs(found - contamination).max() < 0.015
    assert abs(found.mean() - contamination) < 0.003


@pytest.mark.slow
def test_it_is_so_for_forests_too() -> None:
    found = rates(IsolationForest(n_estimators=50, random_state=1), seeds=20, contamination=0.1)
    assert np.abs(found - 0.1).max() < 0.015
    assert abs(found.mean() - 0.1) < 0.003


def test_a_threshold_of_the_fitted_rows_themselves_would_not_keep_it() -> None:
    """With few rows a detector knows its own far better than others: the fault that the folds are there for."""
    own, kept = [], []
    for seed in range(10):
        rows, new = rows_like(seed, 60).to_numpy(), rows_like(1000 + seed, 2000).to_numpy()
        model = ThresholdedDetector(LocalOutlierFactor(n_neighbors=3, novelty=True), 0.1, seed).fit(rows)
        threshold = np.quantile(anomaly_scores(model.estimator_, rows), 0.9)
        own.append((model.anomaly_scores(new) > threshold).mean())
        kept.append((model.predict(new) == "anomaly").mean())
    assert np.mean(own) > 0.2
    assert np.mean(kept) < 0.15


def test_a_training_judges_and_refits_with_a_threshold_of_its_own_each() -> None:
    outcome = trained()
    assert outcome.promotion.promote
    assert outcome.threshold == outcome.estimator.threshold_ != outcome.judged_estimator.threshold_
    assert list(outcome.held_out.columns) == ["crash", "batch", "predicted", "score"]
    assert len(outcome.held_out) == outcome.comparison.rows == 150
    assert outcome.rows == 1200
    assert (outcome.classes, outcome.temperature, outcome.comparison.metric) == (
        ("normal", "anomaly"),
        None,
        "rate_fit",
    )
    report = outcome.comparison.challenger_report
    assert isinstance(report, AnomalyReport)
    assert report.threshold == outcome.judged_estimator.threshold_
    assert report.rate == (outcome.held_out["predicted"] == "anomaly").mean()
    assert outcome.ranking.table["score"].between(0.8, 1).all()


def test_all_rows_count_and_no_label_is_asked_for() -> None:
    batches = crash_batches()
    batches[1] = GoldBatch("2", batches[1].frame.head(0), "empty")
    outcome = trained(batches)
    assert outcome.window == ("1", "3", "4")
    with pytest.raises(
        NotEnoughLabels, match=r"cannot train through batch 2: it has no rows \(batches with rows before it: 1\)"
    ):
        trained(batches, through="2")
    with pytest.raises(NotEnoughLabels, match=r"through batch 9"):
        trained(batches, through="9")


def test_with_a_time_the_end_of_the_newest_batch_judges() -> None:
    batches = crash_batches()
    for one in batches:
        one.frame["at"] = pd.Timestamp("2020-01-01") - pd.to_timedelta(np.arange(len(one.frame)), unit="D")
    outcome = trained(batches, task=CRASHES.model_copy(update={"time": "at"}))
    assert outcome.held_out["crash"].tolist() == [f"4-{row}" for row in range(150)]


def test_the_same_data_give_the_same_model_and_another_contamination_another() -> None:
    one, two = trained(), trained(list(reversed(crash_batches(6))))
    frame = crash_batches(6)[-1].frame
    assert one.training_fingerprint == two.training_fingerprint
    pd.testing.assert_frame_equal(
        predict(one.estimator, frame, CRASH_FEATURES), predict(two.estimator, frame, CRASH_FEATURES), check_exact=True
    )
    more = trained(task=CRASHES.model_copy(update={"contamination": 0.2}))
    assert more.fingerprint != one.fingerprint
    assert more.threshold is not None
    assert one.threshold is not None
    assert more.threshold < one.threshold


def test_no_rows_give_an_empty_table_with_all_columns() -> None:
    outcome = trained()
    said = predict(outcome.estimator, crash_batches()[0].frame.head(0), CRASH_FEATURES)
    assert (list(said.columns), len(said)) == (["predicted", "score"], 0)


def champion(outcome: TrainingOutcome) -> Any:
    return SimpleNamespace(
        estimator=outcome.estimator,
        features=outcome.features,
        fingerprint=outcome.fingerprint,
        trained_through=outcome.trained_through,
    )


def test_a_challenger_that_keeps_the_rate_no_worse_takes_over() -> None:
    outcome = trained(through="3", champion=champion(trained(through="2")))
    gate = next(one for one in outcome.gates if one.gate == "must_beat_champion")
    assert gate.passed is (outcome.comparison.difference is not None and outcome.comparison.difference.high >= 0)
    assert outcome.promotion.promote
    assert "the rate is kept no worse than by the champion on the same 150 rows" in gate.sentence


def called(anomalies: int, rows: int = 200) -> pd.DataFrame:
    return pd.DataFrame({"predicted": ["anomaly"] * anomalies + ["normal"] * (rows - anomalies), "score": 0.0})


@pytest.mark.parametrize(
    ("challenger", "champion_", "gates", "passed"),
    [
        (20, 20, Gates(), True),
        (22, 20, Gates(), True),
        (60, 20, Gates(), False),
        (20, 60, Gates(), True),
        (24, 20, Gates(must_beat_champion=False, margin=0.01), False),
        (22, 20, Gates(must_beat_champion=False, margin=0.01), True),
        (60, 20, Gates(must_beat_champion=False, minimum=0.9), False),
        (13, 20, Gates(), True),
        (11, 20, Gates(minimum=0.9), False),
        (0, 0, Gates(minimum=0.9), False),
        (0, 0, Gates(minimum=0.9, must_reach_contamination=False), True),
    ],
)
def test_the_rate_is_gated(challenger: int, champion_: int, gates: Gates, passed: bool) -> None:
    comparison = compare(None, called(challenger), called(champion_), metric="rate_fit", task=CRASHES, seed=1)
    assert all(one.passed for one in judge(comparison, gates)) is passed


def test_few_rows_cannot_tell_that_a_rate_is_too_low() -> None:
    def judged(rows: int) -> GateResult:
        comparison = compare(None, called(0, rows), None, metric="rate_fit", task=CRASHES, seed=1)
        [gate] = judge(comparison, Gates())
        return gate

    assert judged(30).passed
    assert not judged(60).passed
    assert judged(60).sentence == "rate 0.0000 [0.0000, 0.0602] stays below the declared contamination of 0.1000"


def test_a_drifted_batch_is_told_by_its_rate() -> None:
    outcome = trained()
    frame = crash_batches(5)[-1].frame
    usual = (predict(outcome.estimator, frame, CRASH_FEATURES)["predicted"] == "anomaly").mean()
    drifted = frame.assign(speed=frame["speed"] + 25)
    assert usual < 0.15
    assert (predict(outcome.estimator, drifted, CRASH_FEATURES)["predicted"] == "anomaly").mean() > 0.5


@pytest.mark.parametrize(
    ("candidate", "kind", "said"),
    [
        ("sklearn.svm.SVC", "anomaly", "sklearn.svm.SVC is a classifier and learns from labels"),
        ("sklearn.neighbors.LocalOutlierFactor", "anomaly", "a LocalOutlierFactor needs `novelty: true`"),
        ("sklearn.ensemble.IsolationForest", "binary", "detects outliers and knows no classes; a binary task needs a"),
        ("sklearn.svm.OneClassSVM", "multiclass", "detects outliers and knows no classes; a multiclass task needs a"),
        ("sklearn.linear_model.LinearRegression", "anomaly", "scores no new rows"),
        ("sklearn.linear_model.LinearRegression", "binary", "states no confidence"),
    ],
)
def test_a_candidate_of_another_kind_is_refused(candidate: str, kind: Any, said: str) -> None:
    with pytest.raises(CandidateInvalid, match="candidate 'tried': ") as raised:
        check_candidate(Candidate(name="tried", estimator=candidate), kind)
    assert said in str(raised.value)


def test_a_pipeline_that_ends_in_the_wrong_kind_is_refused_by_its_last_step() -> None:
    scaled = {"estimator": "sklearn.preprocessing.StandardScaler"}
    forest = {"estimator": "sklearn.ensemble.IsolationForest", "parameters": {"n_estimators": 5}}
    candidate = Candidate.model_validate({"name": "tried", "steps": [scaled, forest]})
    check_candidate(candidate, "anomaly")
    with pytest.raises(CandidateInvalid, match=r"sklearn\.ensemble\.IsolationForest detects outliers"):
        check_candidate(candidate, "multiclass")


@pytest.mark.parametrize(
    ("detector", "parameters"),
    [
        ("sklearn.ensemble.IsolationForest", {"n_estimators": 10}),
        ("sklearn.neighbors.LocalOutlierFactor", {"novelty": True}),
        ("sklearn.svm.OneClassSVM", {}),
        ("sklearn.covariance.EllipticEnvelope", {}),
        ("sklearn.neighbors.KernelDensity", {}),
    ],
)
def test_every_kind_of_detector_can_compete(detector: str, parameters: dict[str, object]) -> None:
    scaled = {"estimator": "sklearn.preprocessing.StandardScaler"}
    steps = [scaled, {"estimator": detector, "parameters": parameters}]
    declared = crash_declaration(candidates=[{"name": "only", "steps": steps}])
    outcome = trained(through="2", declared=declared)
    far = pd.DataFrame({"speed": [50.0, 500.0], "cars": [2.0, 60.0]})
    said = predict(outcome.estimator, far, CRASH_FEATURES)
    assert said["predicted"].tolist() == ["normal", "anomaly"]
    assert said["score"].is_monotonic_increasing


def test_a_gate_that_needs_labels_cannot_be_declared_for_it() -> None:
    with pytest.raises(ValueError, match="per_class_floor needs labels"):
        trained(declared=crash_declaration(gates={"per_class_floor": 0.5}))
    with pytest.raises(ValueError, match="metric 'accuracy' is none for a task of kind anomaly; valid: rate_fit"):
        trained(declared=crash_declaration(metric="accuracy"))
    with pytest.raises(ValidationError, match="contamination"):
        type(CRASHES)(kind="anomaly", id="crash", contamination=0.6)


def test_the_gap_is_measured_for_it_too() -> None:
    outcome = trained(declared=crash_declaration(gates={"maximum_gap": 0.2}))
    assert outcome.comparison.gap is not None
    assert outcome.ranking.table["gap"].notna().all()
