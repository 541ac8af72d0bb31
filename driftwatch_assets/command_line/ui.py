"""Webserver, daemon and report server, started together and stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from driftwatch_assets.command_line.instance import open_instance
from driftwatch_assets.components.instance_lock import DAEMON_COMMAND, at_work
from driftwatch_assets.components.models import monitored_models
from driftwatch_assets.components.processes import stop_runs_here
from driftwatch_assets.settings import PROJECT, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    import dagster as dg
    from rich.console import Console

_POLL_SECONDS = 0.2
_STOP_SECONDS = 2.0


def run_ui(host: str, port: int, *, console: Console) -> int:
    """Run the three servers until one ends or a signal comes; the exit status is 1 when one died.

    Raises
    ------
    driftwatch_assets.components.instance_lock.InstanceBusy
        Another daemon, or a command that runs steps, is at work on the instance.
    """
    settings = Settings.from_environment()
    for model in monitored_models():
        (settings.landing / model).mkdir(parents=True, exist_ok=True)
    with open_instance(settings) as instance, at_work(instance, DAEMON_COMMAND, tell=console.print) as lock:
        return _run(host, port, settings, console, instance, lock.fileno())


def _run(host: str, port: int, settings: Settings, console: Console, instance: dg.DagsterInstance, lock: int) -> int:
    binaries = Path(sys.executable).parent
    workspace = str(PROJECT / "workspace.yaml")
    reports_port = str(urlsplit(settings.reports_url).port or 3070)
    commands = {
        "webserver": [binaries / "dagster-webserver", "-w", workspace, "-h", host, "-p", str(port)],
        "daemon": [binaries / "dagster-daemon", "run", "-w", workspace],
        "reports": [binaries / "driftwatch", "serve", "--host", host, "--port", reports_port],
    }
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    # Each gets a session of its own: Ctrl-C is this process's to hear of. While the daemon lives the lock is held.
    processes = {
        name: subprocess.Popen(  # noqa: S603 - our own commands
            [str(part) for part in command],
            cwd=PROJECT,
            start_new_session=True,
            pass_fds=(lock,) if name == "daemon" else (),
        )
        for name, command in commands.items()
    }
    console.print(f"Dagster: http://{host}:{port}   reports: {settings.reports_url}   Ctrl-C stops both")
    while not stopped.wait(_POLL_SECONDS) and all(process.poll() is None for process in processes.values()):
        pass
    dead = [name for name, process in processes.items() if process.poll() is not None]
    interrupted = _end(processes, instance)
    if stopped.is_set() or not dead:
        under_way = f"{', '.join(interrupted)} had begun; " if interrupted else ""
        console.print(
            f"stopped: what is stored is whole; {under_way}driftwatch ui goes on from there",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        return 0
    console.print(f"{', '.join(dead)} ended; what it said stands above", style="red")
    return 1


def _end(processes: Mapping[str, subprocess.Popen[bytes]], instance: dg.DagsterInstance) -> list[str]:
    """End the servers with all that they have started, the daemon first, and give what its runs were at."""
    # Killed, not asked to end: while a daemon ends it fails the runs that it cannot launch any more.
    processes["daemon"].kill()
    interrupted = stop_runs_here(instance)
    _kill_group(processes["daemon"])
    for process in processes.values():
        process.terminate()
    deadline = time.monotonic() + _STOP_SECONDS
    for process in processes.values():
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
    for process in processes.values():
        _kill_group(process)
    return interrupted


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a server with its code server and the workers of runs, which may outlive it: they are of its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
