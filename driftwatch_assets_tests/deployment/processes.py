"""Real servers as processes on loopback: started, waited for, and ended by their own process ids."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import httpx
import psutil

from driftwatch_assets.settings import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

START_SECONDS = 900.0
"""Several times what a quiet machine with two cores needs."""

STOP_SECONDS = 600.0
"""Dagster and Celery answer first what they are being asked, for a minute where it takes one."""

_POLL_SECONDS = 0.1
_LOG_CHARACTERS = 6000


class NotReached(AssertionError):  # noqa: N818 - named for what is the matter
    """A server did not get where it should; the message has what it said."""


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def answers(url: str) -> Callable[[], bool]:
    """Give a question whether an address answers, with any status below 500."""

    def asked() -> bool:
        try:
            return httpx.get(url, timeout=10).status_code < 500
        except httpx.TransportError:
            return False

    return asked


def listens(port: int) -> Callable[[], bool]:
    """Give a question whether somebody takes connections on a port."""

    def asked() -> bool:
        with socket.socket() as one:
            one.settimeout(1)
            return one.connect_ex(("127.0.0.1", port)) == 0

    return asked


@dataclass
class Server:
    """A process of a command, with all that it starts; ends with the block, by its own process ids."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    cwd: Path = PROJECT
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command],
                cwd=self.cwd,
                env={**self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def family(self) -> list[psutil.Process]:
        """Give the process and all that it started, as they are now."""
        process = self.process
        if process is None or process.poll() is not None:
            return []
        own = psutil.Process(process.pid)
        return [own, *own.children(recursive=True)]

    def stop(self) -> int:
        """Ask the process to end, as a container engine does; what does not is killed."""
        process, family = self.process, self.family()
        if process is None:
            return 0
        self.process = None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        _, left = psutil.wait_procs(family, timeout=1)
        for one in left:
            one.kill()
        return status

    def kill(self) -> None:
        """End the process and all that it started at once, as a machine that loses its power does."""
        process, family = self.process, self.family()
        assert process is not None
        self.process = None
        for one in family:
            one.suspend()
        for one in family:
            one.kill()
        process.wait()

    def until(self, what: str, reached: Callable[[], object], seconds: float = START_SECONDS) -> None:
        """Wait for something true of a server that goes on running.

        Raises
        ------
        NotReached
            It did not become true in time, or the process ended.

        """
        deadline = time.monotonic() + seconds
        while not reached():
            ended = self.process is None or self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                why = "its process ended" if ended else f"{seconds:.0f} s were not enough"
                said = self.log.read_text(errors="replace")[-_LOG_CHARACTERS:]
                raise NotReached(f"{self.name}: waited until {what}: {why}\n{said}")
            time.sleep(_POLL_SECONDS)


def inherited(without: Sequence[str] = ("DRIFTWATCH_", "DAGSTER_", "MLFLOW_", "AWS_", "POSTGRES_")) -> dict[str, str]:
    """Give this process's environment without what would set the project up."""
    return {name: value for name, value in os.environ.items() if not name.startswith(tuple(without))}
