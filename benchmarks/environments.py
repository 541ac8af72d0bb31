"""The peers' environments: each has its own, from its own hash-locked list, made when it is missing.

NannyML and alibi-detect are not among them: each brings a gigabyte of libraries that it does not need here, and pins
older ones of those that the others share.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE.parent / ".bench-venv"


def interpreter(peer: str) -> Path:
    """Give the Python of a peer's environment, which is made first when it is missing or out of date.

    Raises
    ------
    RuntimeError
        When it cannot be installed, with what pip said.
    """
    requirements = HERE / f"requirements-{peer}.txt"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    folder = FOLDER / peer
    python, stamp = folder / "bin" / "python", folder / "installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    print(f"setting up {folder} (once, a minute or two)", flush=True)
    venv.create(folder, clear=True, with_pip=True)
    pip = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
    ]
    done = subprocess.run([*pip, "-r", str(requirements)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{peer} could not be installed into {folder}:\n{done.stderr.strip()[-2000:]}")
    stamp.write_text(wanted)
    return python
