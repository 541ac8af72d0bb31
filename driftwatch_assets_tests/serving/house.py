"""A service on a free port of loopback: in a thread of this process, or as the command itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from driftwatch_assets.serving.guard import Guard

_START_SECONDS = 600.0
_POLL_SECONDS = 0.02


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextmanager
def running(app: Guard) -> Iterator[str]:
    """Give the address of a server of an application, which is stopped as by a signal."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=free_port(), log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < deadline, "the server did not start in time"
        time.sleep(_POLL_SECONDS)
    try:
        yield f"http://127.0.0.1:{server.config.port}"
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)


@contextmanager
def process(environment: Mapping[str, str], *more: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Give the process of `driftwatch serve` and its address; it is ended by its own pid."""
    port = free_port()
    command = [Path(sys.executable).parent / "driftwatch", "serve", "--port", str(port), *more]
    started = subprocess.Popen(command, env={**os.environ, **environment})
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_it_answers(started, address)
        yield started, address
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGTERM)
        try:
            started.wait(_START_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def wait_until_it_answers(started: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            httpx.get(f"{address}/ping", timeout=5).raise_for_status()
        except httpx.TransportError:
            assert started.poll() is None, "the service ended"
            assert time.monotonic() < deadline, "the service did not answer in time"
            time.sleep(_POLL_SECONDS)
        else:
            return
