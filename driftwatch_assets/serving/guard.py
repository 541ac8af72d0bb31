"""What stands before every route: who may ask, by which name, and what is counted of it."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import secrets
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from driftwatch_assets.serving.metrics import Metrics

_LOG = logging.getLogger(__name__)
_OPEN = frozenset({"/ping"})
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"x-frame-options", b"DENY"),
]


class Guard:
    """An ASGI application around another one.

    Parameters
    ----------
    app
        The application.
    metrics
        What is counted.
    tokens
        Any of these opens all routes; `/ping` is open to everybody. Without one, everything is open to the names in
        `hosts`.
    hosts
        Names under which the service answers where it asks for no token: a page of another site, whose name was made
        to lead here, is refused by them. Empty for any name.

    """

    def __init__(self, app: ASGIApp, metrics: Metrics, *, tokens: Sequence[str], hosts: Sequence[str]) -> None:
        self._app, self._metrics = app, metrics
        self._tokens = [token.encode() for token in tokens]
        self._hosts = frozenset(name.lower() for name in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._app(scope, receive, send)
            return
        begun, told = time.perf_counter(), 0
        request_id = secrets.token_hex(8)
        scope["request_id"] = request_id

        async def say(message: Message) -> None:
            nonlocal told
            if message["type"] == "http.response.start":
                told = message["status"]
                there = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    *(header for header in _HEADERS if header[0] not in there),
                ]
            await send(message)

        try:
            refused = self._refused(scope)
            if refused is None:
                await self._app(scope, receive, say)
            else:
                await _answer(say, *refused)
        except Exception:
            _LOG.exception("request %s failed", request_id)
            if told:
                raise
            await _answer(say, 500, f"the service failed; its log tells why under {request_id}", [])
        finally:
            route = scope.get("route")
            path = getattr(route, "path", "other")
            method = scope["method"] if scope["method"] in {"GET", "POST", "HEAD", "OPTIONS"} else "other"
            self._metrics.requests.labels(path, method, str(told or "none")).inc()
            self._metrics.seconds.labels(path).observe(time.perf_counter() - begun)

    def _refused(self, scope: Scope) -> tuple[int, str, list[tuple[bytes, bytes]]] | None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if not self._tokens:
            host = _name(headers.get(b"host", b"").decode("latin-1"))
            if self._hosts and host not in self._hosts:
                names = ", ".join(sorted(self._hosts))
                return 421, f"this service asks for no token and answers only as {names}, not as {host!r}", []
            return None
        if scope["path"] in _OPEN or self._known(headers.get(b"authorization", b"")):
            return None
        asks = [(b"www-authenticate", b'Bearer realm="driftwatch"'), (b"www-authenticate", b'Basic realm="driftwatch"')]
        return 401, "send the token: Authorization: Bearer <token>, or as the password of HTTP Basic", asks

    def _known(self, authorization: bytes) -> bool:
        kind, _, sent = authorization.partition(b" ")
        sent = sent.strip()
        if kind.lower() == b"basic":
            try:
                sent = base64.b64decode(sent, validate=True).partition(b":")[2]
            except ValueError:
                return False
        elif kind.lower() != b"bearer":
            return False
        return any(hmac.compare_digest(sent, token) for token in self._tokens)


def _name(host: str) -> str:
    """Give the name in a Host header, without its port.

    Examples
    --------
    >>> _name("LOCALHOST:3070"), _name("[::1]:3070"), _name("::1")
    ('localhost', '::1', '::1')

    """
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return (host if host.count(":") > 1 else host.partition(":")[0]).lower()


async def _answer(send: Send, status: int, detail: str, headers: list[tuple[bytes, bytes]]) -> None:
    body = json.dumps({"detail": detail}).encode()
    own = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": own})
    await send({"type": "http.response.body", "body": body})
