"""One process at a time in a folder."""

from __future__ import annotations

import contextlib
import fcntl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FolderBusy(Exception):  # noqa: N818 - named for what was found
    """Another process holds the lock."""


@contextlib.contextmanager
def alone(lock: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold a lock file, which the system releases when this process ends, however it ends.

    Parameters
    ----------
    lock
        The file; it is made if it is absent, and stays.
    wait
        Whether to wait until the lock is free.

    Raises
    ------
    FolderBusy
        It is held, and `wait` is false.
    """
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderBusy(str(lock)) from None
        yield
