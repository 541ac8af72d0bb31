"""A data set's publisher: where its archive is, what must be in it, and how it gets into the landing folder."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, field_validator

from driftwatch_assets.sources.archive import ArchiveRefused, unpack
from driftwatch_assets.sources.fetch_failure import FetchUnderWay, LandingOccupied, PublicationRefused
from driftwatch_assets.sources.folder_lock import FolderBusy, alone
from driftwatch_assets.sources.landing import fingerprint_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from driftwatch_assets.sources.download import Progress

_CHECKSUM_LINE = re.compile(r"([0-9a-f]{64}) [ *](\S+)")
_RECEIPT = ".fetched.json"
_LOCK = ".fetch.lock"
_PART = ".fetch.part"


class Publisher(BaseModel):
    """Where a model's batches are published, as one ZIP archive.

    Examples
    --------
    >>> Publisher(url="https://example.org/set.zip", members=r"batch[0-9]+[.]dat").sha256 is None
    True
    >>> Publisher(url="ftp://example.org/set.zip", members=".*")
    Traceback (most recent call last):
    ...
    pydantic_core._pydantic_core.ValidationError: 1 validation error for Publisher
    ...
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^https?://[^\s/]+/\S+$", description="Address of the ZIP archive.")
    members: str = Field(description="Regular expression for the file names of the archive's members to take.")
    sha256: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the archive, where it is known."
    )
    checksums: Path | None = Field(
        default=None,
        description="File with the SHA-256 of members, as sha256sum prints it, beside the declaration. "
        "A member that it names has to be there and to agree.",
    )
    lines: dict[str, int] = Field(
        default_factory=dict,
        description="Member → number of its lines, for members that have no checksum. They have to be there.",
    )
    max_bytes: int = Field(
        default=2**30, ge=1, description="The largest archive that is taken, and the most it may unpack to, in bytes."
    )

    @field_validator("members")
    @classmethod
    def _regular_expression(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"members {pattern!r} is no regular expression: {error}") from error
        return pattern


def read_checksums(path: Path) -> dict[str, str]:
    """Read a file as ``sha256sum`` prints it: file name → 64 hex digits.

    Raises
    ------
    ValueError
        A line is not ``<64 hex digits>  <name>``; the message has its number.

    Examples
    --------
    >>> file = Path(tempfile.mkdtemp(), "checksums.txt")
    >>> _ = file.write_text("a" * 64 + "  batch1.dat")
    >>> list(read_checksums(file))
    ['batch1.dat']
    """
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _CHECKSUM_LINE.fullmatch(line.strip())
        if match is None:
            raise ValueError(f"{path}, line {number}: found {line[:80]!r}, expected <64 hex digits>  <file name>")
        found[match[2]] = match[1]
    return found


def fetch(
    publisher: Publisher,
    folder: Path,
    *,
    declared_in: Path | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> list[Path]:
    """Fetch the published batches into the landing folder, checked, all or none.

    A download that broke off goes on at the next call. When everything that was fetched before still lies there
    unchanged, nothing is downloaded.

    Parameters
    ----------
    publisher
        What to fetch.
    folder
        The landing folder; it is made if it is absent.
    declared_in
        The folder that a relative ``publisher.checksums`` is looked up in; the working directory by default.
    progress
        Called with the state of the download.

    Returns
    -------
    list of Path
        The published files in the landing folder, by name.

    Raises
    ------
    PublisherUnreachable
        Nobody answers; it says how to go on without a network.
    PublicationRefused
        What was downloaded is not what was declared.
    LandingOccupied
        Other files of these names are there.
    FetchUnderWay
        Another process fetches into this folder.
    ValueError
        The checksum file is not in the format of ``sha256sum``.
    """
    checksums = {}
    if publisher.checksums is not None:
        checksums = read_checksums((declared_in or Path()) / publisher.checksums)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if (fetched := _fetched_before(publisher, folder, checksums)) is not None:
            return fetched
        part = folder / _PART
        from driftwatch_assets.sources.download import discard, download  # noqa: PLC0415 - heavy: loaded when needed

        download(publisher.url, part, publisher.max_bytes, progress)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as staging:
            try:
                files = _checked_members(publisher, part, Path(staging), checksums)
            except ArchiveRefused as refused:
                discard(part)
                raise PublicationRefused(publisher.url, str(refused)) from refused
            prints = {name: fingerprint_file(file) for name, file in files.items()}
            _check_free(folder, prints)
            for name, file in files.items():
                file.replace(folder / name)
        _write_receipt(publisher, folder, prints)
        discard(part)
        return sorted(folder / name for name in prints)


def _checked_members(
    publisher: Publisher, archive: Path, staging: Path, checksums: Mapping[str, str]
) -> dict[str, Path]:
    found = fingerprint_file(archive)
    if publisher.sha256 is not None and found != publisher.sha256:
        raise ArchiveRefused(f"its SHA-256 is {found}, declared is {publisher.sha256}")
    files = unpack(archive, re.compile(publisher.members), staging, publisher.max_bytes)
    missing = sorted((checksums.keys() | publisher.lines.keys()) - files.keys())
    if missing:
        raise ArchiveRefused(f"it lacks {', '.join(missing)}")
    for name, expected in checksums.items():
        if (actual := fingerprint_file(files[name])) != expected:
            raise ArchiveRefused(f"the SHA-256 of its member {name} is {actual}, declared is {expected}")
    for name, lines in publisher.lines.items():
        with files[name].open("rb") as file:
            if (counted := sum(1 for _ in file)) != lines:
                raise ArchiveRefused(f"its member {name} has {counted:,} lines, declared are {lines:,}")
    return files


def _check_free(folder: Path, prints: Mapping[str, str]) -> None:
    there = {name: folder / name for name in prints if (folder / name).exists()}
    others = [name for name, path in there.items() if not path.is_file() or fingerprint_file(path) != prints[name]]
    if others:
        raise LandingOccupied(folder, sorted(others))


def _fetched_before(publisher: Publisher, folder: Path, checksums: Mapping[str, str]) -> list[Path] | None:
    """Give the fetched files when they still lie there unchanged and agree with the declaration of today."""
    try:
        receipt = json.loads((folder / _RECEIPT).read_text())
        prints: dict[str, str] = receipt["files"]
        if receipt["declaration"] != _declared(publisher) or any(
            prints.get(name) != expected for name, expected in checksums.items()
        ):
            return None
        unchanged = all(fingerprint_file(folder / name) == expected for name, expected in prints.items())
    except (OSError, ValueError, KeyError):
        return None
    return sorted(folder / name for name in prints) if unchanged else None


def _write_receipt(publisher: Publisher, folder: Path, prints: Mapping[str, str]) -> None:
    unfinished = folder / f"{_RECEIPT}.tmp"
    unfinished.write_text(json.dumps({"declaration": _declared(publisher), "files": dict(prints)}, indent=1))
    unfinished.replace(folder / _RECEIPT)


def _declared(publisher: Publisher) -> dict[str, object]:
    return publisher.model_dump(mode="json", exclude={"checksums", "max_bytes"})


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system releases when this process ends, however it ends."""
    try:
        with alone(folder / _LOCK):
            yield
    except FolderBusy:
        raise FetchUnderWay(f"another process fetches into {folder} at this moment: wait until it is done") from None
