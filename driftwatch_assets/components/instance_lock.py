"""Who is at work on a Dagster instance: its daemon, or one command that runs steps, and never two.

Two that run steps side by side take in one batch twice, or out of order, and close each other's runs. The lock is a
file in DAGSTER_HOME that the system releases when its holder ends, however it ends, and that says who holds it. A
daemon which nobody has started with `driftwatch ui` is known by its heartbeat in the instance.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import socket
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from dagster._daemon.controller import DEFAULT_HEARTBEAT_INTERVAL_SECONDS
from dagster._daemon.daemon import SensorDaemon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import dagster as dg

LOCK_FILE = "driftwatch.lock"
DAEMON_COMMAND = "driftwatch ui"
_SLACK_SECONDS = 10.0
_LOOK_SECONDS = 0.5


class InstanceBusy(RuntimeError):  # noqa: N818 - named for what was found
    """Another process is at work on the instance."""


@dataclass(frozen=True)
class Holder:
    """Who holds an instance.

    Attributes
    ----------
    command
        What was called, such as ``driftwatch ui``.
    host, pid
        Its process.
    since
        When it began, in UTC, as ISO 8601.

    Examples
    --------
    >>> str(Holder("driftwatch ui", "desk", 4711, "2024-03-01T12:00:00+00:00"))
    'driftwatch ui (process 4711 on desk, since 2024-03-01 12:00 UTC)'
    """

    command: str
    host: str
    pid: int
    since: str

    @property
    def is_daemon(self) -> bool:
        """Whether it runs a daemon, which beats."""
        return self.command == DAEMON_COMMAND

    def __str__(self) -> str:
        since = dt.datetime.fromisoformat(self.since)
        return f"{self.command} (process {self.pid} on {self.host}, since {since:%Y-%m-%d %H:%M} UTC)"


@contextmanager
def at_work(
    instance: dg.DagsterInstance,
    command: str,
    *,
    tell: Callable[[str], None],
    beat_seconds: float = DEFAULT_HEARTBEAT_INTERVAL_SECONDS,
) -> Iterator[IO[str]]:
    """Hold an instance while a command runs steps.

    A daemon that another way than `driftwatch ui` has started, on this machine or another, holds no lock: it beats. One
    that was heard of lately is waited for until it beats again, or has not for longer than it takes to, since it may
    have been stopped.

    Parameters
    ----------
    instance
        The instance; the lock lies in its root folder.
    command
        What is called, for the message to others.
    tell
        Is told, once, that there is a wait and why.
    beat_seconds
        How often a daemon beats.

    Yields
    ------
    IO
        The lock's file. A process that inherits its descriptor holds the lock on when the one that took it is killed.

    Raises
    ------
    InstanceBusy
        Somebody is at work on it; the message says who, and what to do.
    """
    home = Path(instance.root_directory)
    with (home / LOCK_FILE).open("a+", encoding="utf-8") as lock:
        before = _read(lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InstanceBusy(_busy(home, command, before)) from None
        if before is not None and before.is_daemon:
            # It was killed, and its daemon with it, since the lock is free: what beat was that one.
            instance.wipe_daemon_heartbeats()
        _check_no_daemon(instance, home, command, tell, beat_seconds)
        holder = Holder(command, socket.gethostname(), os.getpid(), dt.datetime.now(dt.UTC).isoformat())
        _write(lock, json.dumps(asdict(holder)))
        try:
            yield lock
        finally:
            if holder.is_daemon:
                instance.wipe_daemon_heartbeats()
            _write(lock, "")


def _check_no_daemon(
    instance: dg.DagsterInstance, home: Path, command: str, tell: Callable[[str], None], beat_seconds: float
) -> None:
    first = _last_beat(instance)
    if first is None or time.time() - first > beat_seconds + _SLACK_SECONDS:
        return
    tell(f"a Dagster daemon was heard of {time.time() - first:.0f} s ago: waiting whether it is still at work")
    while time.time() - first <= beat_seconds + _SLACK_SECONDS:
        last = _last_beat(instance)
        if last is not None and last > first:
            raise InstanceBusy(
                f"{command} would run steps beside a Dagster daemon, which is at work on the instance of {home}: "
                f"{_WHAT_TO_DO}"
            )
        time.sleep(_LOOK_SECONDS)


_WHAT_TO_DO = (
    "its sensors take in what lies in the landing folder, and batches are materialized again from an asset's "
    "partitions in the UI; or stop it first"
)


def _busy(home: Path, command: str, holder: Holder | None) -> str:
    who = "another process" if holder is None else str(holder)
    daemon = holder is not None and holder.is_daemon and command != DAEMON_COMMAND
    what = _WHAT_TO_DO if daemon else "wait until it has ended, or stop it first"
    return f"{command} would run steps beside {who}, which is at work on the instance of {home}: {what}"


def _last_beat(instance: dg.DagsterInstance) -> float | None:
    beat = instance.get_daemon_heartbeats().get(SensorDaemon.daemon_type())
    return None if beat is None else float(beat.timestamp)


def _read(lock: IO[str]) -> Holder | None:
    lock.seek(0)
    try:
        return Holder(**json.loads(lock.read()))
    except (ValueError, TypeError):
        return None


def _write(lock: IO[str], content: str) -> None:
    lock.seek(0)
    lock.truncate()
    lock.write(content)
    lock.flush()
