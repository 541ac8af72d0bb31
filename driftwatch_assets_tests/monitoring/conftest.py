"""The same store on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.monitoring import open_monitoring
from driftwatch_assets.monitoring.tables import Base
from driftwatch_assets_tests.postgres import database, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch_assets.monitoring import Monitoring


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now


@pytest.fixture(scope="package")
def postgres() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="package")
def shared(postgres: str) -> Iterator[str]:
    """Give a database that tests use one after the other, each time empty: making one is slow."""
    with database(postgres) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a new database of each kind, without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/of the day/monitoring.db"
        return
    with database(request.getfixturevalue("postgres")) as name:
        yield name


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> Monitoring:
    """Give an empty store on each kind of database."""
    if request.param == "sqlite":
        return open_monitoring(f"sqlite:///{tmp_path}/monitoring.db", clock=clock)
    store = open_monitoring(request.getfixturevalue("shared"), clock=clock)
    names = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with store.database.writing("the test empties it") as connection:
        connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
    return store
