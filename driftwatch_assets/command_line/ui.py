"""Webserver, daemon and report server, started together and stopped together."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from driftwatch_assets.command_line.instance import open_instance
from driftwatch_assets.components.models import monitored_models
from driftwatch_assets.settings import PROJECT, Settings

if TYPE_CHECKING:
    from rich.console import Console

_POLL_SECONDS = 0.5
_STOP_SECONDS = 20


def run_ui(host: str, port: int, *, console: Console) -> int:
    """Run the three servers until one ends or a signal comes; the exit status is 1 when one died."""
    settings = Settings.from_environment()
    with open_instance(settings):
        pass
    for model in monitored_models():
        (settings.landing / model).mkdir(parents=True, exist_ok=True)
    binaries = Path(sys.executable).parent
    workspace = str(PROJECT / "workspace.yaml")
    reports_port = str(urlsplit(settings.reports_url).port or 3070)
    commands = {
        "webserver": [binaries / "dagster-webserver", "-w", workspace, "-h", host, "-p", str(port)],
        "daemon": [binaries / "dagster-daemon", "run", "-w", workspace],
        "reports": [binaries / "driftwatch", "serve", "--host", host, "--port", reports_port],
    }
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(signal.SIGTERM))
    processes = {
        name: subprocess.Popen([str(part) for part in command], cwd=PROJECT)  # noqa: S603 - our own commands
        for name, command in commands.items()
    }
    console.print(f"Dagster: http://{host}:{port}   reports: {settings.reports_url}   Ctrl-C stops both")
    try:
        while not stopped and all(process.poll() is None for process in processes.values()):
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        stopped.append(signal.SIGINT)
    dead = [name for name, process in processes.items() if process.poll() is not None]
    for process in processes.values():
        if process.poll() is None:
            process.terminate()
    for process in processes.values():
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    if stopped or not dead:
        return 0
    console.print(f"{', '.join(dead)} ended; what it said stands above", style="red")
    return 1
