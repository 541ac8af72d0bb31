"""A PostgreSQL server for the tests of this model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from driftwatch_assets_tests.postgres import postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def postgres() -> Iterator[str]:
    """Give the URL of a PostgreSQL server."""
    with postgres_server() as url:
        yield url
