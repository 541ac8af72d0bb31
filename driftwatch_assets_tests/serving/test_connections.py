"""Connections that say nothing, or half a header, stand in nobody's way: real sockets against a real server."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import uvicorn

from driftwatch_assets.command_line.serve import server_config
from driftwatch_assets.serving.connections import Door, RequestsByAddress
from driftwatch_assets.serving.environment import ServiceSettings
from driftwatch_assets.settings import SettingError
from driftwatch_assets_tests.serving.house import free_port, process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

SILENT = b""
HALF_A_HEADER = b"GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: "
PING = b"GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
LARGE_PLEASE = b"GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
LONG = 3600.0
PATIENCE = 600.0
LARGE = b"x" * (1 << 24)  # more than the buffers of two sockets hold


async def small_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer at once, and on /large with more than fits between two sockets."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = LARGE if scope["path"] == "/large" else b"ok"
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body[:65_536], "more_body": len(body) > 65_536})
    if len(body) > 65_536:
        await send({"type": "http.response.body", "body": body[65_536:]})


@contextmanager
def server(door: Door, connections: set[Any] | None = None) -> Iterator[tuple[str, int]]:
    """Give the address of a server with these bounds, in a thread; it keeps its connections in the set."""
    running = uvicorn.Server(server_config(small_app, "127.0.0.1", free_port(), door))
    if connections is not None:
        running.server_state.connections = connections
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not running.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    try:
        yield "127.0.0.1", running.config.port
    finally:
        running.should_exit = True
        thread.join(PATIENCE)


def opened(stack: ExitStack, where: tuple[str, int], sent: bytes = b"", source: str = "127.0.0.1") -> socket.socket:
    connection = stack.enter_context(socket.create_connection(where, timeout=PATIENCE, source_address=(source, 0)))
    connection.sendall(sent)
    return connection


def status(where: tuple[str, int], source: str) -> bytes:
    with ExitStack() as stack:
        return opened(stack, where, PING, source).recv(4096).partition(b"\r\n")[0]


def is_over(connection: socket.socket) -> bool:
    try:
        return connection.recv(4096) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("sent", [SILENT, HALF_A_HEADER, PING + HALF_A_HEADER])
def test_a_connection_that_sends_no_whole_header_ends_by_itself(sent: bytes) -> None:
    with server(Door(header_seconds=0.3)) as where, ExitStack() as stack:
        waiting = opened(stack, where, sent)
        if sent.startswith(PING):
            assert waiting.recv(4096).startswith(b"HTTP/1.1 200 ")
        while not is_over(waiting):
            pass
        assert status(where, "127.0.0.1") == b"HTTP/1.1 200 OK"


def test_a_header_that_comes_byte_by_byte_gets_no_more_time() -> None:
    with server(Door(header_seconds=0.3)) as where, ExitStack() as stack:
        slow = opened(stack, where, HALF_A_HEADER)
        deadline, ended = time.monotonic() + PATIENCE, False
        while not ended and time.monotonic() < deadline:
            try:
                slow.sendall(b"x")
            except OSError:
                ended = True
            time.sleep(0.02)
    assert ended


def test_an_answer_that_nobody_reads_ends() -> None:
    connections: set[Any] = set()
    with server(Door(header_seconds=LONG, write_seconds=0.3), connections) as where, ExitStack() as stack:
        silent = opened(stack, where, LARGE_PLEASE)
        deadline = time.monotonic() + PATIENCE
        while not connections:  # it is accepted
            assert time.monotonic() < deadline
        while connections:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        taken = 0
        while got := silent.recv(1 << 20):
            taken += len(got)
        assert taken < len(LARGE)


def test_an_answer_that_is_read_slowly_arrives_whole() -> None:
    """The application is done with it long before its reader is, whom no deadline for a next header concerns."""
    with server(Door(header_seconds=0.2, write_seconds=PATIENCE)) as where, ExitStack() as stack:
        slow, taken = opened(stack, where, LARGE_PLEASE), 0
        while got := slow.recv(1 << 20):
            taken += len(got)
            time.sleep(0.04)
        assert taken > len(LARGE)


def test_one_address_has_so_many_connections_and_no_other_is_kept_out() -> None:
    with server(Door(header_seconds=LONG, per_address=5)) as where, ExitStack() as stack:
        held = [opened(stack, where, HALF_A_HEADER, "127.0.0.1") for _ in range(5)]
        assert status(where, "127.0.0.2") == b"HTTP/1.1 200 OK", "the five are in"
        refused = opened(stack, where, source="127.0.0.1")
        assert refused.recv(4096).startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
        held[0].close()
        deadline = time.monotonic() + PATIENCE
        while status(where, "127.0.0.1") != b"HTTP/1.1 200 OK":
            assert time.monotonic() < deadline, "a place that was given back can be taken again"


def test_where_all_places_are_taken_the_oldest_that_waits_makes_room() -> None:
    with server(Door(header_seconds=LONG, connections=20, per_address=10)) as where, ExitStack() as stack:
        crowd = [opened(stack, where, HALF_A_HEADER, f"127.0.0.{2 + at % 10}") for at in range(60)]
        assert status(where, "127.0.0.1") == b"HTTP/1.1 200 OK"
        assert is_over(crowd[0])
        crowd[-1].sendall(b"whole\r\n\r\n")
        assert crowd[-1].recv(4096).startswith(b"HTTP/1.1 200 "), "the newest was left"


def test_a_trusted_proxy_is_not_one_client() -> None:
    proxies = (ipaddress.ip_network("127.0.0.9"),)
    with server(Door(header_seconds=LONG, per_address=2, proxies=proxies)) as where, ExitStack() as stack:
        for _ in range(10):
            opened(stack, where, HALF_A_HEADER, "127.0.0.9")
        assert status(where, "127.0.0.9") == b"HTTP/1.1 200 OK"
        for _ in range(2):
            opened(stack, where, HALF_A_HEADER, "127.0.0.1")
        assert status(where, "127.0.0.9") == b"HTTP/1.1 200 OK"
        assert opened(stack, where, source="127.0.0.1").recv(4096).startswith(b"HTTP/1.1 429 ")


def test_behind_a_proxy_the_requests_of_an_address_are_counted() -> None:
    async def story() -> list[int]:
        free, statuses = asyncio.Event(), []

        async def waiting(_: Scope, __: Receive, send: Send) -> None:
            await free.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        app: Any = RequestsByAddress(waiting, most=2)

        def asked(client: str) -> asyncio.Task[None]:
            return asyncio.create_task(app({"type": "http", "client": (client, 0)}, None, sent))

        tasks = [asked(client) for client in ("10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2")]
        await asyncio.sleep(0)
        assert statuses == [429], "the third of one address"
        free.set()
        await asyncio.gather(*tasks)
        await asked("10.0.0.1")
        return statuses

    assert asyncio.run(story()) == [429, 200, 200, 200, 200]


def test_bounds_are_read_from_the_environment() -> None:
    told = {"DRIFTWATCH_TRUSTED_PROXIES": "10.0.0.5 172.18.0.0/16 ::1", "DRIFTWATCH_CONNECTIONS_PER_ADDRESS": "7"}
    door = ServiceSettings.from_environment("127.0.0.1", told).door
    assert (door.per_address, [str(one) for one in door.proxies]) == (7, ["10.0.0.5/32", "172.18.0.0/16", "::1/128"])
    assert ServiceSettings.from_environment("127.0.0.1", {"DRIFTWATCH_CONNECTIONS_PER_ADDRESS": ""}).door == Door()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DRIFTWATCH_TRUSTED_PROXIES", "proxy"),
        ("DRIFTWATCH_TRUSTED_PROXIES", "10.0.0.0/8,10.1.1.1"),
        ("DRIFTWATCH_CONNECTIONS_PER_ADDRESS", "0"),
        ("DRIFTWATCH_CONNECTIONS_PER_ADDRESS", "many"),
    ],
)
def test_bounds_that_are_none_are_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name):
        ServiceSettings.from_environment("127.0.0.1", {name: value})


@pytest.mark.slow
def test_five_hundred_silent_connections_keep_nobody_from_the_service(tmp_path: Path) -> None:
    """They are of several addresses, so that the bound of one alone would not do; the deadline is the service's own."""
    environment = {
        "DRIFTWATCH_LAKE": str(tmp_path / "lake"),
        "DRIFTWATCH_MONITORING_URL": f"sqlite:///{tmp_path / 'monitoring.db'}",
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}",
        "DRIFTWATCH_TOKEN": "",
    }
    with process(environment) as (_, address), ExitStack() as stack:
        split = urlsplit(address)
        where = (str(split.hostname), int(split.port or 0))
        crowd = [
            opened(stack, where, HALF_A_HEADER if at % 2 else SILENT, f"127.0.0.{2 + at % 6}") for at in range(515)
        ]
        assert [status(where, "127.0.0.1") for _ in range(5)] == [b"HTTP/1.1 200 OK"] * 5
        assert all(is_over(one) for one in crowd), "none is held for ever"
        assert status(where, "127.0.0.2") == b"HTTP/1.1 200 OK"
