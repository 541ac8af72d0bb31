"""What must not be stored, sent or logged with an alert: passwords, tokens and mail addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "***"
_SHORTEST_SECRET = 4
_PLACEHOLDER = "\0"
_USER_OF_ADDRESS = re.compile(r"(?<=://)[^\s/@]+(?=@)")
_MAIL_ADDRESS = re.compile(r"(?<![\w*])[\w.!#$%&'+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)*")
_REQUESTED_PATH = re.compile(r"(?<=with url: )\S+")
_BETWEEN = re.compile(r"[/:@?&=+#,;\s]+")


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Hide who may log in, whom a mail goes to, and each given secret.

    Parameters
    ----------
    text
        What is to be stored or shown.
    secrets
        Strings to hide wherever they occur; those of less than four characters are words of every message and stay.

    Examples
    --------
    >>> redacted("cannot reach postgresql://reader:hunter2@db/loans for ann@example.org")
    'cannot reach postgresql://***@db/loans for ***'
    >>> redacted("POST /services/T0000/B0000 failed", ["T0000", "B0000"])
    'POST /services/***/*** failed'
    """
    for pattern in (_USER_OF_ADDRESS, _REQUESTED_PATH, _MAIL_ADDRESS):
        text = pattern.sub(_PLACEHOLDER, text)
    # What is hidden gives way to a sign that no secret holds, lest one is found within another's stand-in.
    for secret in sorted({each for each in secrets if len(each) >= _SHORTEST_SECRET}, key=len, reverse=True):
        text = text.replace(secret, _PLACEHOLDER)
    return text.replace(_PLACEHOLDER, HIDDEN)


def secrets_of(address: str, known: Iterable[str] = ()) -> frozenset[str]:
    """Give every part of a channel's address that may be a secret, as written and as meant.

    Parameters
    ----------
    address
        An address such as ``slack://TokenA/TokenB/TokenC``, where the place of a secret differs with the service.
    known
        Parts that are none, such as the host.

    Examples
    --------
    >>> sorted(secrets_of("jsons://user:p%40ss@hooks.example.org/in/k3y9?x=abcd", ["hooks.example.org"]))
    ['abcd', 'k3y9', 'p%40ss', 'p@ss', 'user']
    """
    parts = set(_BETWEEN.split(address.partition("://")[2]))
    parts |= {unquote(part) for part in parts}
    return frozenset(part for part in parts if len(part) >= _SHORTEST_SECRET and part not in set(known))
