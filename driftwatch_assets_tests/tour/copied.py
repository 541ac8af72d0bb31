"""A copy of what git keeps of the project, in which the commands of the README are run as they stand."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests.deployment.processes import Server

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMAND_SECONDS = 1800
START_SECONDS = 600
"""Many times what a quiet machine needs."""

_PROGRAMS = Path(sys.executable).parent
_NOT_HANDED_ON = ("DRIFTWATCH_", "DAGSTER_", "MLFLOW_", "PYTEST_", "MAKE", "COLUMNS")


@dataclass(frozen=True)
class Copied:
    """A folder with the project; what it stores lies at the default places below it."""

    project: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def into(cls, folder: Path) -> Copied:
        """Copy the project, and give it the virtual environment that runs the tests."""
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True)
        for name in filter(None, listed.stdout.split("\0")):
            if (PROJECT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(PROJECT / name, folder / name)
        (folder / ".venv").mkdir()
        for part in ("bin", "lib", "pyvenv.cfg"):
            (folder / ".venv" / part).symlink_to(_PROGRAMS.parent / part)
        # Newer than what it is made of, so that make takes it for set up.
        (folder / ".venv" / ".ready").touch()
        copied = cls(folder)
        where = copied.run("python -c 'print(__import__(\"driftwatch_assets\").__file__)'")
        assert where.stdout.strip() == str(folder / "driftwatch_assets" / "__init__.py"), where.stderr
        return copied

    def at(self, **settings: str) -> Copied:
        """Give the same with settings of its environment."""
        return Copied(self.project, {**self.settings, **settings})

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_HANDED_ON)}
        own = {
            # The copy comes before the project that is installed in the virtual environment.
            "PYTHONPATH": str(self.project),
            "PATH": f"{_PROGRAMS}{os.pathsep}{os.environ['PATH']}",
            "VIRTUAL_ENV": str(_PROGRAMS.parent),
            "COLUMNS": "200",
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "GX_ANALYTICS_ENABLED": "false",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
        return {**kept, **own, **self.settings}

    def run(self, command: str, seconds: float = COMMAND_SECONDS) -> subprocess.CompletedProcess[str]:
        """Run a command in the project's folder, as a person does in a shell."""
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.project,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def succeeds(self, command: str) -> str:
        """Run a command that must end well, and give what it printed."""
        done = self.run(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def server(self, command: str) -> Server:
        """Give a command that goes on until its block ends."""
        name = command.replace("/", " ").split()[-1]
        log = self.project.parent / f"{name}-{free_port()}.log"
        return Server(command, ["bash", "-c", f"exec {command}"], log, self.environment, cwd=self.project)


def free_port() -> int:
    """Give a port of loopback that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def is_free(port: int) -> bool:
    """Tell whether a port of loopback can be listened on."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
