"""What the service is told by its environment: its token, and where answers wait for the lake."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from driftwatch_assets.serving.connections import Door
from driftwatch_assets.serving.guard import LOOPBACK_NAMES
from driftwatch_assets.settings import PROJECT, SettingError, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN = "DRIFTWATCH_TOKEN"  # noqa: S105 - the variable's name
SPOOL = "DRIFTWATCH_SPOOL"
PROXIES = "DRIFTWATCH_TRUSTED_PROXIES"
PER_ADDRESS = "DRIFTWATCH_CONNECTIONS_PER_ADDRESS"
_SHORTEST = 16


@dataclass(frozen=True)
class ServiceSettings:
    """How the service is guarded, and where it keeps what is not in the lake yet.

    Attributes
    ----------
    tokens
        Any of these opens the service; several while one replaces another. Without one it is open to this machine.
    spool
        Local folder for answered rows.
    door
        Bounds of connections.

    """

    tokens: tuple[str, ...]
    spool: Path
    door: Door

    @classmethod
    def from_environment(cls, host: str, environment: Mapping[str, str] | None = None) -> ServiceSettings:
        """Read `DRIFTWATCH_TOKEN`, one or several separated by blanks, `DRIFTWATCH_SPOOL`, and the bounds by address.

        Without `DRIFTWATCH_SPOOL` the answers wait beside a local lake, so that those for one lake never get into
        another; beside a remote one, in the project's `data/serving`.

        Parameters
        ----------
        host
            The address to listen on.
        environment
            By default the process's.

        Raises
        ------
        SettingError
            There is no token though the address is not loopback, or one is too short; a trusted proxy is no address and
            no network, or the connections of one address are no number from 1.

        Examples
        --------
        >>> ServiceSettings.from_environment("127.0.0.1", {}).tokens
        ()
        >>> str(ServiceSettings.from_environment("127.0.0.1", {"DRIFTWATCH_LAKE": "/srv/lake"}).spool)
        '/srv/serving'
        >>> ServiceSettings.from_environment("0.0.0.0", {})
        Traceback (most recent call last):
        ...
        driftwatch_assets.settings.SettingError: 0.0.0.0 is open to a network, and DRIFTWATCH_TOKEN is not set: ...

        """
        values = os.environ if environment is None else environment
        tokens = tuple(values.get(TOKEN, "").split())
        if not tokens and not is_loopback(host):
            message = (
                f"{host} is open to a network, and {TOKEN} is not set: set it to a secret of at least {_SHORTEST} "
                f"characters (python -c 'import secrets; print(secrets.token_urlsafe(32))'), or listen on 127.0.0.1"
            )
            raise SettingError(message)
        if any(len(token) < _SHORTEST or not token.isascii() for token in tokens):
            message = f"a token in {TOKEN} has less than {_SHORTEST} characters, or others than ASCII; make another"
            raise SettingError(message)
        spool = Path(values.get(SPOOL) or _beside(Settings.from_environment(values).lake))
        return cls(tokens, spool.expanduser().resolve(), _door(values))


def _door(values: Mapping[str, str]) -> Door:
    try:
        proxies = tuple(ipaddress.ip_network(one) for one in values.get(PROXIES, "").split())
    except ValueError as wrong:
        message = (
            f"{PROXIES} names what is no address and no network ({wrong}): write addresses or networks between blanks, "
            f"such as 10.0.0.5 172.18.0.0/16"
        )
        raise SettingError(message) from None
    told = values.get(PER_ADDRESS) or str(Door.per_address)
    if not (told.isascii() and told.isdecimal() and int(told) > 0):
        message = f"{PER_ADDRESS} is {told!r}: set it to a whole number from 1, or to nothing for {Door.per_address}"
        raise SettingError(message)
    return Door(per_address=int(told), proxies=proxies)


def _beside(lake: str) -> Path:
    return (PROJECT / "data" if "://" in lake else Path(lake).parent) / "serving"


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address.

    Examples
    --------
    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "example.org")]
    [True, True, True, False, False, False]

    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def own_names(host: str, reports_url: str) -> tuple[str, ...]:
    """Give the names under which a service without a token answers: those of loopback, and its public address.

    Examples
    --------
    >>> own_names("127.0.0.1", "https://reports.example.org/")
    ('127.0.0.1', 'localhost', '::1', 'reports.example.org')

    """
    return tuple(dict.fromkeys([*LOOPBACK_NAMES, host, *filter(None, [urlsplit(reports_url).hostname])]))
