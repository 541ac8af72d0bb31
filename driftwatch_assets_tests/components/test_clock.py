"""A clock that is moved: Dagster's sensors wait for the moment of their last look to come again, and lose nothing."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest
from dagster._core.test_utils import freeze_time
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import PythonFileTarget
from dagster._daemon.controller import create_daemon_grpc_server_registry
from dagster._daemon.sensor import execute_sensor_iteration

from driftwatch_assets_tests.components.landing_location import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOCATION = Path(__file__).with_name("landing_location.py")
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
INTERVAL = dt.timedelta(seconds=10)


@pytest.fixture
def landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    monkeypatch.setenv(FOLDER, str(folder))
    return folder


@pytest.fixture
def runs_at(landing: Path, tmp_path: Path) -> Iterator[Callable[[dt.datetime], list[str]]]:
    """Let the daemon look at its sensors once at a moment, and give what has been asked for, oldest first."""
    target = PythonFileTarget(str(LOCATION), None, str(LOCATION.parent), "clock")
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        with (
            create_daemon_grpc_server_registry(instance) as servers,
            WorkspaceProcessContext(instance, target, grpc_server_registry=servers) as workspace,
        ):

            def look(now: dt.datetime) -> list[str]:
                with freeze_time(now):
                    for failure in execute_sensor_iteration(workspace, logging.getLogger("dagster"), None, None):
                        assert failure is None
                return [run.tags["landed"] for run in instance.get_runs()][::-1]

            yield look
        servers.wait_for_processes()


def test_a_moved_clock_delays_what_lands_and_asks_for_nothing_twice(
    runs_at: Callable[[dt.datetime], list[str]], landing: Path
) -> None:
    (landing / "1").touch()
    assert runs_at(NOON) == ["1"]
    (landing / "2").touch()
    assert runs_at(NOON - HOUR) == ["1"], "set back, it has to catch up"
    assert runs_at(NOON) == ["1"]
    assert runs_at(NOON + INTERVAL) == ["1", "2"]
    (landing / "3").touch()
    assert runs_at(NOON + 24 * 365 * HOUR) == ["1", "2", "3"], "put forward, it goes on at once"
    assert runs_at(NOON + 24 * 366 * HOUR) == ["1", "2", "3"]
