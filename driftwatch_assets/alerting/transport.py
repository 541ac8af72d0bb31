"""A message is handed over to a service within a time, and why it was not taken is told without its secrets."""

from __future__ import annotations

import logging
import re
import threading
from html import escape
from typing import TYPE_CHECKING, Any

from driftwatch_assets.alerting.addresses import opened, unheard
from driftwatch_assets.alerting.delivery import ChannelFailed
from driftwatch_assets.alerting.redaction import redacted, secrets_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch_assets.alerting.message import Message

_LONGEST_REASON = 300
_CAUSE = re.compile(r"Socket Exception: (.*)", re.DOTALL)
_INNERMOST = re.compile(r"\(Caused by (.*)\)", re.DOTALL)
_TONES: Mapping[str, str] = {"failure": "failure", "warning": "warning", "success": "success"}
_AUTOMATIC = {"Auto-Submitted": "auto-generated"}


def hand_over(address: str, message: Message, *, within: float, recipients: Sequence[str] = ()) -> None:
    """Send a message and return once the service has taken it.

    Parameters
    ----------
    address
        Apprise's address of the service.
    message
        What to send.
    within
        Seconds. What takes longer is given up; where the service took it nevertheless, the next attempt sends it once
        more. While an attempt that was given up still runs, none is begun: a service that hangs holds one thread.
    recipients
        Of a mail: whom it goes to, in place of those that the address names; each gets a mail of his own.

    Raises
    ------
    ChannelFailed
        When the service did not take it, with what it said.
    """
    found = opened(address)
    if found.plugin is None:
        raise ChannelFailed(str(found.problem))
    heard = _Heard()
    _prepare(found.plugin, message, heard, within, recipients)
    taken = _within(within, (address, *recipients), lambda: _notify(found.plugin, message))
    if not taken:
        known = () if found.host is None else (found.host, *found.host.split("."))
        raise ChannelFailed(heard.reason(secrets_of(address, known)))


def _prepare(plugin: Any, message: Message, heard: _Heard, within: float, to: Sequence[str]) -> None:
    from apprise import NotifyFormat  # noqa: PLC0415 - heavy, and seldom needed

    plugin.logger = heard.logger
    plugin.socket_connect_timeout = min(plugin.socket_connect_timeout, within)
    plugin.socket_read_timeout = min(plugin.socket_read_timeout, within)
    service = type(plugin).__name__
    if service == "NotifyEmail":
        keys = [str(alert["key"]) for alert in message.alerts]
        plugin.headers = {**_AUTOMATIC, **({"X-Driftwatch-Alert": keys[0]} if len(keys) == 1 else {}), **plugin.headers}
        if to:
            plugin.targets, plugin.cc, plugin.bcc = [(False, each) for each in to], set(), set()
    elif service == "NotifyJSON":
        plugin.payload_extras = {"alerts": list(message.alerts), **plugin.payload_extras}
    elif service == "NotifySlack":
        plugin.include_image, plugin.notify_format = False, NotifyFormat.TEXT


def _notify(plugin: Any, message: Message) -> bool:
    from apprise import NotifyType  # noqa: PLC0415 - as above

    bodies = {"html": message.html, "markdown": message.markdown}
    body = bodies.get(plugin.notify_format.value, message.text)
    if type(plugin).__name__ == "NotifySlack":
        # As Markdown, Apprise makes mentions of `!channel` and `@name`; as text, it leaves Slack's three signs to us.
        body = escape(message.text, quote=False)
    with unheard():
        return bool(plugin.notify(body=body, title=message.title, notify_type=NotifyType(_TONES[message.tone])))


class _Heard(logging.Handler):
    """What a plugin says while it sends: kept here and logged nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.causes: list[str] = []
        self.logger = logging.Logger("a channel", logging.DEBUG)  # noqa: LOG001 - one that nobody else can listen to
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        cause = _CAUSE.search(text)
        if cause:
            inner = _INNERMOST.search(cause[1])
            self.causes.append(inner[1] if inner else cause[1])
        elif record.levelno >= logging.WARNING:
            self.said.append(text)

    def reason(self, secrets: frozenset[str]) -> str:
        told = redacted(" ".join(dict.fromkeys([*self.said, *self.causes])), secrets) or "it gave no reason"
        return told if len(told) <= _LONGEST_REASON else f"{told[: _LONGEST_REASON - 1]}…"


_under_way: dict[tuple[str, ...], threading.Thread] = {}
_under_way_lock = threading.Lock()


def _within(seconds: float, key: tuple[str, ...], send: Any) -> bool:
    """Run it in a thread that is left behind when the time is over: a socket's timeout bounds one step, not all."""
    outcome: list[bool | Exception] = []

    def work() -> None:
        try:
            outcome.append(send())
        except Exception as error:  # noqa: BLE001 - raised below, in the thread that asked
            outcome.append(error)

    with _under_way_lock:
        for done in [each for each, thread in _under_way.items() if not thread.is_alive()]:
            del _under_way[done]
        if key in _under_way:
            raise ChannelFailed("an earlier message has been under way for too long; none is sent until it has ended")
        thread = threading.Thread(target=work, name="an alert under way", daemon=True)
        _under_way[key] = thread
        thread.start()
    thread.join(seconds)
    if not outcome:
        raise ChannelFailed(f"it did not answer within {seconds:.3g} s")
    result = outcome[0]
    if isinstance(result, Exception):
        raise ChannelFailed(f"it failed with {type(result).__name__}")
    return result
