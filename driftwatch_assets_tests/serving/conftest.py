"""A garden with a champion, made once; and services of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from driftwatch_assets.registry.store import open_client
from driftwatch_assets.serving import Limits, service
from driftwatch_assets.serving.reports import plain_index
from driftwatch_assets_tests.serving.garden import garden_in, iris_served, promoted
from driftwatch_assets_tests.serving.house import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch_assets.lake import Lake
    from driftwatch_assets.serving.guard import Guard
    from driftwatch_assets.steps import Watched

HASTY = Limits(reload_seconds=0.2, flush_seconds=3600)


def iris_service(
    garden: Watched, spool: Path, *, limits: Limits = HASTY, tokens: tuple[str, ...] = (), lake: Lake | None = None
) -> Guard:
    return service(
        [iris_served(garden)],
        lake or garden.lake,
        spool,
        index=lambda: plain_index(garden.lake, {"iris": "Iris"}),
        tokens=tokens,
        hosts=("127.0.0.1",),
        limits=limits,
    )


@pytest.fixture(scope="package")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create an MLflow store once: its many migrations would cost each test a second."""
    path = tmp_path_factory.mktemp("empty") / "mlflow.db"
    open_client(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="package")
def garden(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """Give the iris model with one champion; only to be read."""
    watched = garden_in(tmp_path_factory.mktemp("trained") / "g", candidate="logistic_regression", store=empty_store)
    promoted(watched, "000001")
    return watched


@pytest.fixture(scope="package")
def address(garden: Watched, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a service of the garden."""
    with running(iris_service(garden, tmp_path_factory.mktemp("spool"))) as opened:
        yield opened


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=60) as opened:
        yield opened
