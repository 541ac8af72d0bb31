"""A real SMTP server on the loopback interface, with STARTTLS, a login and the tempers of real ones."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import ssl
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP, AuthResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from driftwatch_assets_tests.alerting.authority import Authority

USER, PASSWORD = "watcher", "w0rd-of-the-watcher"


@dataclass
class Mailbox:
    """What the server takes, and what it has taken.

    `refused` and `delayed` are recipients that it refuses for good, and once; `answers` are used up one a mail that
    was handed over whole.
    """

    refused: set[str] = field(default_factory=set)
    delayed: set[str] = field(default_factory=set)
    answers: list[str] = field(default_factory=list)
    silent_seconds: float = 0.0
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    port: int = 0

    def taken(self) -> None:
        """Happens when a mail has been taken, before its sender is told."""

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipients, _ in self.mails for recipient in recipients]

    def address(self, *to: str, host: str = "127.0.0.1", scheme: str = "mailtos", password: str = PASSWORD) -> str:
        named = f"&to={','.join(to)}" if to else ""
        return f"{scheme}://{USER}:{password}@{host}:{self.port}?from=driftwatch@example.org{named}"

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return f"550 5.1.1 <{address}> is not known here"
        if address in self.delayed:
            self.delayed.remove(address)
            return f"451 4.7.1 <{address}> greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        if self.silent_seconds:
            await asyncio.sleep(self.silent_seconds)
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer.startswith("250"):
            mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
            self.mails.append((list(envelope.rcpt_tos), mail))  # type: ignore[arg-type]
            self.encrypted.append(session.ssl is not None)
            self.taken()
        return answer

    def authenticate(self, _s: SMTP, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        self.logins.append(given.login.decode())
        return AuthResult(success=given.password == PASSWORD.encode(), handled=False)


@contextlib.contextmanager
def mail_server(mailbox: Mailbox, authority: Authority | None, host: str = "127.0.0.1") -> Iterator[Mailbox]:
    """Run it on a free port of 127.0.0.1; without an authority it knows no STARTTLS."""
    context = None
    if authority is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.certificate(host))
    loop = asyncio.new_event_loop()
    sessions: list[SMTP] = []

    def served() -> SMTP:
        secure = context is not None
        session = SMTP(
            mailbox,
            tls_context=context,
            require_starttls=secure,
            auth_required=secure,
            authenticator=mailbox.authenticate,
            auth_require_tls=True,
            loop=loop,
            hostname="mail.test",
        )
        sessions.append(session)
        return session

    server = loop.run_until_complete(loop.create_server(served, "127.0.0.1", 0))
    mailbox.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield mailbox
    finally:
        asyncio.run_coroutine_threadsafe(_ended(server, sessions), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended(server: asyncio.Server, sessions: list[SMTP]) -> None:
    server.close()
    for session in sessions:
        if session.transport is not None:
            session.transport.abort()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0.02)
