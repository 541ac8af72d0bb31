"""Killed writers, concurrent writers, and a storage that refuses: the lake stays readable and whole."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import fsspec
import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.lake import Lake, WriteFailed
from driftwatch_assets.lake.storage import STALE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = "m/gold"
ROWS = 20_000

COUNTING_WRITER = """
import sys
import numpy as np, pandas as pd
from driftwatch_assets.lake import Lake
url, table, start, rows, writes = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
lake = Lake(url)
for number in range(start, start + writes):
    frame = pd.DataFrame({f"x{at}": np.full(rows, float(number)) for at in range(8)})
    lake.write(table, "7", frame, {"writer": str(number)})
"""

KILLED_WRITERS = """
import os, signal, sys, time, random
import numpy as np, pandas as pd
from driftwatch_assets.lake import Lake
url, table, rows, kills = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
delays = random.Random(5)
for kill in range(kills):
    wrote, writes = os.pipe()
    child = os.fork()
    if child == 0:
        lake, number = Lake(url), kill * 1000
        while True:
            number += 1
            frame = pd.DataFrame({f"x{at}": np.full(rows, float(number)) for at in range(8)})
            lake.write(table, "7", frame, {"writer": str(number)})
            os.write(writes, b".")
    os.read(wrote, 1)
    time.sleep(delays.uniform(0.0, 0.08))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(wrote)
    os.close(writes)
    print(kill, flush=True)
"""


def numbered(number: float, rows: int = ROWS) -> pd.DataFrame:
    return pd.DataFrame({f"x{at}": np.full(rows, float(number)) for at in range(8)})


def assert_whole(frame: pd.DataFrame, rows: int = ROWS) -> None:
    assert frame.shape == (rows, 8)
    assert np.unique(frame.to_numpy()).size == 1


@contextlib.contextmanager
def running(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def temporaries(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(".")]


def test_writers_that_are_killed_at_any_moment_never_leave_an_unreadable_partition(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.write(TABLE, "7", numbered(-1), {})
    seen = set()
    with running(KILLED_WRITERS, tmp_path, TABLE, ROWS, 30) as killer:
        while killer.poll() is None:
            frame = lake.read(TABLE, "7")
            assert_whole(frame)
            assert lake.batches(TABLE) == ["7"]
            seen.add(frame.iloc[0, 0])
        assert killer.stdout is not None
        assert killer.stdout.read().split() == [str(kill) for kill in range(30)]
        assert killer.returncode == 0
    assert len(seen) > 1
    assert lake.read(TABLE, "7").iloc[0, 0] > 29_000

    lake.write(TABLE, "7", numbered(-2), {})
    assert_whole(lake.read(TABLE, "7"))


def test_two_processes_that_write_one_batch_leave_the_last_whole_one(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    seen = set()
    with (
        running(COUNTING_WRITER, tmp_path, TABLE, 1000, ROWS, 40) as one,
        running(COUNTING_WRITER, tmp_path, TABLE, 2000, ROWS, 40) as other,
    ):
        while one.poll() is None or other.poll() is None:
            if lake.exists(TABLE, "7"):
                frame = lake.read(TABLE, "7")
                assert_whole(frame)
                seen.add(frame.iloc[0, 0] // 1000)
        assert one.returncode == other.returncode == 0
    assert seen == {1, 2}
    assert lake.read(TABLE, "7").iloc[0, 0] in {1039, 2039}
    assert temporaries(tmp_path) == []


def test_a_file_size_limit_of_the_system_keeps_the_old_partition(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.write(TABLE, "7", numbered(1), {})
    limited = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
import numpy as np, pandas as pd
from driftwatch_assets.lake import Lake
Lake({str(tmp_path)!r}).write({TABLE!r}, "7", pd.DataFrame({{"x": np.random.default_rng(0).random(20_000)}}), {{}})
"""
    result = subprocess.run([sys.executable, "-c", limited], capture_output=True, text=True, check=False)

    assert "WriteFailed: table 'm/gold', batch '7' could not be written" in result.stderr
    assert "File too large" in result.stderr
    assert "What was stored there before is unchanged" in result.stderr
    assert_whole(lake.read(TABLE, "7"))
    assert temporaries(tmp_path) == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_keeps_the_old_partition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    lake = Lake(str(tmp_path))
    lake.write(TABLE, "7", numbered(1), {})

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), full)
        with pytest.raises(WriteFailed, match=r"batch '7' could not be written .* No space left on device"):
            lake.write(TABLE, "7", numbered(2), {})

    assert lake.read(TABLE, "7").iloc[0, 0] == 1
    assert temporaries(tmp_path) == []
    assert lake.write(TABLE, "7", numbered(2), {}).changed


def test_an_object_store_that_refuses_keeps_the_old_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake("memory://refusing")
    lake.write(TABLE, "7", numbered(1), {})

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Access denied")

    with monkeypatch.context() as patched:
        patched.setattr(fsspec.get_filesystem_class("memory"), "pipe_file", refused)
        with pytest.raises(WriteFailed, match=r"memory:///refusing/m/gold/batch=7/data.parquet .* Access denied"):
            lake.write(TABLE, "7", numbered(2), {})

    assert lake.read(TABLE, "7").iloc[0, 0] == 1


def test_a_lake_below_a_file_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("a file")

    with pytest.raises(WriteFailed, match=r"could not be written to .*lake/m/gold/batch=7/data.parquet"):
        Lake(str(tmp_path / "lake")).write(TABLE, "7", numbered(1), {})


def test_files_of_killed_writers_are_hidden_and_removed_when_they_are_old(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.write(TABLE, "7", numbered(1), {})
    folder = tmp_path / TABLE / "batch=7"
    old, young = folder / ".data.parquet.1.aa.tmp", folder / ".data.parquet.2.bb.tmp"
    for path in (old, young):
        path.write_bytes(b"half of it")
    past = time.time() - STALE_SECONDS - 60
    os.utime(old, (past, past))

    assert lake.files("m") == []
    assert lake.batches(TABLE) == ["7"]
    lake.write(TABLE, "7", numbered(2), {})
    assert temporaries(tmp_path) == [young]


def test_a_folder_without_a_whole_partition_is_no_batch(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    lake.write(TABLE, "7", numbered(1), {})
    (tmp_path / TABLE / "batch=8").mkdir()
    (tmp_path / TABLE / "batch=8" / ".data.parquet.1.aa.tmp").write_bytes(b"half")

    assert lake.batches(TABLE) == ["7"]
    assert not lake.exists(TABLE, "8")


def test_a_stored_partition_can_be_read_by_others(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        path = Path(Lake(str(tmp_path)).write(TABLE, "7", numbered(1), {}).uri)
    finally:
        os.umask(umask)

    assert path.stat().st_mode & 0o777 == 0o644
