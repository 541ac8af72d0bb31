"""`kill -9` between any two writes, two runs at once, a full disk: all stays readable and a rerun makes it whole."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
from typing import Any

import dagster as dg
import mlflow
import pytest

from driftwatch_assets.components.records import why_failed
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.lake.storage import LocalStorage
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, MODEL, House

pytestmark = DAGSTERS_OWN_WARNINGS

BATCH_WRITES = 12
Story = dict[str, Any]


@pytest.fixture(
    scope="module",
    params=[pytest.param(("all", "all"), marks=pytest.mark.soak)],
    ids=["all"],
)
def lives(
    request: pytest.FixtureRequest,
    through6: House,
    deliveries: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """Tell of processes that were killed before each of their writes."""
    folder = tmp_path_factory.mktemp("lives")
    base = through6.copied_to(folder / "base")
    base.deliver("batch7.dat", deliveries["7"])
    command = [sys.executable, "-m", "driftwatch_assets_tests.steps.crashing", str(base.folder), str(folder)]
    ran = subprocess.run([*command, *request.param], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told: dict[str, Any] = json.loads((folder / "told.json").read_text())
    for kind, chosen in zip(("batch", "training"), request.param, strict=True):
        made = told[kind][0]["made"]
        assert len(told[kind]) - 1 == (len(made) if chosen == "all" else len(chosen.split()))
    return told


@pytest.fixture
def batch_lives(lives: dict[str, Any]) -> list[Story]:
    told: list[Story] = lives["batch"]
    return told


@pytest.fixture
def training_lives(lives: dict[str, Any]) -> list[Story]:
    told: list[Story] = lives["training"]
    return told


class TestABatch:
    def test_is_a_dozen_of_writes(self, batch_lives: list[Story]) -> None:
        assert len(batch_lives[0]["made"]) >= BATCH_WRITES
        tables = [path for path in batch_lives[0]["made"] if path.endswith(".parquet")]
        assert tables[0] == f"{MODEL}/bronze/readings/batch=7/data.parquet"

    def test_that_is_killed_before_any_write_leaves_the_lake_readable(self, batch_lives: list[Story]) -> None:
        for story in batch_lives[1:]:
            assert story["signal"] == signal.SIGKILL, story["write"]
            kept = {name: print_ for name, print_ in story["left"]["stored"].items() if not name.endswith("/7")}
            assert kept == {
                name: print_ for name, print_ in batch_lives[0]["whole"]["stored"].items() if not name.endswith("/7")
            }
            written = set(story["left"]["stored"]) - set(kept)
            assert len(written) <= story["before"]
            assert story["left"]["unfinished"] == []

    def test_is_made_whole_by_the_next_run(self, batch_lives: list[Story]) -> None:
        undisturbed = batch_lives[0]["whole"]
        for story in batch_lives[1:]:
            assert story["went_well"], story["write"]
            whole = story["whole"]
            assert whole["stored"] == undisturbed["stored"], story["write"]
            assert whole["files"].keys() == undisturbed["files"].keys()
            # Where a verdict asked for a training before the batch was whole, the pages tell of that training too.
            if whole["versions"] == undisturbed["versions"]:
                assert whole["files"] == undisturbed["files"], story["write"]

    def test_that_was_killed_is_no_longer_under_way(self, batch_lives: list[Story]) -> None:
        for story in batch_lives[1:]:
            # Who opens the instance next closes it, before anything is run again.
            assert story["left"]["runs"][0] == "FAILURE"
            assert story["whole"]["runs"][0] == "SUCCESS"
            assert "STARTED" not in story["whole"]["runs"]
            assert "FAILURE" in story["whole"]["runs"]


class TestATraining:
    def test_that_is_killed_leaves_no_version_or_a_whole_one(self, training_lives: list[Story]) -> None:
        expected = training_lives[0]["whole"]["versions"]
        assert [through for through, _, _ in expected] == ["6", "7"]
        for story in training_lives[1:]:
            assert story["signal"] == signal.SIGKILL
            assert story["left"]["versions"] in (expected[:1], expected)

    def test_that_was_killed_shows_as_failed_in_mlflow_and_dagster(self, training_lives: list[Story]) -> None:
        for story in training_lives[1:]:
            assert story["whole"]["runs"][1] == "FAILURE"
            assert "RUNNING" not in story["whole"]["mlflow"]
            if story["write"] == "create_run":
                # Killed before MLflow had heard of it: there is no run that could say anything.
                assert story["left"]["mlflow"].count("FINISHED") == len(story["left"]["mlflow"])
                continue
            if story["write"] == "set_registered_model_alias":
                # What was registered is taken up again by its run: there is no second one, and none that failed.
                assert story["whole"]["mlflow"] == training_lives[0]["whole"]["mlflow"]
                continue
            # Once the model is registered whole, only the drawing of its batch's pages is left.
            trained = "/reports/" in story["write"]
            assert story["left"]["mlflow"][0] == ("FINISHED" if trained else "RUNNING"), story["write"]
            assert story["whole"]["mlflow"][1] == ("FINISHED" if trained else "FAILED"), story["write"]

    def test_is_done_by_the_next_run_and_registered_once(self, training_lives: list[Story]) -> None:
        for story in training_lives[1:]:
            assert story["went_well"]
            assert story["whole"]["versions"] == training_lives[0]["whole"]["versions"]
            assert story["whole"]["alias"] == training_lives[0]["whole"]["alias"]
            assert story["whole"]["stored"] == training_lives[0]["whole"]["stored"]
            assert story["whole"]["logged_models"] == training_lives[0]["whole"]["logged_models"]
            assert story["whole"]["mlflow"][0] == "FINISHED"
            assert story["whole"]["runs"][0] == "SUCCESS"


def test_two_processes_that_take_one_batch_in_at_once_agree(lives: dict[str, Any]) -> None:
    together, alone = lives["together"], lives["batch"][0]
    assert together["went_well"] == [True, True]
    assert together["whole"]["stored"] == alone["whole"]["stored"]
    assert together["whole"]["files"] == alone["whole"]["files"]
    assert together["whole"]["unfinished"] == []


@pytest.mark.parametrize(
    "where", ["gold/features/batch=7", pytest.param("evidence/7/drift.json", marks=pytest.mark.soak)]
)
def test_a_full_disk_fails_the_run_in_words_and_the_next_run_makes_it_whole(
    where: str, house6: House, through8: House, deliveries: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = house6.stored()
    put = LocalStorage.put

    def full(self: LocalStorage, path: str, content: bytes) -> None:
        if where in path:
            raise OSError(errno.ENOSPC, "No space left on device")
        put(self, path, content)

    house6.deliver("batch7.dat", deliveries["7"])
    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "put", full)
        told = house6.replay()
    assert told.status == 1
    assert "No space left on device" in told.text
    assert "Check space and permissions, then run the batch again" in told.text
    assert {name: print_ for name, print_ in house6.stored().items() if name in before} == before
    # Both attempts are spent: a person backfills once there is space.
    assert house6.backfill("7", "7").status == 0
    expected = {name: print_ for name, print_ in through8.stored("7").items() if f"{MODEL}/drift" not in name}
    assert house6.stored("7").items() >= expected.items()


def test_a_training_that_cannot_be_done_shows_as_failed_in_mlflow_too(house6: House) -> None:
    """Without labels nothing is trained: the run is refused with what to do, and MLflow does not call it finished."""
    labelled = house6.watched.lake.read(f"{MODEL}/gold/features", "6")
    house6.watched.lake.write(f"{MODEL}/gold/features", "6", labelled.assign(gas=None), {})
    with house6.instance() as instance:
        daemon = LocalDaemon(instance, defs(), places_of(house6.settings))
        result = daemon.run(house6.component.keys.training_job, dg.RunRequest(partition_key="6"))
        assert not result.success
        why = why_failed(instance, result.run_id)
    assert "cannot train through batch 6: it has no row with a value in 'gas'" in why
    client = mlflow.MlflowClient(house6.environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name(MODEL)
    (newest,) = client.search_runs(
        [experiment.experiment_id], f"tags.dagster_run_id = '{result.run_id}'", max_results=2
    )
    assert newest.info.status == "FAILED"
