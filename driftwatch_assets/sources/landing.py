"""What lies in the landing folder: which files are whole deliveries, which have to wait, which are none."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch_assets.lake import NameRefused, batch_order, check_name

if TYPE_CHECKING:
    from collections.abc import Mapping

KnownFile = tuple[int, int, str]
"""A file as it was last seen: size in bytes, modification time in nanoseconds, fingerprint."""

CLOCK_SKEW_SECONDS = 300.0
"""How far the clock of whoever writes the files may be ahead; seconds."""


class LandingUnreadable(OSError):  # noqa: N818 - named for what was found
    """The landing folder cannot be listed, which is not the same as an empty one."""


@dataclass(frozen=True)
class Delivery:
    """A whole file that is a batch.

    Attributes
    ----------
    batch
        Batch key, from the file's name.
    path
        The file.
    size
        Bytes.
    mtime_ns
        Modification time, nanoseconds since 1970.
    fingerprint
        SHA-256 of the content, 64 hex digits.
    """

    batch: str
    path: Path
    size: int
    mtime_ns: int
    fingerprint: str


@dataclass(frozen=True)
class Held:
    """A file that is not taken, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Conflict:
    """Several files that claim one batch; none of them is taken."""

    batch: str
    paths: tuple[Path, ...]
    reason: str


@dataclass(frozen=True)
class Landing:
    """What a look into the landing folder found.

    Attributes
    ----------
    deliveries
        Whole files, in batch order.
    settling
        Files that may still be being written; look again.
    ignored
        Files that are no deliveries, with the reason. Names that begin with a dot are hidden and not listed.
    duplicates
        Batches that more than one file claims.
    cache
        File name → `KnownFile`, to be given to the next look.
    """

    deliveries: tuple[Delivery, ...]
    settling: tuple[Held, ...]
    ignored: tuple[Held, ...]
    duplicates: tuple[Conflict, ...]
    cache: Mapping[str, KnownFile]


def list_landing(
    folder: Path, pattern: str, now: float, settle_seconds: float, known: Mapping[str, KnownFile] | None = None
) -> Landing:
    r"""Look into the landing folder.

    A file is a delivery when its whole name matches `pattern`, it is a regular file (or a link to one inside of the
    folder), no other file claims the same batch, and it is settled: last modified at least `settle_seconds` before
    `now`, and unchanged while its content was fingerprinted. A modification time that is more than
    `CLOCK_SKEW_SECONDS` in the future says nothing; such a file is settled when it equals its entry in `known`.

    Parameters
    ----------
    folder
        The landing folder.
    pattern
        Regular expression with a group named ``batch``, e.g. ``batch(?P<batch>\d+)\.dat``.
    now
        The time, seconds since 1970.
    settle_seconds
        How long a file must have been left alone; 0 takes any file that does not change while it is read, whatever
        its modification time.
    known
        The ``cache`` of the look before: a file of the same size and modification time is not read again.

    Raises
    ------
    LandingUnreadable
        The folder is absent, is no folder, or may not be read.
    ValueError
        `pattern` is no regular expression or has no group ``batch``.

    Examples
    --------
    >>> import tempfile, time
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("batch10.dat", "batch2.dat", "notes.txt"):
    ...     _ = (folder / name).write_text(name)
    >>> landing = list_landing(folder, r"batch(?P<batch>\d+)\.dat", time.time() + 60, 30)
    >>> [delivery.batch for delivery in landing.deliveries]
    ['2', '10']
    >>> [held.path.name for held in landing.ignored]
    ['notes.txt']
    >>> list_landing(folder, r"batch(?P<batch>\d+)\.dat", time.time(), 30).deliveries
    ()
    """
    names = _compiled(pattern)
    claims: dict[tuple[str | int, ...], list[tuple[str, Path]]] = defaultdict(list)
    ignored: list[Held] = []
    for path in _listed(folder):
        batch = _claimed_batch(path, folder, names)
        if isinstance(batch, Held):
            ignored.append(batch)
        else:
            claims[batch_order(batch)[0]].append((batch, path))

    deliveries: list[Delivery] = []
    settling: list[Held] = []
    duplicates: list[Conflict] = []
    cache: dict[str, KnownFile] = {}
    for claimants in claims.values():
        if len(claimants) > 1:
            duplicates.append(_conflict(claimants))
            continue
        batch, path = claimants[0]
        try:
            looked = _look(batch, path, now, settle_seconds, (known or {}).get(path.name))
        except FileNotFoundError:
            continue
        except OSError as error:
            ignored.append(Held(path, f"it cannot be read ({error.strerror or error}): check its permissions"))
            continue
        if looked.delivery is not None:
            cache[path.name] = (looked.delivery.size, looked.delivery.mtime_ns, looked.delivery.fingerprint)
        if looked.delivery is None or looked.waits_for is not None:
            settling.append(Held(path, looked.waits_for or "it is changing"))
        else:
            deliveries.append(looked.delivery)
    return Landing(
        deliveries=tuple(sorted(deliveries, key=lambda delivery: batch_order(delivery.batch))),
        settling=tuple(settling),
        ignored=tuple(sorted(ignored, key=lambda held: held.path.name)),
        duplicates=tuple(sorted(duplicates, key=lambda conflict: batch_order(conflict.batch))),
        cache=cache,
    )


def fingerprint_file(path: Path) -> str:
    """Compute the SHA-256 (64 hex digits) of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class _Look:
    delivery: Delivery | None
    waits_for: str | None


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        names = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"landing pattern {pattern!r} is no regular expression: {error}") from error
    if "batch" not in names.groupindex:
        raise ValueError(
            rf"landing pattern {pattern!r} has no group named 'batch', e.g. 'batch(?P<batch>\d+)\.dat'; "
            f"its named groups are: {', '.join(names.groupindex) or 'none'}"
        )
    return names


def _listed(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        raise LandingUnreadable(
            f"the landing folder {folder} cannot be read ({error.strerror or error}). Create it, mount it, or grant "
            f"read permission, or name another folder in DRIFTWATCH_LANDING; this says nothing about what arrived."
        ) from error


def _claimed_batch(path: Path, folder: Path, names: re.Pattern[str]) -> str | Held:
    match = names.fullmatch(path.name)
    if match is None:
        return Held(path, f"its name does not match {names.pattern!r}: rename it if it is a batch")
    try:
        batch = check_name("batch", match["batch"] or "")
    except NameRefused as refused:
        return Held(path, str(refused))
    try:
        target = path.resolve(strict=True)
        mode = target.stat().st_mode
    except (OSError, RuntimeError) as error:
        return Held(path, f"it leads nowhere ({error})")
    if path.is_symlink() and not target.is_relative_to(folder.resolve()):
        return Held(path, f"it is a link out of the landing folder, to {target}: put the file itself there")
    if not stat.S_ISREG(mode):
        return Held(path, "it is no regular file")
    return batch


def _conflict(claimants: list[tuple[str, Path]]) -> Conflict:
    paths = tuple(path for _, path in claimants)
    return Conflict(
        claimants[0][0],
        paths,
        f"{', '.join(path.name for path in paths)} all claim batch {claimants[0][0]}, so none is taken: "
        f"leave only the right one in {paths[0].parent}",
    )


def _look(batch: str, path: Path, now: float, settle_seconds: float, known: KnownFile | None) -> _Look:
    before = path.stat()
    age = now - before.st_mtime_ns / 1e9
    if settle_seconds > 0 and -CLOCK_SKEW_SECONDS <= age < settle_seconds:
        return _Look(None, f"it was modified {max(age, 0):.1f} s ago and has to rest for {settle_seconds:g} s")
    seen = known is not None and tuple(known[:2]) == (before.st_size, before.st_mtime_ns)
    fingerprint = known[2] if known is not None and seen else fingerprint_file(path)
    after = path.stat()
    if (after.st_size, after.st_mtime_ns, after.st_ino) != (before.st_size, before.st_mtime_ns, before.st_ino):
        return _Look(None, "it changed while it was read")
    delivery = Delivery(batch, path, before.st_size, before.st_mtime_ns, fingerprint)
    if settle_seconds > 0 and age < -CLOCK_SKEW_SECONDS and not seen:
        return _Look(delivery, f"its modification time is {-age:,.0f} s in the future: taken when the next look agrees")
    return _Look(delivery, None)
