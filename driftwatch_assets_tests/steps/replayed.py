"""Fixtures: eight small simulated batches, replayed once a test run in a process of its own, in two parts."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from driftwatch_assets.defs.gas_sensors.simulate import simulate
from driftwatch_assets.lake import batch_order
from driftwatch_assets_tests.steps.house import House

SEED = 5
SCALE = 0.25
BATCHES = 8
INITIAL = 6
_DONE = "done"


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that all workers of one test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "replayed"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def deliveries(shared: Path) -> dict[str, bytes]:
    """Give the simulated files by batch."""
    folder = shared / "deliveries"
    files = simulate(folder, seed=SEED, batches=BATCHES, scale=SCALE)
    return {file.stem.removeprefix("batch"): file.read_bytes() for file in files}


@pytest.fixture(scope="session")
def replayed(shared: Path, deliveries: dict[str, bytes]) -> Path:
    """Give the folder with both houses; one worker replays, the others wait for it."""
    with (shared / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / _DONE).exists():
            command = [sys.executable, "-m", "driftwatch_assets_tests.steps.replayed", str(shared)]
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
            assert ran.returncode == 0, ran.stdout + ran.stderr
            (shared / _DONE).write_text(ran.stdout)
    return shared


@pytest.fixture(scope="session")
def through6(replayed: Path) -> House:
    """Give the house after batches 1 to 6 and the first training; only to be read or copied."""
    return House(replayed / "through6")


@pytest.fixture(scope="session")
def through8(replayed: Path) -> House:
    """Give the house after all eight batches and two retrainings; only to be read or copied."""
    return House(replayed / "through8")


@pytest.fixture
def house6(through6: House, tmp_path: Path) -> House:
    """Give a copy of the house after six batches, to work in."""
    return through6.copied_to(tmp_path / "house")


@pytest.fixture
def house8(through8: House, tmp_path: Path) -> House:
    """Give a copy of the house after eight batches, to work in."""
    return through8.copied_to(tmp_path / "house")


def tell(shared: Path) -> None:
    """Replay six batches, keep a copy, and replay the other two."""
    files = sorted((shared / "deliveries").iterdir(), key=lambda file: batch_order(file.stem))
    house = House(shared / "through6")
    for part in (files[:INITIAL], files[INITIAL:]):
        if part[0] is not files[0]:
            house = house.copied_to(shared / "through8")
        for file in part:
            house.deliver(file.name, file.read_bytes())
        told = house.replay()
        sys.stdout.write(told.text)
        if told.status != 0:
            raise SystemExit(told.status)


if __name__ == "__main__":
    tell(Path(sys.argv[1]))
