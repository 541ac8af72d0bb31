"""Fixtures that every room of the project shares."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from collections.abc import Callable

PARTED = {"components", "deployment"}
"""Rooms whose slow tests share nothing from file to file."""
LONGEST = (
    "tour",
    "steps",
    "loan_default",
    "loan_eligibility",
    "interruptions",
    "deployment",
    "components",
    "serving",
    "gas_sensors",
    "traffic_accidents",
    "training",
    "registry",
    "iris",
)
"""Rooms that take minutes, the longest first: a worker that gets one of them last keeps the other waiting."""
REAL_DATA = Path(os.environ.get("DRIFTWATCH_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))


class _ByRoom(LoadScopeScheduling):
    """Gives a worker whole rooms, since the tests of a room share what takes long to make."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        room = file.rpartition("/")[0]
        return file if room.rpartition("/")[2] in PARTED else room


def pytest_configure() -> None:
    """Hear an interruption also where the suite was started in the background of a shell, which switches that off.

    The servers that tests start would not hear it either, nor a request to end: Dagster makes of the two one. How long
    an example takes is no test: machines are noisy.
    """
    settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("untimed")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Spare the collector of garbage what was loaded: it stays to the end, and is looked through again and again."""
    gc.collect()
    gc.freeze()


class _Failures:
    """Names a test as soon as it has failed: a suite that is ended before its time says what it had found."""

    def __init__(self, config: pytest.Config) -> None:
        self._terminal = config.pluginmanager.get_plugin("terminalreporter")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self._terminal is not None:
            self._terminal.ensure_newline()
            self._terminal.write_line(f"FAILED {report.nodeid} ({report.when}): {report.longreprtext[-400:]}")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Name failures at once in the process that a person looks at."""
    session.config.pluginmanager.register(_Failures(session.config))


def pytest_runtest_setup() -> None:
    """Forget what another test of this process left active in MLflow: a run of a store that is gone cannot be ended."""
    fluent = sys.modules.get("mlflow.tracking.fluent")
    if fluent is not None:
        fluent._active_run_stack.set([])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the rooms that take longest."""
    places = {room: place for place, room in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.parent.name, len(LONGEST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Part tests by rooms where `--dist loadscope` is asked for; xdist's own groups do nothing under pytest 9.2."""
    return _ByRoom(config, log) if config.getoption("dist") == "loadscope" else None


@pytest.fixture(scope="session")
def real_gas_sensors() -> Path:
    """Give the folder with the ten real batches, or skip."""
    folder = REAL_DATA / "gas_sensors"
    if not (folder / "batch10.dat").is_file():
        pytest.skip(f"the real gas sensor batches are not at {folder} (set DRIFTWATCH_REAL_DATA)")
    return folder


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Give the folder with a system's real data by its name, or skip."""

    def folder_of(system: str) -> Path:
        folder = REAL_DATA / system
        if not folder.is_dir() or not any(folder.iterdir()):
            pytest.skip(f"the real data of {system} is not at {folder} (set DRIFTWATCH_REAL_DATA)")
        return folder

    return folder_of
