"""The real loans, replayed once for all tests that ask what came of them, in a process of its own."""

from __future__ import annotations

import json
import logging
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets_tests.peak_memory import peak_bytes
from driftwatch_assets_tests.steps.house import House

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = "loan_default"
LOG = "log.txt"
_TOLD = "told.json"


@dataclass(frozen=True)
class Replayed:
    """What a replay left: its house, what it printed and logged, and what it took."""

    house: House
    printed: str
    logged: str
    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int


@pytest.fixture(scope="session")
def real_replay(real_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """Give the house in which all real months were replayed; only to be read or copied."""
    house = House(tmp_path_factory.mktemp("real") / "house", model=MODEL)
    deliver(house, real_data(MODEL))
    command = [sys.executable, "-m", "driftwatch_assets_tests.loan_default.replayed", str(house.folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads((house.folder / _TOLD).read_text())
    return Replayed(house, ran.stdout + ran.stderr, (house.folder / LOG).read_text(), **told)


@pytest.fixture
def real_house(real_replay: Replayed, tmp_path: Path) -> House:
    """Give a copy of the replayed house, to work in."""
    return real_replay.house.copied_to(tmp_path / "house")


def deliver(house: House, folder: Path) -> None:
    """Put the files of a folder into the landing folder."""
    for file in sorted(folder.glob("*.csv")):
        house.deliver(file.name, file.read_bytes())


def _replay(folder: Path) -> int:
    logging.basicConfig(filename=folder / LOG, level=logging.INFO)
    logging.getLogger("sqlalchemy").setLevel(logging.WARNING)
    begin = time.monotonic()
    told = House(folder, model=MODEL).replay()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    took = {
        "cpu_seconds": sum(one.ru_utime + one.ru_stime for one in used),
        "wall_seconds": time.monotonic() - begin,
        "peak_bytes": peak_bytes(),
    }
    (folder / _TOLD).write_text(json.dumps(took))
    sys.stdout.write(told.text)
    return told.status


if __name__ == "__main__":
    raise SystemExit(_replay(Path(sys.argv[1])))
