"""The address of a channel: what service it names, whom a mail goes to, and whether it may be used."""

from __future__ import annotations

import ipaddress
import logging
import re
import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,30}(?=://)")
_KINDS = {"NotifyEmail": "mail", "NotifySlack": "slack", "NotifyJSON": "webhook"}
_WITH_HOST = ("NotifyEmail", "NotifyJSON", "NotifyXML", "NotifyForm")
_LOGGERS = ("apprise", "urllib3.connectionpool", "requests_oauthlib.oauth1_auth")
_SERVICES = "https://appriseit.com/services/"


@dataclass(frozen=True)
class Opened:
    """An address that was read.

    Attributes
    ----------
    plugin
        Apprise's plugin for it; `None` where the address cannot be used.
    kind
        What it is called for people: mail, slack, webhook, else the scheme; without a secret.
    host
        Where the service is, where the address says so; `None` where the host's place may hold a token.
    recipients
        Of a mail channel: the addresses that it names.
    problem
        Why it cannot be used, and what to do.
    """

    plugin: Any
    kind: str
    host: str | None = None
    recipients: tuple[str, ...] = ()
    problem: str | None = None


def opened(address: str) -> Opened:
    """Read an address; nothing is connected to, and what Apprise would log of it is not.

    An address cannot be used where Apprise knows no such service, where it turns off the certificate check, where it
    would send a password or a token without encryption to another machine, or where it names a recipient who has no
    mail address (Apprise would leave him out and tell nobody).

    Examples
    --------
    >>> opened("jsons://hooks.example.org/alerts").kind
    'webhook'
    >>> opened("mailtos://user:word@smtp.example.org?from=a@example.org&to=b@example.org").recipients
    ('b@example.org',)
    >>> print(opened("jsons://hooks.example.org?verify=no").problem)
    it turns off the certificate check by verify=no; put the authority's certificate into the file that \
SSL_CERT_FILE (mail) or REQUESTS_CA_BUNDLE (webhooks) names instead
    """
    scheme = _SCHEME.match(address)
    if scheme is None:
        return Opened(None, "unknown", problem=f"it has no scheme, such as mailtos://; see {_SERVICES}")
    plugin = _plugin(address)
    if plugin is None:
        return Opened(
            None, scheme[0].lower(), problem=f"Apprise cannot read this {scheme[0]}:// address; see {_SERVICES}"
        )
    service = type(plugin).__name__
    host = _host(plugin) if service in _WITH_HOST else None
    recipients, unusable = _recipients(plugin, address) if service == "NotifyEmail" else ((), False)
    problem = _problem(plugin, unusable=unusable)
    return Opened(None if problem else plugin, _KINDS.get(service, plugin.schema), host, recipients, problem)


@contextmanager
def unheard() -> Iterator[None]:
    """Keep this thread's use of Apprise out of the logs: addresses, and with them tokens, would stand there."""
    for logger in _LOGGERS:
        logging.getLogger(logger).addFilter(_UNHEARD)
    before = getattr(_thread, "unheard", False)
    _thread.unheard = True
    try:
        yield
    finally:
        _thread.unheard = before


class _Unheard(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - as logging calls it
        return not getattr(_thread, "unheard", False)


_thread = threading.local()
_UNHEARD = _Unheard()


def _plugin(address: str) -> Any:
    with unheard(), warnings.catch_warnings():
        # Apprise loads every plugin at once; one asks for a module that Python has declared obsolete.
        warnings.simplefilter("ignore", DeprecationWarning)
        from apprise import Apprise, AppriseAsset, NotifyBase  # noqa: PLC0415 - heavy, and seldom needed

        asset = AppriseAsset(
            app_id="driftwatch",
            app_desc="driftwatch alerts",
            app_url="",
            # A login page that a webhook is redirected to answers 200: the alert would count as delivered.
            http_redirects=False,
            interpret_emojis=False,
            pgp_autogen=False,
            pem_autogen=False,
        )
        plugin = Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
    return plugin if isinstance(plugin, NotifyBase) else None


def _host(plugin: Any) -> str:
    return str(getattr(plugin, "smtp_host", None) or plugin.host)


def _recipients(plugin: Any, address: str) -> tuple[tuple[str, ...], bool]:
    """Give the recipients that the address names, and whether it names one that is none."""
    from apprise.utils import parse  # noqa: PLC0415 - as above

    with unheard():
        told = type(plugin).parse_url(address) or {}
        separated = cast("Any", parse).parse_emails(*(told.get(part) or "" for part in ("targets", "cc", "bcc")))
        read = [cast("Any", parse).is_email(each) for each in separated]
    return tuple(dict.fromkeys(each["full_email"] for each in read if each)), not all(read)


def _problem(plugin: Any, *, unusable: bool) -> str | None:
    if not plugin.verify_certificate:
        return (
            "it turns off the certificate check by verify=no; put the authority's certificate into the file that "
            "SSL_CERT_FILE (mail) or REQUESTS_CA_BUNDLE (webhooks) names instead"
        )
    if plugin.redirects:
        return "it follows redirects by redirect=yes, which take a page that forgets the alert for a receiver; leave it"
    if _unencrypted(plugin) and _secret(plugin) and not _loopback(_host(plugin)):
        return "it would send its password or token without encryption; use the scheme that ends with s, as mailtos://"
    if unusable:
        return "it names a recipient that is no mail address"
    return None


def _unencrypted(plugin: Any) -> bool:
    mode = getattr(plugin, "secure_mode", None)
    if mode is not None:
        return bool(mode == "insecure")
    return plugin.schema in _schemes(plugin.protocol) and plugin.schema not in _schemes(plugin.secure_protocol)


def _schemes(given: Any) -> tuple[str, ...]:
    return () if not given else (given,) if isinstance(given, str) else tuple(given)


def _secret(plugin: Any) -> bool:
    return bool(plugin.password or getattr(plugin, "headers", None))


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
