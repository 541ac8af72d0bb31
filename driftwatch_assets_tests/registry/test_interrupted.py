"""A training that ended too early: what it registered is taken up, and what it only stored is let go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlflow
import pytest

from driftwatch_assets_tests.registry.trees import MODEL, REFERENCES, training

if TYPE_CHECKING:
    from driftwatch_assets.registry import ModelRegistry
    from driftwatch_assets.training import TrainingOutcome


def begun(registry: ModelRegistry, dagster_run: str, through: str) -> str:
    """Do what the resource does at the beginning of a Dagster run."""
    run_id = registry.begin(dagster_run, "training", through)
    while mlflow.active_run() is not None:
        mlflow.end_run("FAILED")
    mlflow.start_run(run_id=run_id)
    return run_id


def left_dead(registry: ModelRegistry, dagster_run: str) -> None:
    """Leave the active run as a killed process does, and find it dead."""
    mlflow.tracking.fluent._active_run_stack.set([])
    registry.reconcile(lambda known: known != dagster_run)


def runs(registry: ModelRegistry) -> dict[str, str]:
    client = registry._client
    found = client.search_runs([registry.prepare()])
    return {run.info.run_id: run.info.status for run in found}


def test_a_run_that_registered_its_version_goes_on_under_the_next_dagster_run(
    registry: ModelRegistry, through_3: TrainingOutcome
) -> None:
    first = begun(registry, "killed", "3")
    version = registry.register(MODEL, through_3, references=REFERENCES)
    left_dead(registry, "killed")
    assert runs(registry) == {first: "FAILED"}
    assert begun(registry, "again", "3") == first
    assert registry.register(MODEL, through_3, references=REFERENCES) == version
    mlflow.end_run("FINISHED")
    assert runs(registry) == {first: "FINISHED"}
    tags = registry._client.get_run(first).data.tags
    assert tags["dagster_run_id"] == "again"
    assert "failure" not in tags
    assert registry.fail("killed", "found dead") == []


def test_a_training_that_is_registered_by_a_finished_run_leaves_no_empty_one(
    registry: ModelRegistry, through_3: TrainingOutcome
) -> None:
    first = begun(registry, "first", "3")
    version = registry.register(MODEL, through_3, references=REFERENCES)
    mlflow.end_run("FINISHED")
    second = begun(registry, "second", "3")
    assert second != first
    assert registry.register(MODEL, through_3, references=REFERENCES) == version
    mlflow.end_run("FINISHED")
    assert runs(registry) == {first: "FINISHED"}


def test_another_training_of_the_batch_gets_a_run_of_its_own(
    registry: ModelRegistry, through_3: TrainingOutcome
) -> None:
    first = begun(registry, "killed", "3")
    registry.register(MODEL, through_3, references=REFERENCES)
    left_dead(registry, "killed")
    assert begun(registry, "again", "3") == first
    other = training("3", gates={"minimum": 1.0})
    version = registry.register(MODEL, other, references=REFERENCES)
    mlflow.end_run("FINISHED")
    assert version.run_id != first
    assert runs(registry) == {first: "FINISHED", version.run_id: "FINISHED"}
    assert registry._client.get_run(version.run_id).data.tags["dagster_run_id"] == "again"
    assert registry._client.get_run(version.run_id).data.params


@pytest.mark.parametrize("found_by", ["reconcile", "the next training"])
def test_a_stored_model_that_was_never_registered_is_deleted(
    registry: ModelRegistry, through_3: TrainingOutcome, monkeypatch: pytest.MonkeyPatch, found_by: str
) -> None:
    class Killed(BaseException):
        """What ends a process."""

    def killed(*_: object, **__: object) -> None:
        raise Killed

    begun(registry, "killed", "3")
    with monkeypatch.context() as patch:
        patch.setattr(registry._client, "create_model_version", killed)
        with pytest.raises(Killed):
            registry.register(MODEL, through_3, references=REFERENCES)
    experiment = registry.prepare()
    assert len(registry._client.search_logged_models([experiment])) == 1
    if found_by == "reconcile":
        left_dead(registry, "killed")
    else:
        mlflow.end_run("FAILED")
        begun(registry, "again", "3")
    assert registry._client.search_logged_models([experiment]) == []
    begun(registry, "third", "3")
    version = registry.register(MODEL, through_3, references=REFERENCES)
    assert [one.model_id for one in registry._client.search_logged_models([experiment])] == [version.model_id]
    assert registry.load(version).features
