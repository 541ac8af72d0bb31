"""Folders of a moment: those of dead processes go, those of living ones stay."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from driftwatch_assets.scratch import remove_abandoned, scratch_folder

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_HELD = """
import sys
from driftwatch_assets.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "model.skops").write_bytes(b"half")
    print(folder, flush=True)
    sys.stdin.read()
"""


def test_a_folder_stays_while_its_process_lives_and_goes_when_it_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "driftwatch-of-somebody-else").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", _HELD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        held = process.stdout.readline().strip()
        with scratch_folder() as own:
            (own / "file").write_text("")
            remove_abandoned()
            assert {str(path) for path in tmp_path.iterdir()} >= {held, str(own)}
        assert not own.exists()
        process.kill()
        process.communicate()
    remove_abandoned()
    assert [path.name for path in tmp_path.iterdir()] == ["driftwatch-of-somebody-else"]
