"""Who may keep a connection: deadlines for those that say nothing, and a bound by address, below any request."""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from uvicorn.protocols.http.auto import AutoHTTPProtocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from ipaddress import IPv4Network, IPv6Network

    from starlette.types import ASGIApp, Receive, Scope, Send

_NETWORK_BITS = 64
_DETAIL = b'{"detail": "too many connections or requests of this address are under way; close some, and try again"}'
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_DETAIL)).encode()),
    (b"retry-after", b"1"),
    (b"connection", b"close"),
]
_ANSWER = b"".join(
    [b"HTTP/1.1 429 Too Many Requests\r\n", *(b"%s: %s\r\n" % header for header in _HEADERS), b"\r\n", _DETAIL]
)


@dataclass(frozen=True)
class Door:
    """Bounds of connections.

    Attributes
    ----------
    header_seconds
        Longest time that a connection without a request under way may take for the whole header of its next one.
    write_seconds
        Longest time in which the reader of an answer takes nothing of it.
    connections
        Most connections; for a further one the oldest that has no request under way is closed.
    per_address
        Most connections of one address, and most requests under way of one behind a trusted proxy. A further one is
        answered with 429. Of IPv6, a network of 64 bits is one address.
    proxies
        Addresses and networks of trusted proxies: their connections are not counted by address, and the requests that
        they pass on are counted for the address in `X-Forwarded-For`.

    """

    header_seconds: float = 10.0
    write_seconds: float = 30.0
    connections: int = 448
    per_address: int = 128
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()


@dataclass
class Occupancy:
    """How many places each address holds, and which connections wait, the one that waits longest first."""

    most: int
    held: Counter[str] = field(default_factory=Counter)
    waiting: dict[Any, None] = field(default_factory=dict)

    def take(self, address: str) -> bool:
        """Take a place for an address, where there is one.

        Examples
        --------
        >>> places = Occupancy(most=1)
        >>> places.take("10.0.0.1"), places.take("10.0.0.1"), places.take("10.0.0.2")
        (True, False, True)
        >>> places.give_back("10.0.0.1")
        >>> places.take("10.0.0.1")
        True

        """
        if self.held[address] >= self.most:
            return False
        self.held[address] += 1
        return True

    def give_back(self, address: str) -> None:
        """Free a place again."""
        self.held[address] -= 1
        if self.held[address] <= 0:
            del self.held[address]


def counted_as(host: str) -> str:
    """Give the name under which an address is counted: of IPv6 its network, since who has one address has all of it.

    Examples
    --------
    >>> counted_as("192.0.2.7"), counted_as("2001:db8::1:2"), counted_as("::ffff:192.0.2.7"), counted_as("somebody")
    ('192.0.2.7', '2001:db8::/64', '192.0.2.7', 'somebody')

    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), _NETWORK_BITS), strict=False))


def is_within(host: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Tell whether an address lies in one of some networks."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)


class GuardedProtocol(AutoHTTPProtocol):  # type: ignore[misc,valid-type]  # one of two classes, chosen when it is imported
    """A connection of uvicorn's, with a deadline and a place; see `guarded_protocol`."""

    door: ClassVar[Door]
    occupancy: ClassVar[Occupancy]
    _address: str | None = None
    _deadline: asyncio.TimerHandle | None = None
    _turned_away = False

    def connection_made(self, transport: Any) -> None:
        """Take a place for the peer's address, or turn it away."""
        peer = transport.get_extra_info("peername")
        host = str(peer[0]) if isinstance(peer, tuple | list) and peer else ""
        if not is_within(host, self.door.proxies):
            address = counted_as(host)
            if not self.occupancy.take(address):
                self._turned_away = True
                transport.write(_ANSWER)
                transport.close()
                return
            self._address = address
        if len(self.connections) >= self.door.connections and self.occupancy.waiting:
            next(iter(self.occupancy.waiting)).hang_up()
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take in what came; a whole header ends the waiting."""
        if self._turned_away:
            return
        super().data_received(data)
        if self._is_answering():
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Wait for the header of the next request."""
        super().on_response_complete()
        if not self._is_answering() and not self.flow.write_paused:
            self._wait()

    def pause_writing(self) -> None:
        """Wait for the reader of an answer."""
        super().pause_writing()
        self._stop_waiting()
        self._wait_for_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Go on with an answer that is read."""
        super().resume_writing()
        self._stop_waiting()
        if not self._is_answering():
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._stop_waiting()
        if self._address is not None:
            self.occupancy.give_back(self._address)
            self._address = None
        if not self._turned_away:
            super().connection_lost(exc)

    def hang_up(self) -> None:
        """End the connection at once, also where its peer does not take what was sent."""
        self._stop_waiting()
        self.connections.discard(self)
        self.transport.abort()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._stop_waiting()
        self.occupancy.waiting[self] = None
        self._deadline = self.loop.call_later(self.door.header_seconds, self._header_is_late)

    def _header_is_late(self) -> None:
        unread = self.transport.get_write_buffer_size()
        if unread:
            self._wait_for_reader(unread)
        else:
            self.hang_up()

    def _wait_for_reader(self, unread: int) -> None:
        def look() -> None:
            left = self.transport.get_write_buffer_size()
            if 0 < left < unread:
                self._wait_for_reader(left)
            else:
                self.hang_up()

        self._deadline = self.loop.call_later(self.door.write_seconds, look)

    def _stop_waiting(self) -> None:
        self.occupancy.waiting.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def guarded_protocol(door: Door) -> type[asyncio.Protocol]:
    """Make the protocol of a server: uvicorn's own, with the bounds.

    uvicorn has a deadline for the silence after an answer alone, and takes it back at the first byte: a connection that
    sends nothing, or half a header, is kept for ever, and all of them together stand in everybody's way.
    """
    bounds = {"door": door, "occupancy": Occupancy(door.per_address)}
    made: type[asyncio.Protocol] = type("BoundProtocol", (GuardedProtocol,), bounds)
    return made


class RequestsByAddress:
    """An ASGI application around another one, which lets one address have so many requests under way.

    Of clients that connect themselves the connections are counted already; behind a trusted proxy this is the bound.

    Parameters
    ----------
    app
        The application.
    most
        Requests under way of one address.

    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app, self._occupancy = app, Occupancy(most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        client = scope.get("client")
        if scope["type"] != "http" or client is None:
            await self._app(scope, receive, send)
            return
        address = counted_as(client[0])
        if not self._occupancy.take(address):
            await send({"type": "http.response.start", "status": 429, "headers": _HEADERS})
            await send({"type": "http.response.body", "body": _DETAIL})
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._occupancy.give_back(address)
