"""A download that goes on where it was broken off."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import httpx

from driftwatch_assets.sources.fetch_failure import PublicationRefused, PublisherUnreachable
from driftwatch_assets.sources.http_numbers import header_number

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ATTEMPTS = 4
"""Attempts in a row without a new byte after which the publisher counts as unreachable."""

FIRST_PAUSE_SECONDS = 0.25
"""Pause after the first failed attempt, in seconds; it doubles with each."""

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE = re.compile(r"bytes (?:([0-9]+)-[0-9]+|\*)/([0-9]+|\*)")


@dataclass(frozen=True)
class Progress:
    """How far a download is: bytes that are here, and bytes in all where the publisher says so."""

    done: int
    total: int | None


@dataclass(frozen=True)
class _Origin:
    """What the bytes in the part file are a part of."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    total: int | None = None


class _BrokenOffError(Exception):
    """An attempt that ended early for a reason that may pass."""


def download(url: str, part: Path, max_bytes: int, progress: Callable[[Progress], None]) -> None:
    """Download `url` into the file `part`, keeping what earlier attempts and earlier calls got.

    What is there is only continued when the server confirms that it is a part of the same content: by the entity
    tag, by the time of modification, or at least by the size.

    Parameters
    ----------
    url
        An http or https address.
    part
        The file to fill; beside it, ``<part>.json`` keeps what it is a part of. It is whole when this returns.
    max_bytes
        The largest download that is taken.
    progress
        Called after each piece.

    Raises
    ------
    PublisherUnreachable
        `ATTEMPTS` attempts in a row brought nothing new. What there is of `part` stays, for the next call.
    PublicationRefused
        The server answered, but not with a file of at most `max_bytes`.
    """
    best = 0
    failed = 0
    with httpx.Client(timeout=_TIMEOUT, follow_redirects=True, headers={"User-Agent": "driftwatch"}) as client:
        while True:
            try:
                _attempt(client, url, part, max_bytes, progress)
            except httpx.TooManyRedirects as error:
                raise PublicationRefused(url, f"the server redirects in a circle ({error})") from error
            except (httpx.TransportError, _BrokenOffError) as error:
                here = part.stat().st_size if part.exists() else 0
                failed = 1 if here > best else failed + 1
                best = max(best, here)
                if failed >= ATTEMPTS:
                    cause = str(error) or type(error).__name__
                    raise PublisherUnreachable(url, f"{cause}; {here:,} bytes are here and are kept") from error
                time.sleep(FIRST_PAUSE_SECONDS * 2 ** (failed - 1))
            else:
                return


def discard(part: Path) -> None:
    """Remove a part file and what is noted about it."""
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def _attempt(client: httpx.Client, url: str, part: Path, max_bytes: int, progress: Callable[[Progress], None]) -> None:
    origin = _read_origin(part, url)
    here = part.stat().st_size if part.exists() else 0
    with client.stream("GET", url, headers=_headers(origin, here)) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE and here:
            if _range(answer)[1] == here:
                return
            discard(part)
            raise _BrokenOffError("the publisher's file is shorter than what was downloaded of it before")
        _check_status(answer, url)
        here, total = _start(answer, part, origin, here)
        _check_size(url, part, total or 0, max_bytes)
        _write_origin(part, replace(_origin_of(answer, url), total=total))
        with part.open("ab" if here else "wb") as file:
            for piece in answer.iter_raw():
                here += len(piece)
                _check_size(url, part, here, max_bytes)
                file.write(piece)
                progress(Progress(here, total))
            file.flush()
            os.fsync(file.fileno())
    if total is not None and here != total:
        raise _BrokenOffError(f"the connection ended after {here:,} of {total:,} bytes")


def _headers(origin: _Origin, here: int) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity"}
    if here:
        headers["Range"] = f"bytes={here}-"
        if confirmed_by := origin.etag or origin.last_modified:
            headers["If-Range"] = confirmed_by
    return headers


def _start(answer: httpx.Response, part: Path, origin: _Origin, here: int) -> tuple[int, int | None]:
    """Tell where the answer begins, and the size of the whole where the server names it."""
    if answer.status_code != httpx.codes.PARTIAL_CONTENT:
        return 0, _length(answer)
    start, total = _range(answer)
    if start != here or (origin.total is not None and total != origin.total):
        discard(part)
        raise _BrokenOffError(f"the publisher continued at byte {start} of {total}, not at {here} of {origin.total}")
    return here, total


def _check_size(url: str, part: Path, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        discard(part)
        raise PublicationRefused(url, f"it has {size:,} bytes or more, which is over max_bytes: {max_bytes:,}")


def _check_status(answer: httpx.Response, url: str) -> None:
    status = f"{answer.status_code} {answer.reason_phrase}".strip()
    if answer.status_code in _BUSY:
        raise _BrokenOffError(f"the server answered {status}")
    if answer.status_code not in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
        raise PublicationRefused(url, f"the server answered {status}: check the address in the declaration")
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in {"text/html", "application/xhtml+xml"}:
        raise PublicationRefused(
            url, f"the server answered with a web page ({kind}), not an archive: open it in a browser, it may tell why"
        )


def _range(answer: httpx.Response) -> tuple[int | None, int | None]:
    match = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if match is None:
        return None, None
    return header_number(match[1]), header_number(match[2])


def _length(answer: httpx.Response) -> int | None:
    return header_number(answer.headers.get("Content-Length"))


def _origin_of(answer: httpx.Response, url: str) -> _Origin:
    etag = answer.headers.get("ETag")
    # A weak tag does not promise the same bytes.
    strong = etag if etag and not etag.startswith("W/") else None
    return _Origin(url, strong, answer.headers.get("Last-Modified"))


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _read_origin(part: Path, url: str) -> _Origin:
    try:
        origin = _Origin(**json.loads(_note(part).read_text()))
    except (OSError, ValueError, TypeError):
        origin = None
    if origin is None or origin.url != url:
        discard(part)
        return _Origin(url)
    return origin


def _write_origin(part: Path, origin: _Origin) -> None:
    _note(part).write_text(json.dumps(asdict(origin)))
