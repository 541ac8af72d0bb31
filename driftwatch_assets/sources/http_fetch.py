"""A table that is fetched over HTTP again and again: each answer with new content lands as the next file."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from driftwatch_assets.sources.fetch_failure import AnswerRefused, FetchUnconfigured, FetchUnderWay
from driftwatch_assets.sources.folder_lock import FolderBusy, alone
from driftwatch_assets.sources.http_landed import (
    NAME,
    RECEIPT,
    Receipt,
    newest_fetch,
    next_place,
    numbered,
    read_receipt,
    write_receipt,
)
from driftwatch_assets.sources.landing import fingerprint_file
from driftwatch_assets.sources.refusal import DeliveryRefused

if TYPE_CHECKING:
    from collections.abc import Callable

_LOCK = ".fetch.lock"
_STAGING = ".fetch-"
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_HEADERS_OF_OURS = frozenset(
    {"accept-encoding", "host", "if-none-match", "if-modified-since", "connection", "content-length"}
)


class HttpFetch(BaseModel):
    """Where a table is fetched, and what is taken for an answer.

    Examples
    --------
    >>> HttpFetch(url="https://example.org/iris.data").attempts
    4
    >>> HttpFetch(url="https://user:secret@example.org/iris.data")
    Traceback (most recent call last):
    ...
    pydantic_core._pydantic_core.ValidationError: 1 validation error for HttpFetch
    url
      Value error, the address has a user or a password in it: expected none; declare headers_from_environment ...
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(description="The address, http or https, without a user or a password in it.")
    timeout_seconds: float = Field(
        default=30, gt=0, le=3600, description="How long an attempt may take in all, in seconds."
    )
    attempts: int = Field(default=4, ge=1, le=20, description="How often it is tried when the server does not answer.")
    backoff_seconds: float = Field(
        default=0.5, ge=0, le=60, description="Pause after the first attempt, in seconds; it doubles with each."
    )
    max_bytes: int = Field(default=64 * 2**20, ge=1, description="The largest answer that is taken, in bytes.")
    content_types: tuple[str, ...] = Field(
        default=("text/csv", "text/plain", "application/csv", "application/octet-stream", "binary/octet-stream"),
        min_length=1,
        description="The content types that an answer may have; one that names none is taken by its content.",
    )
    headers_from_environment: dict[str, str] = Field(
        default_factory=dict,
        description="Header → the environment variable with its value, e.g. Authorization: IRIS_TOKEN.",
    )
    follow: tuple[str, ...] = Field(
        default=(),
        description="Hosts that a redirect may lead to, besides the address's own; never from https to http.",
    )

    @field_validator("url")
    @classmethod
    def _usable_address(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError as error:
            raise ValueError(f"the address cannot be read ({error})") from None
        if parts.username is not None or parts.password is not None:
            raise ValueError(
                "the address has a user or a password in it: expected none; declare headers_from_environment instead"
            )
        if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"[\s\x00-\x1f]", url):
            raise ValueError(f"{url!r} is no address to fetch from: expected http://host/path or https://host/path")
        return url

    @field_validator("headers_from_environment")
    @classmethod
    def _usable_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for header in headers:
            if not _HEADER_NAME.fullmatch(header) or header.lower() in _HEADERS_OF_OURS:
                raise ValueError(f"header {header!r} cannot be declared: expected a name such as Authorization")
        return headers

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port of the address: to whom its secrets may be told.

        Examples
        --------
        >>> HttpFetch(url="https://Example.org/a").origin == HttpFetch(url="https://example.org:443/b").origin
        True
        """
        parts = urlsplit(self.url)
        return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme]

    @property
    def shown(self) -> str:
        """The address as messages show it: without its query, which may hold a key."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


@dataclass(frozen=True)
class Fetched:
    """What a fetch brought.

    Attributes
    ----------
    path
        The newest fetch in the landing folder, or None where there is none.
    changed
        Whether it landed now.
    reason
        Why, as a sentence.
    """

    path: Path | None
    changed: bool
    reason: str


def fetch_once(
    fetch: HttpFetch, folder: Path, *, name: str = NAME, check: Callable[[Path], object] = lambda _: None
) -> Fetched:
    """Ask for the table once, and let it land if its content is new.

    The server is asked with ``If-None-Match`` and ``If-Modified-Since``. An answer that nothing changed, or whose
    content is that of the newest fetch, adds nothing. A server that is busy, breaks off or does not answer is tried
    again, after a pause that doubles with each attempt (with some chance in it, so that many do not come at once), or
    as long as its ``Retry-After`` says.

    Parameters
    ----------
    fetch
        What to fetch.
    folder
        The landing folder; it is made if it is absent.
    name
        Pattern of the landed file's name, with ``{number}``.
    check
        Called with the downloaded file before it lands, e.g. a declared reader's ``read``; what it refuses does not
        land.

    Returns
    -------
    Fetched
        The newest file, and whether it is new.

    Raises
    ------
    SourceUnanswered
        No attempt brought an answer, which is not the same as no new data.
    AnswerRefused
        The answer is an error that does not pass by itself (e.g. 404), a web page, of another content type, empty,
        larger than `max_bytes`, truncated in every attempt, redirects elsewhere, or `check` refuses it.
    FetchUnconfigured
        An environment variable that a header needs is not set.
    FetchUnderWay
        Another process fetches into this folder.
    LandingOccupied
        The file of the next number is there already.
    ValueError
        `name` is no pattern of a file name with a number.
    """
    pattern = numbered(name)
    headers = _secret_headers(fetch)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with alone(folder / _LOCK):
            return _fetch(fetch, folder, name, pattern, headers, check)
    except FolderBusy:
        raise FetchUnderWay(f"another process fetches into {folder} at this moment: wait until it is done") from None


def _fetch(
    fetch: HttpFetch,
    folder: Path,
    name: str,
    pattern: re.Pattern[str],
    headers: dict[str, str],
    check: Callable[[Path], object],
) -> Fetched:
    from driftwatch_assets.sources.http_get import get  # noqa: PLC0415 - heavy: loaded when needed

    for left in folder.glob(f"{_STAGING}*"):
        # Of a fetch that was killed; the lock says that none is at work.
        shutil.rmtree(left, ignore_errors=True)
    receipt = read_receipt(folder / RECEIPT)
    newest = newest_fetch(folder, pattern)
    known = None
    if newest is not None and receipt is not None and newest[1].name == receipt.name:
        known = receipt if fingerprint_file(newest[1]) == receipt.fingerprint else None
    asked = dict(headers)
    if known is not None and known.url == fetch.url:
        asked |= {"If-None-Match": known.etag} if known.etag else {}
        asked |= {"If-Modified-Since": known.last_modified} if known.last_modified else {}
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=folder) as staging:
        # The name that it will have, so that what `check` says of it can be found again.
        part = Path(staging, name.format(number=0))
        answer = get(fetch, part, asked)
        if answer is None:
            if known is None:
                raise AnswerRefused(fetch.shown, "the server answered 304, though it was not asked for a change")
            return Fetched(folder / known.name, changed=False, reason="the server says that nothing changed")
        fingerprint = fingerprint_file(part)
        if newest is not None and fingerprint_file(newest[1]) == fingerprint:
            number, path = newest
            landed = Fetched(path, changed=False, reason=f"the content is that of {path.name}")
        else:
            _check(fetch, part, check)
            number, path = next_place(folder, name, receipt, newest, fingerprint)
            part.replace(path)
            landed = Fetched(path, changed=True, reason=f"new content landed as {path.name}")
        number = max(number, receipt.number if receipt else 0)
        write_receipt(
            folder / RECEIPT,
            Receipt(fetch.url, number, path.name, fingerprint, answer.etag, answer.last_modified),
        )
    return landed


def _check(fetch: HttpFetch, part: Path, check: Callable[[Path], object]) -> None:
    try:
        check(part)
    except DeliveryRefused as refused:
        where = [f"line {refused.line}"] if refused.line is not None else []
        where += [f"column {refused.column}"] if refused.column is not None else []
        found = f"{', '.join(where)}: {refused.found}" if where else refused.found
        raise AnswerRefused(fetch.shown, f"its content cannot be read: {found}") from refused


def _secret_headers(fetch: HttpFetch) -> dict[str, str]:
    headers = {}
    for header, variable in fetch.headers_from_environment.items():
        value = os.environ.get(variable, "").strip()
        if not value:
            raise FetchUnconfigured(
                f"{fetch.shown} was not fetched: header {header} comes from the environment variable {variable}, "
                f"which is not set. Set it where the fetch runs."
            )
        if not value.isascii() or not value.isprintable():
            raise FetchUnconfigured(
                f"{fetch.shown} was not fetched: the environment variable {variable} has a character "
                f"that no header may have. Set it anew."
            )
        headers[header] = value
    return headers
