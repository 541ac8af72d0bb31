"""Binary and anomaly models: what is stored is what was trained, with its threshold and its pictures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.registry.evidence import metrics, parameters
from driftwatch_assets.training import TrainingOutcome, predict, train
from driftwatch_assets_tests.registry.trees import MODEL, registry_in
from driftwatch_assets_tests.training.applications import (
    CRASH_FEATURES,
    CRASHES,
    LOAN_FEATURES,
    LOANS,
    crash_batches,
    crash_declaration,
    loan_batches,
    loan_declaration,
)

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.registry import ModelRegistry, ModelVersion

THRESHOLD = 0.35
PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def loans() -> TrainingOutcome:
    return train(
        loan_declaration(gates={"maximum_gap": 0.3}),
        loan_batches(),
        task=LOANS.model_copy(update={"threshold": THRESHOLD}),
        through="2023-04",
        features=LOAN_FEATURES,
    )


@pytest.fixture(scope="module")
def crashes() -> TrainingOutcome:
    forest = {"name": "forest", "estimator": "sklearn.ensemble.IsolationForest", "parameters": {"n_estimators": 20}}
    return train(
        crash_declaration(candidates=[forest]), crash_batches(), task=CRASHES, through="4", features=CRASH_FEATURES
    )


def registered(registry: ModelRegistry, outcome: TrainingOutcome) -> ModelVersion:
    with registry.run("kinds"):
        return registry.register(MODEL, outcome, references={})


def files_of(registry: ModelRegistry, version: ModelVersion, tmp_path: Path) -> dict[str, bytes]:
    folder = tmp_path / "files"
    folder.mkdir()
    registry._client.download_artifacts(version.run_id, "", str(folder))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_binary_model_scores_after_loading_what_it_scored_before(
    registry: ModelRegistry, tmp_path: Path, loans: TrainingOutcome
) -> None:
    """Bit for bit, with missing values and a category that training did not have; also after Parquet."""
    model = registry_in(tmp_path).load(registered(registry, loans))
    assert (model.task_kind, model.threshold, model.features) == ("binary", THRESHOLD, LOAN_FEATURES)
    frame = loan_batches(5)[-1].frame
    frame.loc[:5, "job"] = "astronaut"
    before = predict(loans.estimator, frame, LOAN_FEATURES)
    pd.testing.assert_frame_equal(model.predict(frame), before, check_exact=True)
    assert ((before["score_lost"] >= THRESHOLD) == (before["predicted"] == "lost")).all()
    assert (before["predicted"] == "lost").sum() > (before["score_lost"] >= 0.5).sum()
    frame.to_parquet(tmp_path / "gold.parquet")
    pd.testing.assert_frame_equal(model.predict(pd.read_parquet(tmp_path / "gold.parquet")), before, check_exact=True)
    pd.testing.assert_frame_equal(model.held_out, loans.held_out, check_exact=True)


def test_what_fills_the_gaps_is_stored_in_the_model(
    registry: ModelRegistry, tmp_path: Path, loans: TrainingOutcome
) -> None:
    model = registry_in(tmp_path).load(registered(registry, loans))
    stack = pd.concat([one.frame for one in loan_batches()])
    filler = model.estimator.estimator_.steps[0][1].named_transformers_["numbers"].steps[0][1]
    np.testing.assert_array_equal(filler.statistics_, stack[["income", "debt"]].median())


def test_an_anomaly_model_scores_after_loading_what_it_scored_before(
    registry: ModelRegistry, tmp_path: Path, crashes: TrainingOutcome
) -> None:
    model = registry_in(tmp_path).load(registered(registry, crashes))
    assert (model.task_kind, model.classes) == ("anomaly", ("normal", "anomaly"))
    assert model.threshold == crashes.threshold
    frame = crash_batches(5)[-1].frame
    said = model.predict(frame)
    pd.testing.assert_frame_equal(said, predict(crashes.estimator, frame, CRASH_FEATURES), check_exact=True)
    assert ((said["score"] > model.threshold) == (said["predicted"] == "anomaly")).all()


def test_a_loaded_model_challenges_and_is_challenged(
    registry: ModelRegistry, loans: TrainingOutcome, crashes: TrainingOutcome
) -> None:
    champion = registry.load(registered(registry, loans))
    later = train(
        loan_declaration(), loan_batches(5), task=LOANS, through="2023-05", features=LOAN_FEATURES, champion=champion
    )
    assert later.champion == loans.fingerprint
    assert later.comparison.champion_report is not None
    assert later.comparison.champion_report.as_dict()["threshold"] == THRESHOLD


def test_the_run_of_a_binary_training_has_its_pictures_parameters_and_metrics(
    registry: ModelRegistry, tmp_path: Path, loans: TrainingOutcome
) -> None:
    version = registered(registry, loans)
    files = files_of(registry, version, tmp_path)
    for picture in (
        "ranking",
        "confusion_challenger",
        "roc_challenger",
        "precision_recall_challenger",
        "calibration_challenger",
    ):
        assert files[f"figures/{picture}.png"].startswith(PNG)
    told = json.loads(files["metrics.json"])
    assert told == loans.comparison.challenger_report.as_dict()
    ranked = json.loads(files["ranking.json"])["candidates"]
    assert all(one["gap"] == pytest.approx(one["train_score"] - one["score"]) for one in ranked)
    run = registry._client.get_run(version.run_id)
    assert (run.data.params["task"], run.data.params["threshold"]) == ("binary", str(THRESHOLD))
    assert run.data.params["SimpleImputer.strategy"] == "median"
    assert run.data.metrics["challenger_auc"] == told["auc"]
    assert {"challenger_gap", "challenger_train_score", "threshold", "seconds", "challenger_brier"} <= set(
        run.data.metrics
    )


def test_the_run_of_an_anomaly_training_has_its_pictures_parameters_and_metrics(
    registry: ModelRegistry, tmp_path: Path, crashes: TrainingOutcome
) -> None:
    version = registered(registry, crashes)
    files = files_of(registry, version, tmp_path)
    assert files["figures/scores_challenger.png"].startswith(PNG)
    assert not [name for name in files if "confusion" in name or "per_class" in name]
    run = registry._client.get_run(version.run_id)
    assert (run.data.params["task"], run.data.params["contamination"]) == ("anomaly", "0.1")
    assert run.data.params["IsolationForest.n_estimators"] == "20"
    assert run.data.metrics["anomaly_rate"] == crashes.comparison.challenger_report.metrics()["anomaly_rate"]
    assert run.data.metrics["seconds"] > 0


def test_no_number_of_a_run_is_undefined(loans: TrainingOutcome, crashes: TrainingOutcome) -> None:
    for outcome in (loans, crashes):
        assert not [name for name, value in metrics(outcome).items() if np.isnan(value)]
        assert all(isinstance(value, str) for value in parameters(outcome).values())


def test_two_estimators_of_one_class_keep_their_parameters_apart(loans: TrainingOutcome) -> None:
    """`SimpleImputer` is declared twice: for numbers and for text."""
    told: dict[str, Any] = parameters(loans)
    assert {told["SimpleImputer.strategy"], told["SimpleImputer_2.strategy"]} == {"median", "constant"}
