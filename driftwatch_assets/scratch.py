"""Folders for what is needed for a moment; those that a killed process left are removed by the next one."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "driftwatch-"
_PARTS = 5


def started(pid: int) -> str:
    """Give when a process started, in clock ticks since the machine did; empty where there is none, or a dead one.

    One that nobody has waited for yet is dead.

    Examples
    --------
    >>> started(os.getpid()).isdigit(), started(2**22 + 1)
    (True, '')
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123 - a kernel file, not a path of ours
            fields = stat.read().rsplit(")", 1)[1].split()
    except OSError:
        return ""
    return "" if fields[0] in {"Z", "X"} else fields[19]


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a new folder in the temporary one, which is gone at the end.

    Its name says whose it is, so that one whose process was killed can be told from one that is in use.
    """
    remove_abandoned()
    prefix = f"{_PREFIX}{os.getpid()}-{started(os.getpid())}-{_host()}-"
    with tempfile.TemporaryDirectory(prefix=prefix) as folder:
        yield Path(folder)


def remove_abandoned() -> None:
    """Remove the folders of processes of this machine that are gone."""
    with os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and _is_abandoned(entry.name):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_abandoned(name: str) -> bool:
    parts = name.split("-")
    if len(parts) != _PARTS or not parts[1].isdigit():
        return False
    _, pid, since, host, _ = parts
    return host == _host() and started(int(pid)) != since


def _host() -> str:
    return socket.gethostname().replace("-", "_")
