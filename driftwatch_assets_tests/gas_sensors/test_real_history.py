"""The figures that the project promises on the ten real batches, reached by the command that a user runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.defs.gas_sensors.transforms import FEATURES
from driftwatch_assets.drift import Policy, Reference, judge
from driftwatch_assets.lake import Lake
from driftwatch_assets_tests.severities import documented, stored

pytestmark = pytest.mark.soak

DRIFTWATCH = Path(sys.executable).parent / "driftwatch"


@pytest.fixture(scope="module")
def replayed(real_gas_sensors: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Replay the real batches into places of their own, and give the environment."""
    home = tmp_path_factory.mktemp("real")
    landing = home / "landing" / "gas_sensors"
    shutil.copytree(real_gas_sensors, landing)
    environment = {
        **os.environ,
        "DRIFTWATCH_LANDING": str(landing.parent),
        "DRIFTWATCH_LAKE": str(home / "lake"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{home / 'mlflow' / 'mlflow.db'}",
        "DAGSTER_HOME": str(home / "dagster"),
        "COLUMNS": "120",
    }
    done = subprocess.run(
        [DRIFTWATCH, "replay", "gas_sensors"], env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 real batches" in done.stdout
    return environment


@pytest.fixture(scope="module")
def history(replayed: dict[str, str]) -> dict[str, dict[str, Any]]:
    text = subprocess.run(
        [DRIFTWATCH, "history", "gas_sensors", "--json"], env=replayed, capture_output=True, text=True, check=True
    ).stdout
    return {record["batch"]: record for record in json.loads(text)}


def test_the_loop_reaches_its_accuracy(history: dict[str, dict[str, Any]]) -> None:
    scored = [history[batch] for batch in ("7", "8", "9", "10")]
    assert np.mean([record["accuracy"] for record in scored]) >= 0.83
    assert np.mean([record["accuracy"] for record in scored]) > np.mean([one["frozen_accuracy"] for one in scored])


def test_every_batch_is_scored_by_a_champion_that_has_not_seen_it(history: dict[str, dict[str, Any]]) -> None:
    assert [record["champion_trained_through"] for record in history.values()] == [None] * 6 + ["6", "7", "8", "9"]


def test_each_arrival_drifts_and_is_retrained_on(history: dict[str, dict[str, Any]]) -> None:
    for batch in ("7", "8", "9", "10"):
        assert history[batch]["drift_detected"] is True
        assert "data_drift" in history[batch]["checks_failed"]
        assert history[batch]["retrained"] is True


def test_the_grades_of_drift_are_those_of_the_documented_table(replayed: dict[str, str]) -> None:
    assert stored(Path(replayed["DRIFTWATCH_LAKE"]), "gas_sensors") == documented("gas_sensors")


def test_a_random_tenth_of_the_reference_does_not_drift(replayed: dict[str, str]) -> None:
    lake = Lake(replayed["DRIFTWATCH_LAKE"])
    rows = pd.concat([lake.read("gas_sensors/gold/features", str(batch)) for batch in range(1, 7)])[list(FEATURES)]
    reference = Reference.fit(rows)
    for seed in range(10):
        verdict = judge(reference.compare(rows.sample(frac=0.1, random_state=seed)), policy=Policy())
        assert verdict.drift_detected is False, verdict.reason


def test_a_second_replay_changes_nothing(replayed: dict[str, str], history: dict[str, dict[str, Any]]) -> None:
    lake = Path(replayed["DRIFTWATCH_LAKE"])
    before = {path: path.stat().st_mtime_ns for path in lake.rglob("*") if path.is_file()}
    subprocess.run([DRIFTWATCH, "replay", "gas_sensors"], env=replayed, capture_output=True, timeout=600, check=True)
    assert {path: path.stat().st_mtime_ns for path in lake.rglob("*") if path.is_file()} == before
    text = subprocess.run(
        [DRIFTWATCH, "history", "gas_sensors", "--json"], env=replayed, capture_output=True, text=True, check=True
    ).stdout
    assert {record["batch"]: record for record in json.loads(text)} == history
