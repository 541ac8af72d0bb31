"""Measure the drift engine beside its peers, on identical Parquet files, in one run; exit 1 when a bar is missed.

Run it with ``python -m benchmarks.drift``. It makes the peers' environments when they are missing, prints its progress,
and writes its part of ``benchmarks/results.md``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import false_alarms
from benchmarks.bars import hold_against_bars
from benchmarks.environments import interpreter
from benchmarks.page import exit_status, render, write_part
from benchmarks.processor import one_thread, sorting_times
from benchmarks.workloads import W1, W2

HERE = Path(__file__).parent
SCIPY_COLUMNS_OF_W2 = 2


def run(python: str | Path, script: str, *arguments: object, disabled: str) -> dict[str, Any]:
    """Run a contestant in a process of its own, and read its measurements."""
    command = [str(python), str(HERE / "contestants" / f"{script}.py"), *map(str, arguments)]
    print(f"  {script} {' '.join(map(str, arguments[2:]))}".rstrip(), end=" ", flush=True)
    start = time.monotonic()
    done = subprocess.run(command, env=one_thread(disabled), capture_output=True, text=True, check=False)
    if done.returncode:
        print("failed")
        raise RuntimeError(f"{script} failed:\n{done.stderr.strip()[-3000:]}")
    print(f"({time.monotonic() - start:.0f} s)", flush=True)
    measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured


def by_name(*measured: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Put the rows of several runs together; of a row that was measured twice the mean counts."""
    rows: dict[str, dict[str, Any]] = {}
    for row in (row for each in measured for row in each["rows"]):
        if row["name"] in rows and "seconds" in row:
            row = {**row, "seconds": (row["seconds"] + rows[row["name"]]["seconds"]) / 2}  # noqa: PLW2901 - one row, twice measured
        rows[row["name"]] = row
    return rows


def main() -> int:
    """Measure, print, write; give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without-peers", action="store_true", help="SciPy only; nothing is installed or written")
    options = parser.parse_args()
    peers = {} if options.without_peers else {"evidently": interpreter("evidently")}
    if peers and sys.version_info < (3, 13):  # Frouros 0.9 does not install on 3.13
        peers["frouros"] = interpreter("frouros")
    times = sorting_times()
    disabled = min(times, key=lambda setting: times[setting])
    scripts = {"evidently": "evidently_presets", "frouros": "frouros_detectors"}
    with tempfile.TemporaryDirectory(prefix="driftwatch-bench-") as name:
        folder = Path(name)
        print("W1: reference 6,000 x 128, batch 3,600 x 128")
        files = W1.write(folder)
        as_it_comes = run(sys.executable, "driftwatch", *files, 30, disabled="")
        first = run(sys.executable, "driftwatch", *files, 30, disabled=disabled)
        others = [run(sys.executable, "scipy_loop", *files, 128, 3, disabled=disabled)]
        others += [run(python, scripts[peer], *files, disabled=disabled) for peer, python in peers.items()]
        last = run(sys.executable, "driftwatch", *files, 30, disabled=disabled)
        small = by_name(first, last, *others)
        print("W2: reference 1,000,000 x 128, batch 100,000 x 128", flush=True)
        files = W2.write(folder)
        large = by_name(
            run(sys.executable, "driftwatch", *files, 3, disabled=disabled),
            run(sys.executable, "scipy_loop", *files, SCIPY_COLUMNS_OF_W2, 1, disabled=disabled),
        )
    records = false_alarms.measure()
    bars = hold_against_bars(small, large, records)
    versions = {key: version for each in [*others, first] for key, version in each["versions"].items()}
    text = render(
        small,
        large,
        records,
        bars,
        versions=versions,
        sorting=times,
        as_it_comes=by_name(as_it_comes),
        scipy_columns=SCIPY_COLUMNS_OF_W2,
    )
    print("\n" + text)
    if peers:
        write_part(HERE / "results.md", text)
    return exit_status(bars)


if __name__ == "__main__":
    sys.exit(main())
