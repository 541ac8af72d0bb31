"""One answer over HTTP: asked for again where the server stumbles, and never larger than is allowed."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx

from driftwatch_assets.sources.fetch_failure import AnswerRefused, SourceUnanswered
from driftwatch_assets.sources.http_numbers import header_number

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.sources.http_fetch import HttpFetch

LONGEST_PAUSE_SECONDS = 60.0
"""The longest pause between two attempts; a server that asks for a longer one is left alone until the next fetch."""

_BUSY = frozenset({408, 425, 429})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_WEB_PAGE = frozenset({"text/html", "application/xhtml+xml"})
_WEB_PAGE_BEGINS = (b"<!doctype html", b"<html", b"<head", b"<body")
_CHANCE = secrets.SystemRandom()


@dataclass(frozen=True)
class Answer:
    """What the server calls the version that was downloaded."""

    etag: str | None
    last_modified: str | None


class _StumbledError(Exception):
    """An attempt that failed for a reason that may pass; `pause` where the server says for how long."""

    def __init__(self, cause: str, pause: float | None = None, *, truncated: bool = False) -> None:
        super().__init__(cause)
        self.pause, self.truncated = pause, truncated


def get(fetch: HttpFetch, part: Path, headers: dict[str, str]) -> Answer | None:
    """Download the address into the file `part`.

    Parameters
    ----------
    fetch
        What to fetch.
    part
        The file to write; it is whole when this returns an answer.
    headers
        Sent in addition; to hosts of `fetch.follow` without those from the environment.

    Returns
    -------
    Answer or None
        None where the server says that nothing changed.

    Raises
    ------
    SourceUnanswered
        None of the attempts brought an answer, or the server asks for a longer pause than is made.
    AnswerRefused
        The answer cannot be taken; the file may be there in part.
    """
    with httpx.Client(timeout=fetch.timeout_seconds, follow_redirects=False) as client:
        return _get(client, fetch, part, headers)


def _get(client: httpx.Client, fetch: HttpFetch, part: Path, headers: dict[str, str]) -> Answer | None:
    attempt = 0
    while True:
        attempt += 1
        try:
            return _attempt(client, fetch, part, headers)
        except _StumbledError as stumbled:
            pause = fetch.backoff_seconds * 2 ** (attempt - 1) * _CHANCE.uniform(0.5, 1)
            if stumbled.pause is not None and stumbled.pause > LONGEST_PAUSE_SECONDS:
                cause = f"{stumbled}, and asks for a pause of {stumbled.pause:,.0f} s"
                raise SourceUnanswered(fetch.shown, cause, attempt) from stumbled
            if attempt >= fetch.attempts:
                if stumbled.truncated:
                    raise AnswerRefused(fetch.shown, f"in {attempt} attempts, {stumbled}") from stumbled
                raise SourceUnanswered(fetch.shown, str(stumbled), attempt) from stumbled
            time.sleep(min(LONGEST_PAUSE_SECONDS, max(pause, stumbled.pause or 0)))


def _attempt(client: httpx.Client, fetch: HttpFetch, part: Path, headers: dict[str, str]) -> Answer | None:
    part.unlink(missing_ok=True)
    deadline = time.monotonic() + fetch.timeout_seconds
    url = httpx.URL(fetch.url)
    sent = {"User-Agent": "driftwatch", "Accept-Encoding": "identity", **headers}
    try:
        for _ in range(_MOST_REDIRECTS + 1):
            with client.stream("GET", url, headers=sent) as answer:
                if answer.status_code not in _REDIRECTS:
                    return _take(fetch, part, answer, deadline)
                target = _redirected(fetch, url, answer)
            if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
                sent = {name: value for name, value in sent.items() if name not in fetch.headers_from_environment}
            url = target
    except httpx.TimeoutException as error:
        raise _StumbledError(f"it did not answer within {fetch.timeout_seconds:g} s") from error
    except httpx.RemoteProtocolError as error:
        # The connection ended before the length that was promised.
        truncated = part.exists()
        raise _StumbledError(
            f"the body is truncated ({error})" if truncated else str(error), truncated=truncated
        ) from error
    except httpx.TransportError as error:
        raise _StumbledError(str(error) or type(error).__name__) from error
    raise AnswerRefused(fetch.shown, f"it redirects more than {_MOST_REDIRECTS} times")


def _redirected(fetch: HttpFetch, url: httpx.URL, answer: httpx.Response) -> httpx.URL:
    try:
        target = url.join(answer.headers["Location"])
    except (KeyError, httpx.InvalidURL) as error:
        raise AnswerRefused(fetch.shown, f"it redirects ({answer.status_code}) to no address") from error
    if target.scheme not in {"http", "https"} or (url.scheme == "https" and target.scheme == "http"):
        raise AnswerRefused(fetch.shown, f"it redirects to {target.scheme}://{target.host}, which is not followed")
    if target.host not in {httpx.URL(fetch.url).host, *fetch.follow}:
        raise AnswerRefused(
            fetch.shown, f"it redirects to the host {target.host}: name it in follow if that is where the data is"
        )
    return target


def _take(fetch: HttpFetch, part: Path, answer: httpx.Response, deadline: float) -> Answer | None:
    if answer.status_code == httpx.codes.NOT_MODIFIED:
        return None
    status = f"{answer.status_code} {answer.reason_phrase}".strip()
    if answer.is_server_error or answer.status_code in _BUSY:
        raise _StumbledError(f"the server answered {status}", _retry_after(answer))
    if answer.status_code != httpx.codes.OK:
        raise AnswerRefused(fetch.shown, f"the server answered {status}: check the address, and who may read it")
    _check_kind(fetch, answer)
    _download(fetch, part, answer, deadline)
    return Answer(_repeatable(answer, "ETag"), _repeatable(answer, "Last-Modified"))


def _download(fetch: HttpFetch, part: Path, answer: httpx.Response, deadline: float) -> None:
    length = header_number(answer.headers.get("Content-Length"))
    if length is not None and length > fetch.max_bytes:
        raise _too_large(fetch, length)
    size = 0
    with part.open("wb") as file:
        for piece in answer.iter_raw():
            if size == 0 and piece[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_WEB_PAGE_BEGINS):
                raise AnswerRefused(fetch.shown, "the server answered with a web page, not with data")
            size += len(piece)
            if size > fetch.max_bytes:
                raise _too_large(fetch, size)
            file.write(piece)
            if time.monotonic() > deadline:
                raise _StumbledError(f"it had sent {size:,} bytes within {fetch.timeout_seconds:g} s and was not done")
        file.flush()
        os.fsync(file.fileno())
    if length is not None and size != length:
        raise _StumbledError(f"the body is truncated: {size:,} of {length:,} bytes came", truncated=True)
    if size == 0:
        raise AnswerRefused(fetch.shown, "the body is empty")


def _repeatable(answer: httpx.Response, header: str) -> str | None:
    """Give a header that can be sent back."""
    value = answer.headers.get(header)
    return value if value and value.isascii() and value.isprintable() else None


def _check_kind(fetch: HttpFetch, answer: httpx.Response) -> None:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in _WEB_PAGE and kind not in fetch.content_types:
        raise AnswerRefused(
            fetch.shown, f"the server answered with a web page ({kind}), not with data: open it in a browser"
        )
    if kind and kind not in {declared.lower() for declared in fetch.content_types}:
        raise AnswerRefused(
            fetch.shown, f"its content type is {kind}, expected one of {', '.join(fetch.content_types)} (content_types)"
        )
    codings = {coding.strip().lower() for coding in answer.headers.get("Content-Encoding", "").split(",")}
    if others := sorted(codings - {"", "identity"}):
        raise AnswerRefused(fetch.shown, f"its content is encoded as {', '.join(others)}, though none was asked for")


def _too_large(fetch: HttpFetch, size: int) -> AnswerRefused:
    return AnswerRefused(fetch.shown, f"it has {size:,} bytes or more, which is over max_bytes: {fetch.max_bytes:,}")


def _retry_after(answer: httpx.Response) -> float | None:
    said = answer.headers.get("Retry-After", "").strip()
    if (seconds := header_number(said)) is not None:
        return float(seconds)
    try:
        until = parsedate_to_datetime(said)
        until = until if until.tzinfo else until.replace(tzinfo=dt.UTC)
        return max(0.0, (until - dt.datetime.now(dt.UTC)).total_seconds())
    except (ValueError, OverflowError):
        # Neither seconds nor a moment: the pauses are then our own.
        return None
