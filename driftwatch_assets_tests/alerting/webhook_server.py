"""Receivers of webhooks on the loopback interface: willing, refusing, redirecting, silent and endless ones."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Receiver:
    """What the server answers, and what it was told; `statuses` are used up one a request, then it is `status`."""

    status: int = 200
    statuses: list[int] = field(default_factory=list)
    answer: bytes = b"ok"
    location: str | None = None
    silent_seconds: float = 0.0
    drips_seconds: float = 0.0
    told: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    port: int = 0
    left: threading.Event = field(default_factory=threading.Event)

    @property
    def webhook(self) -> str:
        return f"json://127.0.0.1:{self.port}/in/s3cr3tpath"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.receiver = receiver

    def handle_error(self, *_: object) -> None:
        """A client that went away is no fault of this server."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.receiver.asked.append(self.path)
        self._answer(200, b"please log in")

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.paths.append(self.path)
        receiver.left.wait(receiver.silent_seconds)
        if receiver.drips_seconds:
            self._drip(receiver)
            return
        status = receiver.statuses.pop(0) if receiver.statuses else receiver.status
        if status == 200:
            receiver.told.append(json.loads(body))
        self._answer(status, receiver.answer)

    def _drip(self, receiver: Receiver) -> None:
        """Answer a byte at a time: each one arrives in time, and the whole never does."""
        end = time.monotonic() + receiver.drips_seconds
        self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        while time.monotonic() < end and not receiver.left.wait(0.05):
            self.wfile.write(b"x")
            self.wfile.flush()

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if self.server.receiver.location is not None and status in {301, 302, 303, 307, 308}:
            self.send_header("Location", self.server.receiver.location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    """Serve it on a free port of 127.0.0.1."""
    server = _Server(receiver)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    receiver.port = server.server_port
    try:
        yield receiver
    finally:
        receiver.left.set()
        server.shutdown()
        thread.join()
        server.server_close()
