"""A Redis server as a process of its own, with a password and an append-only file, as in production."""

from __future__ import annotations

import secrets
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets_tests.deployment.processes import Server, free_port, inherited, listens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def program() -> str:
    found = shutil.which("redis-server")
    if found is None:
        pytest.skip("no redis-server: install the system's package redis-server")
    return found


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Give the URL of a server that only who has the password may use."""
    port, password = free_port(), secrets.token_hex(16)
    settings = folder / "redis.conf"
    settings.touch(mode=0o600)
    settings.write_text(f"bind 127.0.0.1\nport {port}\nrequirepass {password}\nappendonly yes\ndir {folder}\n")
    with Server("Redis", [program(), str(settings)], folder / "redis.log", inherited()) as server:
        server.until("it listens", listens(port))
        yield f"redis://:{password}@127.0.0.1:{port}/0"
