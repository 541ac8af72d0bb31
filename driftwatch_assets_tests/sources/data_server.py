"""A server on the loopback interface that gives a table, or one of the faults that real ones have."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass
class Site:
    """What the server gives, and how badly; `requests` are the headers that it saw."""

    content: bytes = b""
    etag: str | None = None
    last_modified: str | None = None
    kind: str | None = "text/csv; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    """Answered first, one a request."""
    retry_after: str | None = None
    redirect: str | None = None
    says_length: bool = True
    truncate: list[int] = field(default_factory=list)
    drops: int = 0
    endless: bool = False
    dribbles: bool = False
    silent_seconds: float = 0
    requests: list[Mapping[str, str]] = field(default_factory=list)
    sent: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/iris.data"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, site: Site) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.site = site

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up, which is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        site = self.server.site
        site.requests.append(dict(self.headers.items()))
        self.close_connection = True
        time.sleep(site.silent_seconds)
        if site.drops:
            site.drops -= 1
            self.connection.shutdown(socket.SHUT_RDWR)
        elif site.statuses:
            self._answer(site.statuses.pop(0), {"Retry-After": site.retry_after, "Content-Length": "0"})
        elif site.redirect is not None and self.path == "/iris.data":
            self._answer(302, {"Location": site.redirect, "Content-Length": "0"})
        elif (site.etag and self.headers.get("If-None-Match") == site.etag) or (
            site.last_modified and self.headers.get("If-Modified-Since") == site.last_modified
        ):
            self._answer(304, {"ETag": site.etag})
        else:
            self._send(site)

    def _answer(self, status: int, headers: Mapping[str, str | None]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def _send(self, site: Site) -> None:
        length = str(len(site.content)) if site.says_length and not site.endless else None
        self._answer(
            200,
            {
                "Content-Type": site.kind,
                "Content-Length": length,
                "ETag": site.etag,
                "Last-Modified": site.last_modified,
                **site.headers,
            },
        )
        body = site.content[: site.truncate.pop(0)] if site.truncate else site.content
        pieces = [body[at : at + 1] for at in range(len(body))] if site.dribbles else [body]
        while True:
            for piece in pieces:
                self.wfile.write(piece)
                site.sent += len(piece)
                if site.dribbles:
                    time.sleep(0.05)
            if not site.endless:
                return

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serve(site: Site) -> Iterator[Site]:
    """Serve it on a free port of 127.0.0.1."""
    server = _Server(site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    site.port = server.server_port
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
