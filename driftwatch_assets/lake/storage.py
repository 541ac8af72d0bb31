"""Where the lake's objects lie: a local folder, or any store that fsspec can reach. A put is whole or absent."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path
from typing import Protocol

import fsspec

from driftwatch_assets.lake.errors import LakeUnreachable
from driftwatch_assets.lake.object_storage import ObjectStorage

STALE_SECONDS = 3600.0
"""A temporary file older than this belongs to a writer that is dead; seconds."""

_TEMPORARY_SUFFIX = ".tmp"


class Storage(Protocol):
    """Whole objects under relative paths."""

    def put(self, path: str, content: bytes) -> None:
        """Store `content` as a whole: a reader sees the old object or the new one, never a part."""

    def get(self, path: str) -> bytes:
        """Read the whole object in one go; FileNotFoundError when it is absent."""

    def exists(self, path: str) -> bool:
        """Tell whether the object is there."""

    def delete(self, path: str) -> None:
        """Remove the object; nothing happens when it is absent."""

    def find(self, folder: str) -> list[str]:
        """List the objects below `folder`, sorted, without hidden ones; empty when there is no such folder."""

    def uri(self, path: str) -> str:
        """Say where the object lies, for people and for other tools."""


def open_storage(url: str) -> Storage:
    """Choose the storage for a local path or an fsspec URL (``s3://bucket/lake``, ``memory://lake``, …).

    Raises
    ------
    LakeUnreachable
        Nothing is installed for the URL's protocol.

    Examples
    --------
    >>> open_storage("memory://lake").uri("a/b.json")
    'memory:///lake/a/b.json'
    """
    if "://" not in url and "::" not in url:
        return LocalStorage(Path(url))
    try:
        filesystem, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except (ValueError, ImportError) as error:
        raise LakeUnreachable(
            f"the lake {url!r} cannot be opened: {error}. Set DRIFTWATCH_LAKE to a local path, or to a URL for which "
            f"fsspec has an implementation installed (s3:// needs s3fs, for example)"
        ) from error
    if "file" in ((filesystem.protocol,) if isinstance(filesystem.protocol, str) else filesystem.protocol):
        return LocalStorage(Path(root))
    return ObjectStorage(filesystem, root)


class LocalStorage:
    """A local folder. A put writes a hidden file beside the target, syncs it, and renames it over the target."""

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser().absolute()

    def put(self, path: str, content: bytes) -> None:
        """Store `content` as a whole, surviving a power cut once it returned."""
        target = self._root / path
        _make_folder(target.parent)
        _remove_stale(target.parent)
        temporary = target.parent / f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}{_TEMPORARY_SUFFIX}"
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)

    def get(self, path: str) -> bytes:
        """Read the whole object from one open file, so that a writer in between does not show."""
        return (self._root / path).read_bytes()

    def exists(self, path: str) -> bool:
        """Tell whether the object is there."""
        return (self._root / path).is_file()

    def delete(self, path: str) -> None:
        """Remove the object; its folder stays, since another writer may be about to use it."""
        (self._root / path).unlink(missing_ok=True)

    def find(self, folder: str) -> list[str]:
        """List the objects below `folder`."""
        top = self._root / folder
        found: list[str] = []
        for parent, folders, files in os.walk(top):
            folders[:] = [name for name in folders if not name.startswith(".")]
            found += [str(Path(parent, name).relative_to(self._root)) for name in files if not name.startswith(".")]
        return sorted(Path(path).as_posix() for path in found)

    def uri(self, path: str) -> str:
        """Give the absolute path."""
        return str(self._root / path)


def _make_folder(folder: Path) -> None:
    missing = []
    at = folder
    while not at.is_dir():
        missing.append(at)
        at = at.parent
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        _sync_folder(made.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_stale(folder: Path) -> None:
    before = time.time() - STALE_SECONDS
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") and entry.name.endswith(_TEMPORARY_SUFFIX):
                # Another writer may clean up the same file at the same moment.
                with contextlib.suppress(FileNotFoundError):
                    if entry.stat().st_mtime < before:
                        Path(entry.path).unlink()
