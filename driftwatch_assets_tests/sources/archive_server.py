"""A publisher on the loopback interface, with the faults that real ones have."""

from __future__ import annotations

import contextlib
import io
import re
import threading
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def archive_of(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Make a ZIP archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as opened:
        for name, content in members.items():
            opened.writestr(zipfile.ZipInfo(name), content, compression)
    return target.getvalue()


@dataclass
class Publication:
    """What the server gives, and how badly; `requests` are the Range headers that it saw."""

    content: bytes
    etag: str | None = '"one"'
    ranges: bool = True
    status: int = 200
    kind: str = "application/zip"
    says_length: bool = True
    breaks_after: list[int] = field(default_factory=list)
    busy: int = 0
    requests: list[str | None] = field(default_factory=list)
    sent: int = 0
    url: str = ""


class _Server(ThreadingHTTPServer):
    def __init__(self, publication: Publication) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.publication = publication


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        publication = self.server.publication
        publication.requests.append(self.headers.get("Range"))
        self.close_connection = True
        if publication.busy:
            publication.busy -= 1
            self.send_error(503)
        elif publication.status != 200:
            self.send_error(publication.status)
        else:
            self._send(publication, self._start(publication))

    def _start(self, publication: Publication) -> int | None:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        condition = self.headers.get("If-Range")
        if match is None or not publication.ranges or (condition and condition != publication.etag):
            return None
        return int(match[1])

    def _send(self, publication: Publication, start: int | None) -> None:
        size = len(publication.content)
        if start is not None and start >= size:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = publication.content[start or 0 :]
        headers = {
            "Content-Type": publication.kind,
            "Content-Length": str(len(body)) if publication.says_length else None,
            "ETag": publication.etag,
            "Content-Range": None if start is None else f"bytes {start}-{size - 1}/{size}",
            "Connection": "close",
        }
        self.send_response(200 if start is None else 206)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if publication.breaks_after:
            body = body[: publication.breaks_after.pop(0)]
        publication.sent += len(body)
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serve(publication: Publication) -> Iterator[Publication]:
    """Serve it on a free port of 127.0.0.1."""
    server = _Server(publication)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    publication.url = f"http://127.0.0.1:{server.server_port}/set.zip"
    try:
        yield publication
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
