"""The project as a person has it after the README: copied, and with models replayed on simulated data."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.sources import mark_simulated
from driftwatch_assets_tests.tour.copied import Copied

if TYPE_CHECKING:
    from pathlib import Path

SEED = 42
SIZES: dict[str, dict[str, Any]] = {
    "iris": {},
    "gas_sensors": {"scale": 0.3},
    "loan_eligibility": {"scale": 0.4},
    "traffic_accidents": {},
    "loan_default": {"months": 15},
}
"""What is asked of each simulator, in the order of the replays; smaller than reality, for a test that waits."""
OF_THE_COMMANDS = ("iris", "gas_sensors")
"""The models that the commands of the README and its pages name."""


def deliver(model: str, folder: Path) -> list[Path]:
    """Put a model's simulated files into a folder, as if they had lain there for a while."""
    folder.mkdir(parents=True, exist_ok=True)
    simulate = monitored_model(model).simulate
    assert simulate is not None
    paths = simulate(folder, SEED, **SIZES[model])
    long_ago = time.time() - 3600
    for path in paths:
        os.utime(path, (long_ago, long_ago))
    mark_simulated(folder, SEED, paths)
    return paths


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Copied, dict[str, str]]:
    """Give a copy in which the models of the commands were replayed, and what each command printed."""
    copied = Copied.into(tmp_path_factory.mktemp("tour") / "project")
    return copied, dict(replay(copied, model) for model in OF_THE_COMMANDS)


def replay(copied: Copied, model: str) -> tuple[str, str]:
    """Replay a model as the README says; give the command and what it printed."""
    deliver(model, copied.project / "data" / "landing" / model)
    command = "make demo" if model == "gas_sensors" else f"driftwatch replay {model}"
    return command, copied.succeeds(command)


@pytest.fixture(scope="session")
def replayed(demo: tuple[Copied, dict[str, str]]) -> Copied:
    return demo[0]
