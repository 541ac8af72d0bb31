"""Dagster instances as the project declares them, on each storage that is promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest
import yaml

from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests.postgres import database, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STORAGES = ("sqlite", "postgres")


@pytest.fixture(scope="package")
def postgres() -> Iterator[str]:
    """Give the URL of a PostgreSQL server."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="module", params=STORAGES)
def storage(request: pytest.FixtureRequest) -> str:
    """Name a storage; everything that uses it is tested on each."""
    return request.param


@pytest.fixture(scope="module")
def instance(
    request: pytest.FixtureRequest, storage: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dg.DagsterInstance]:
    """Give an empty instance that the project's `dagster.yaml` declares, on SQLite and on PostgreSQL."""
    home = tmp_path_factory.mktemp(f"dagster-{storage}")
    if storage == "sqlite":
        yield from _opened(home, {})
        return
    with database(request.getfixturevalue("postgres")) as url:
        yield from _opened(home, {"storage": {"postgres": {"postgres_url": url}}})


def _opened(home: Path, storage: dict[str, object]) -> Iterator[dg.DagsterInstance]:
    declared = yaml.safe_load((PROJECT / "dagster.yaml").read_text())
    (home / "dagster.yaml").write_text(yaml.safe_dump({**declared, **storage}))
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance
