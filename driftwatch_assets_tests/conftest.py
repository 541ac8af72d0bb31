"""Fixtures that every room of the project shares."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

PARTED = {"components", "deployment"}
"""Rooms whose slow tests share nothing from file to file."""
REAL_DATA = Path(os.environ.get("DRIFTWATCH_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep slow tests together that share what takes long to make, for two workers at once."""
    for item in items:
        if item.get_closest_marker("slow") is not None:
            room = item.path.parent.name
            item.add_marker(pytest.mark.xdist_group(f"{room}/{item.path.stem}" if room in PARTED else room))


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
