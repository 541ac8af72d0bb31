"""A store of its own for each test, and trainings to register in it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import mlflow
import pytest

from driftwatch_assets.registry.store import open_client
from driftwatch_assets_tests.registry.trees import registry_in, training

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch_assets.registry import ModelRegistry
    from driftwatch_assets.training import TrainingOutcome


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create an MLflow store once: its many migrations would cost each test a second."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    open_client(f"sqlite:///{path}")
    return path


@pytest.fixture
def registry(tmp_path: Path, empty_store: Path) -> Iterator[ModelRegistry]:
    (tmp_path / "mlflow").mkdir()
    shutil.copy(empty_store, tmp_path / "mlflow" / "mlflow.db")
    yield registry_in(tmp_path)
    while mlflow.active_run() is not None:
        mlflow.end_run()


@pytest.fixture(scope="session")
def through_3() -> TrainingOutcome:
    return training("3")


@pytest.fixture(scope="session")
def refused_through_4() -> TrainingOutcome:
    return training("4", gates={"minimum": 1.0})
