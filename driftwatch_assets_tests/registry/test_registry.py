"""Versions: what is registered comes back, and the champion is found by batch order."""

from __future__ import annotations

import json
import os
import threading
import urllib.request
from typing import TYPE_CHECKING, Any

import mlflow
import pandas as pd
import pytest

from driftwatch_assets.registry import (
    ModelRegistry,
    ModelVersion,
    RegistryIncomplete,
    RegistryUnreachable,
    champion_among,
)
from driftwatch_assets.registry.registry import CHAMPION
from driftwatch_assets.training import predict
from driftwatch_assets_tests.registry.trees import MODEL, REFERENCES, registry_in, training
from driftwatch_assets_tests.training.drifting import FEATURES, drifting_batches

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.training import TrainingOutcome


def registered(registry: ModelRegistry, outcome: TrainingOutcome, **options: Any) -> ModelVersion:
    with registry.run(f"through {outcome.trained_through}"):
        return registry.register(MODEL, outcome, references=REFERENCES, **options)


def alias(registry: ModelRegistry) -> str:
    return str(registry._client.get_registered_model(MODEL).aliases[CHAMPION])


def test_a_loaded_model_predicts_what_the_trained_one_did(
    registry: ModelRegistry, tmp_path: Path, through_3: TrainingOutcome
) -> None:
    version = registered(registry, through_3)
    model = registry_in(tmp_path).load(version)
    frame = drifting_batches(6)[-1].frame
    pd.testing.assert_frame_equal(model.predict(frame), predict(through_3.estimator, frame, FEATURES), check_exact=True)
    assert model.references == REFERENCES
    assert (model.features, model.classes, model.window) == (FEATURES, ("ash", "beech", "cedar"), ("1", "2", "3"))
    assert (model.fingerprint, model.trained_through) == (through_3.fingerprint, "3")
    pd.testing.assert_frame_equal(model.held_out, through_3.held_out)


def test_a_version_says_where_it_comes_from(registry: ModelRegistry, through_3: TrainingOutcome) -> None:
    version = registered(registry, through_3)
    stored = registry._client.get_model_version(MODEL, str(version.version))
    assert stored.tags["trained_through"] == "3"
    assert stored.tags["gate_result"] == "promoted"
    assert stored.tags["data_fingerprint"] == through_3.data_fingerprint
    assert stored.tags["fingerprint"] == through_3.fingerprint != stored.tags["judged_fingerprint"]
    assert stored.tags["champion_compared"] == "none"
    assert stored.tags["window"] == "1 to 3 (3 batches)"
    assert version.reason.startswith("promoted: the first model")
    assert alias(registry) == str(version.version)


def test_the_run_has_parameters_metrics_figures_and_documents(
    registry: ModelRegistry, through_3: TrainingOutcome
) -> None:
    version = registered(registry, through_3, figures={"figures/own.png": b"png"})
    run = registry._client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["candidate"] == "discriminant"
    assert json.loads(run.data.params["declaration"])["name"] == "discriminant"
    report = through_3.comparison.challenger_report
    assert run.data.metrics["challenger_accuracy"] == report.accuracy
    assert run.data.metrics["challenger_recall_ash"] == report.per_class.loc["ash", "recall"]
    assert {"ranking_discriminant", "ranking_forest", "seconds_ranking"} <= set(run.data.metrics)
    files = {
        file.path for folder in ("", "figures") for file in registry._client.list_artifacts(run.info.run_id, folder)
    }
    assert {
        "figures/ranking.png",
        "figures/confusion_challenger.png",
        "figures/own.png",
        "judgement.json",
        "ranking.json",
        "per_class.json",
    } <= files
    judgement = json.loads(mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/judgement.json"))
    assert judgement["promotion"]["promote"] is True


def test_no_pickle_is_stored(registry: ModelRegistry, tmp_path: Path, through_3: TrainingOutcome) -> None:
    registered(registry, through_3)
    stored = {path.name for path in (tmp_path / "mlflow" / "artifacts").rglob("*") if path.is_file()}
    assert "model.skops" in stored
    assert not [name for name in stored if name.endswith((".pkl", ".pickle", ".joblib"))]
    assert not list(tmp_path.parent.glob("mlruns"))


def test_a_refused_challenger_is_kept_as_evidence_and_is_never_champion(
    registry: ModelRegistry, through_3: TrainingOutcome, refused_through_4: TrainingOutcome
) -> None:
    registered(registry, through_3)
    refused = registered(registry, refused_through_4)
    assert refused.gate_result == "refused"
    assert "stays below the minimum of 1.0000" in refused.reason
    champion = registry.champion_as_of(MODEL, "9")
    assert champion is not None
    assert champion.trained_through == "3"
    assert alias(registry) == "1"
    assert [one.gate_result for one in registry.history(MODEL)] == ["promoted", "refused"]


def test_only_refused_versions_leave_no_champion_and_no_alias(
    registry: ModelRegistry, refused_through_4: TrainingOutcome
) -> None:
    registered(registry, refused_through_4)
    assert registry.champion_as_of(MODEL, "9") is None
    assert registry._client.get_registered_model(MODEL).aliases == {}


def test_the_champion_of_a_batch_is_that_of_its_time_whenever_it_was_trained(registry: ModelRegistry) -> None:
    for through in ("9", "3", "6"):
        registered(registry, training(through))
    champions = {key: registry.champion_as_of(MODEL, key) for key in ("3", "4", "6", "7", "9", "10")}
    assert {key: one and one.trained_through for key, one in champions.items()} == {
        "3": None,
        "4": "3",
        "6": "3",
        "7": "6",
        "9": "6",
        "10": "9",
    }
    assert [one.trained_through for one in registry.history(MODEL)] == ["3", "6", "9"]
    assert alias(registry) == "1", "a backfilled older training took the alias from a newer one"


def test_of_two_promoted_through_the_same_batch_the_later_registered_counts(registry: ModelRegistry) -> None:
    registered(registry, training("3"))
    corrected = registered(registry, training("3", seed=8))
    assert registry.champion_as_of(MODEL, "4") == corrected
    assert alias(registry) == "2"


def test_the_champion_that_was_compared_is_named(registry: ModelRegistry, through_3: TrainingOutcome) -> None:
    first = registry.load(registered(registry, through_3))
    second = registered(registry, training("5", champion=first))
    assert second.champion_compared == 1
    assert {"challenger", "champion", "difference_low"} <= set(second.scores)


def test_the_same_training_is_registered_once(registry: ModelRegistry, through_3: TrainingOutcome) -> None:
    first = registered(registry, through_3)
    assert registered(registry, training("3")) == first
    assert registry.trained(MODEL, through_3.training_fingerprint) == first
    assert len(registry.history(MODEL)) == 1


def test_a_run_that_raises_is_shown_as_failed(registry: ModelRegistry) -> None:
    with pytest.raises(RuntimeError, match="broke"), registry.run("broken") as run_id:
        raise RuntimeError("broke")
    assert registry._client.get_run(run_id).info.status == "FAILED"


def test_registering_without_a_run_says_what_to_start(registry: ModelRegistry, through_3: TrainingOutcome) -> None:
    registry.prepare()
    with pytest.raises(RuntimeError, match="no MLflow run is active and no run_id was given"):
        registry.register(MODEL, through_3, references={})


def test_a_run_can_be_named_instead_of_being_active(registry: ModelRegistry, through_3: TrainingOutcome) -> None:
    run = registry._client.create_run(registry.prepare())
    version = registry.register(MODEL, through_3, references={}, run_id=run.info.run_id)
    assert version.run_id == run.info.run_id
    assert registry._client.get_run(run.info.run_id).info.status == "RUNNING"


def test_versions_that_others_registered_are_passed_over(registry: ModelRegistry, through_3: TrainingOutcome) -> None:
    version = registered(registry, through_3)
    registry._client.create_model_version(MODEL, source=f"models:/{version.model_id}", run_id=version.run_id)
    assert registry.history(MODEL) == [version]


def test_a_model_that_was_never_registered_has_no_history(registry: ModelRegistry) -> None:
    assert registry.history("unknown") == []
    assert registry.champion_as_of("unknown", "7") is None


def test_batches_with_the_same_number_are_the_same_moment(registry: ModelRegistry, through_3: TrainingOutcome) -> None:
    version = registered(registry, through_3)
    assert champion_among([version], before="03") is None
    assert champion_among([version], before="04") == version


def test_a_loaded_model_is_kept_in_memory(registry: ModelRegistry, tmp_path: Path, through_3: TrainingOutcome) -> None:
    version = registered(registry, through_3)
    assert registry.load(version) is registry_in(tmp_path).load(version)


def test_an_unusable_store_is_told_with_its_address(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RegistryUnreachable, match=r"cannot open MLflow's store sqlite:///.*Check MLFLOW_TRACKING_URI"):
        ModelRegistry(f"sqlite:///{tmp_path}/file/mlflow.db", "x").prepare()
    (tmp_path / "rubbish.db").write_text("no database, but long enough to be read as one" * 100)
    with pytest.raises(RegistryUnreachable, match=r"rubbish\.db"):
        ModelRegistry(f"sqlite:///{tmp_path}/rubbish.db", "x").prepare()


def test_an_experiment_in_the_bin_is_told_with_the_way_back(registry: ModelRegistry, tmp_path: Path) -> None:
    number = registry.prepare()
    registry._client.delete_experiment(number)
    with pytest.raises(RegistryIncomplete, match=rf"was deleted.*mlflow experiments restore --experiment-id {number}"):
        registry_in(tmp_path).prepare()
    registry._client.restore_experiment(number)
    assert registry_in(tmp_path).prepare() == number


def test_nothing_is_reported_to_anyone(
    registry: ModelRegistry, through_3: TrainingOutcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was sent")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr("requests.sessions.Session.request", refuse)
    registered(registry, through_3)
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert not [one for one in threading.enumerate() if "Telemetry" in one.name]
