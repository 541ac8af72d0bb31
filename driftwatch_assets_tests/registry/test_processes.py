"""Processes that are killed, and processes that meet."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import mlflow
import pytest

from driftwatch_assets_tests.registry.trees import MODEL, REFERENCES, registry_in, training

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.registry import ModelRegistry

WRITES = (
    "log_batch",
    "log_artifacts",
    "create_logged_model",
    "log_model",
    "create_registered_model",
    "create_model_version",
    "set_registered_model_alias",
)
SOME = {"log_batch", "create_model_version", "set_registered_model_alias"}
"""The first one, the one that decides, and the last: those that CI tries."""


def started(job: str, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "driftwatch_assets_tests.registry.processes", job, str(folder), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_training_whose_process_was_killed_is_shown_as_failed(tmp_path: Path, registry: ModelRegistry) -> None:
    with started("train_slowly", tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "fitting\n"
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert registry.reconcile(lambda _: True) == []
    (ended,) = registry.reconcile(lambda dagster_run: dagster_run != "gone")
    run = registry._client.get_run(ended)
    assert (run.info.status, run.data.tags["failure"]) == (
        "FAILED",
        "its process ended without a word; found dead afterwards",
    )
    assert run.info.end_time is not None
    assert registry.reconcile(lambda _: False) == []


def test_runs_of_others_are_left_alone(registry: ModelRegistry) -> None:
    own = registry._client.create_run(registry.prepare())
    assert registry.reconcile(lambda _: False) == []
    assert registry._client.get_run(own.info.run_id).info.status == "RUNNING"


def test_a_run_that_was_reported_as_finished_can_be_failed(registry: ModelRegistry) -> None:
    with registry.run("through 3", {"dagster_run_id": "abc"}) as run_id:
        pass
    assert registry.finish("abc") == []
    assert registry.fail("abc", "step model failed") == [run_id]
    assert registry._client.get_run(run_id).info.status == "FAILED"
    assert registry.fail("abc", "again") == []


def test_finishing_a_run_lets_the_process_start_another(registry: ModelRegistry) -> None:
    experiment = registry.prepare()
    mlflow.start_run(experiment_id=experiment, tags={"dagster_run_id": "abc"})
    (ended,) = registry.finish("abc")
    assert mlflow.active_run() is None
    assert registry._client.get_run(ended).info.status == "FINISHED"
    with registry.run("next"):
        pass


@pytest.mark.parametrize(
    "write", [pytest.param(write, marks=pytest.mark.slow if write in SOME else pytest.mark.soak) for write in WRITES]
)
def test_killed_after_any_write_it_shows_nothing_or_a_whole_version_and_a_rerun_completes(
    tmp_path: Path, registry: ModelRegistry, write: str
) -> None:
    with started("register_and_die", tmp_path, write) as process:
        assert process.wait() == -signal.SIGKILL
    between = registry.history(MODEL)
    whole = write in WRITES[5:]
    assert len(between) == whole
    assert (registry.champion_as_of(MODEL, "4") is None) == (not whole)
    assert len(registry.reconcile(lambda _: False)) == 1

    with started("register_and_die", tmp_path, "") as process:
        assert process.wait() == 0
    (version,) = registry.history(MODEL)
    assert registry.load(version).references == REFERENCES
    assert between in ([], [version])
    assert registry._client.get_registered_model(MODEL).aliases == {"champion": 1}


@pytest.mark.slow
def test_processes_that_create_the_store_together_agree(tmp_path: Path) -> None:
    together = [started("prepare", tmp_path) for _ in range(4)]
    said = [process.communicate()[0] for process in together]
    assert [process.returncode for process in together] == [0, 0, 0, 0]
    assert len(set(said)) == 1


@pytest.mark.slow
def test_processes_that_register_the_same_training_together_register_it_once(tmp_path: Path) -> None:
    together = [started("register_and_die", tmp_path, "") for _ in range(3)]
    assert [process.wait() for process in together] == [0, 0, 0]
    for process in together:
        process.communicate()
    (version,) = registry_in(tmp_path).history(MODEL)
    assert version.training_fingerprint == training("3").training_fingerprint
