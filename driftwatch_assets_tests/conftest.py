"""Fixtures that every room of the project shares."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

REAL_DATA = Path(os.environ.get("DRIFTWATCH_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))


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
