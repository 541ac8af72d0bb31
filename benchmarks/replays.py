"""Measure a replay of each shipped model, and how long the code location loads; exit 1 when a bar is missed.

Run it with ``python -m benchmarks.replays`` on an idle machine. Each replay is a process of its own with folders of its
own: of the real batches where they lie below ``DRIFTWATCH_REAL_DATA``, else of the simulator's. It writes its part of
``benchmarks/results.md``; with ``--model`` it measures that model alone and writes nothing.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bars import Bar
from benchmarks.page import bars_table, exit_status, table, write_part
from benchmarks.places import environment_in
from benchmarks.processor import describe

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
DRIFTWATCH = Path(sys.executable).parent / "driftwatch"
WALL_SECONDS = {
    "gas_sensors": 150.0,
    "loan_default": 120.0,
    "loan_eligibility": 60.0,
    "traffic_accidents": 45.0,
    "iris": 20.0,
}
"""How long a replay of all batches of a model may take."""
PEAK_GIGABYTES = 1.5
LOAD_SECONDS = 6.0
LOADS = 3
LOAD = "from driftwatch_assets.definitions import defs; defs().get_repository_def()"
TITLE = "Replays"
PAGE = """\
# {title}

`make bench` on {date}; {processor}; load average {load:.1f} before the start. `driftwatch replay MODEL` as a process
of its own, from its start to its end, into folders that are empty but for the batches: all the real ones, or the
simulator's where there are none. Memory is that of its largest process.

{measured}

{bars}
"""


@dataclass(frozen=True)
class Took:
    """What a process took.

    Attributes
    ----------
    wall_seconds, cpu_seconds
        From its start to its end, and of all processors, its own processes' too.
    peak_bytes
        Memory of the largest of its processes.

    """

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class Replay:
    """What the replay of a model took, and of which data."""

    model: str
    data: str
    took: Took


def took(command: Sequence[str | Path], environment: dict[str, str], log: Path) -> Took:
    """Run a process to its end.

    Raises
    ------
    RuntimeError
        When it failed.

    """
    with log.open("wb") as said:
        begun = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        text = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        message = f"{' '.join(map(str, command))} ended with {process.returncode}: {text}"
        raise RuntimeError(message)
    return Took(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def replayed(model: str, real: Path, folder: Path) -> Replay:
    """Replay a model in an empty folder, the real batches where a folder has them."""
    environment = environment_in(folder)
    found = (real / model).is_dir() and any((real / model).iterdir())
    if found:
        shutil.copytree(real / model, folder / "landing" / model)
    used = took([DRIFTWATCH, "replay", model], environment, folder / "replay.log")
    return Replay(model, "real" if found else "simulated", used)


def loaded(folder: Path) -> float:
    """Load the code location as a process of its own; give the seconds of the median of a few."""
    environment = environment_in(folder)
    command = [sys.executable, "-W", "ignore", "-c", LOAD]
    return sorted(took(command, environment, folder / "load.log").wall_seconds for _ in range(LOADS))[LOADS // 2]


def hold_against_bars(replays: Sequence[Replay], load_seconds: float) -> list[Bar]:
    """Hold the measurements against what was promised."""
    return [
        *(Bar(f"{one.model}: seconds", one.took.wall_seconds, WALL_SECONDS[one.model]) for one in replays),
        *(Bar(f"{one.model}: peak, GB", one.took.peak_bytes / 1e9, PEAK_GIGABYTES) for one in replays),
        Bar("the code location is loaded, seconds", load_seconds, LOAD_SECONDS),
    ]


def main() -> int:
    """Measure, print, write; give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=WALL_SECONDS, help="measure this model alone; nothing is written")
    options = parser.parse_args()
    real = Path(os.environ.get("DRIFTWATCH_REAL_DATA", HERE.parents[1] / "shared" / "data"))
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="driftwatch-bench-") as name:
        load_seconds = loaded(Path(name) / "load")
        models = [options.model] if options.model else list(WALL_SECONDS)
        replays = [replayed(model, real, Path(name) / model) for model in models]
    bars = hold_against_bars(replays, load_seconds)
    text = PAGE.format(
        title=TITLE,
        date=dt.datetime.now(tz=dt.UTC).date(),
        processor=describe(),
        load=load,
        measured=table(
            ("model", "data", "wall s", "CPU s", "peak GB"),
            [
                (
                    one.model,
                    one.data,
                    f"{one.took.wall_seconds:.1f}",
                    f"{one.took.cpu_seconds:.1f}",
                    f"{one.took.peak_bytes / 1e9:.2f}",
                )
                for one in replays
            ],
        ),
        bars=bars_table(bars),
    )
    print("\n" + text)
    if options.model is None:
        write_part(HERE / "results.md", text)
    return exit_status(bars)


if __name__ == "__main__":
    sys.exit(main())
