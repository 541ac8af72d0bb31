"""Both instance files of the project, loaded by Dagster as they are."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING

import dagster as dg
import pytest
from dagster._core.run_coordinator import QueuedRunCoordinator

from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests.postgres import database
from driftwatch_assets_tests.steps.house import House

if TYPE_CHECKING:
    from pathlib import Path


def opened(home: Path, file: str, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterInstance:
    shutil.copyfile(PROJECT / file, home / "dagster.yaml")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    return dg.DagsterInstance.get()


def assert_is_ours(instance: dg.DagsterInstance) -> None:
    assert isinstance(instance.run_coordinator, QueuedRunCoordinator)
    assert instance.telemetry_enabled is False
    assert instance.nux_enabled is False
    assert instance.run_monitoring_enabled is True


def test_one_machine_keeps_its_instance_in_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path, "dagster.yaml", monkeypatch) as instance:
        assert_is_ours(instance)
        instance.add_dynamic_partitions("some_batch", ["1"])
    assert list(tmp_path.rglob("*.db"))


@pytest.mark.slow
def test_several_processes_share_an_instance_in_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: str
) -> None:
    with database(postgres) as url:
        monkeypatch.setenv("DAGSTER_POSTGRES_URL", url)
        with opened(tmp_path, "dagster.postgres.yaml", monkeypatch) as instance:
            assert_is_ours(instance)
            instance.add_dynamic_partitions("some_batch", ["1"])
        with opened(tmp_path, "dagster.postgres.yaml", monkeypatch) as again:
            assert again.get_dynamic_partitions("some_batch") == ["1"]


@pytest.mark.soak
@pytest.mark.parametrize("file", ["dagster.yaml", "dagster.postgres.yaml"])
def test_a_whole_replay_keeps_its_runs_where_the_file_says(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: str
) -> None:
    house = House(tmp_path, model="iris")
    home = house.settings.dagster_home
    home.mkdir()
    with database(postgres) as url:
        monkeypatch.setenv("DAGSTER_POSTGRES_URL", url)
        shutil.copyfile(PROJECT / file, home / "dagster.yaml")
        told = house.command("replay", "iris", timeout=1800)
        assert told.returncode == 0, told.stdout + told.stderr
        with opened(home, file, monkeypatch) as instance:
            done = Counter((run.job_name, run.status.value) for run in instance.get_runs())
    assert set(done) == {("iris_batch", "SUCCESS"), ("iris_training", "SUCCESS")}
    assert done["iris_batch", "SUCCESS"] == 6
    kept_here = {path.name for path in home.rglob("*.db")}
    assert ("runs.db" in kept_here) is (file == "dagster.yaml"), kept_here


def test_postgresql_without_its_url_says_which_setting_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_POSTGRES_URL", raising=False)
    with pytest.raises(Exception, match="DAGSTER_POSTGRES_URL"):
        opened(tmp_path, "dagster.postgres.yaml", monkeypatch)
