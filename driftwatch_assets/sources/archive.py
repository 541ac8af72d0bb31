"""The wanted files of a downloaded ZIP archive."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from pathlib import Path
    from typing import BinaryIO

_COPIED_AT_ONCE = 2**20
_ENCRYPTED = 0x1


class ArchiveRefused(ValueError):  # noqa: N818 - named for what happened
    """An archive that is damaged, hostile, or has none of the wanted files."""


def unpack(archive: Path, members: re.Pattern[str], into: Path, max_bytes: int) -> dict[str, Path]:
    """Unpack the members whose file name matches, without their folders.

    Parameters
    ----------
    archive
        A ZIP file.
    members
        Has to match a member's whole file name; its folder in the archive does not matter.
    into
        An empty folder for the files.
    max_bytes
        The most that all unpacked members may have together, counted while they are unpacked.

    Returns
    -------
    dict
        File name → unpacked file.

    Raises
    ------
    ArchiveRefused
        The file is no ZIP archive or is damaged; a member leads out of the folder, is a link, is encrypted, or comes
        twice; they are too large together; or none matches.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            wanted = _wanted(opened, members)
            left = max_bytes
            unpacked = {}
            for name, info in wanted.items():
                with opened.open(info) as source, (into / name).open("wb") as target:
                    left -= _copy(source, target, left, name, max_bytes)  # type: ignore[arg-type]
                unpacked[name] = into / name
            return unpacked
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ArchiveRefused(f"it is no whole ZIP archive ({error})") from error


def _wanted(opened: zipfile.ZipFile, members: re.Pattern[str]) -> dict[str, zipfile.ZipInfo]:
    wanted: dict[str, zipfile.ZipInfo] = {}
    for info in opened.infolist():
        path = PurePosixPath(info.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in info.filename:
            raise ArchiveRefused(f"its member {info.filename!r} leads out of the folder")
        if info.is_dir() or not members.fullmatch(path.name):
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            raise ArchiveRefused(f"its member {info.filename!r} is a link")
        if info.flag_bits & _ENCRYPTED:
            raise ArchiveRefused(f"its member {info.filename!r} is encrypted")
        if path.name in wanted or path.name.startswith("."):
            raise ArchiveRefused(f"its member {info.filename!r} comes twice or is hidden")
        wanted[path.name] = info
    if not wanted:
        names = ", ".join(opened.namelist()[:5]) or "nothing"
        raise ArchiveRefused(f"none of its members is named like {members.pattern!r}; it has {names}")
    return wanted


def _copy(source: BinaryIO, target: BinaryIO, left: int, name: str, max_bytes: int) -> int:
    copied = 0
    while piece := source.read(_COPIED_AT_ONCE):
        copied += len(piece)
        if copied > left:
            raise ArchiveRefused(f"it unpacks to more than max_bytes: {max_bytes:,} (at member {name})")
        target.write(piece)
    target.flush()
    os.fsync(target.fileno())
    return copied
