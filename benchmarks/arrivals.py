"""Measure how long a delivery lies before the daemon sees it, with five models and a training; exit 1 over the bar.

Run it with ``python -m benchmarks.arrivals`` on an idle machine. It starts ``driftwatch ui`` in folders of its own,
lets the first batches of one model arrive, and while the training that they ask for runs, drops five deliveries of
another model and measures when each has become a partition. It writes its part of ``benchmarks/results.md``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from benchmarks.bars import Bar
from benchmarks.page import bars_table, exit_status, table, write_part
from benchmarks.places import environment_in
from benchmarks.processor import describe

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
DRIFTWATCH = Path(sys.executable).parent / "driftwatch"
TRAINED, ARRIVING = "gas_sensors", "iris"
ARRIVALS = 5
SEEN_SECONDS = 15.0
_BETWEEN_SECONDS = 2.0
_PATIENCE_SECONDS = 900.0
TITLE = "Arrivals"
PAGE = """\
# {title}

`make bench` on {date}; {processor}; load average {load:.1f} before the start. `driftwatch ui` with the five shipped
models; seconds from the drop of a delivery of {arriving} until it is a partition, while a training of {trained} runs. A
file has to rest for five seconds before it is taken.

{measured}

{bars}
"""


@dataclass(frozen=True)
class Seen:
    """One delivery: how long it lay before it was seen, and whether the training ran when it was dropped."""

    batch: str
    seconds: float
    training_ran: bool


def main() -> int:
    """Measure, print, write; give the exit code."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="driftwatch-bench-") as name:
        seen = measured(Path(name))
    beside = [one for one in seen if one.training_ran]
    bars = [
        Bar("deliveries that were dropped while the training ran", len(beside), ARRIVALS, at_least=True),
        Bar("a delivery is seen, seconds, median", statistics.median(one.seconds for one in seen), SEEN_SECONDS),
    ]
    text = PAGE.format(
        title=TITLE,
        date=dt.datetime.now(tz=dt.UTC).date(),
        processor=describe(),
        load=load,
        arriving=ARRIVING,
        trained=TRAINED,
        measured=table(("delivery", "seconds"), [(one.batch, f"{one.seconds:.1f}") for one in seen]),
        bars=bars_table(bars),
    )
    print("\n" + text)
    write_part(HERE / "results.md", text)
    return exit_status(bars)


def measured(folder: Path) -> list[Seen]:
    """Run the live system in an empty folder, and measure when each delivery is seen."""
    environment = environment_in(folder)
    ports = _free_ports()
    environment["DRIFTWATCH_REPORTS_URL"] = f"http://127.0.0.1:{ports[1]}"
    landing = folder / "landing"
    for model in (TRAINED, ARRIVING):
        command = [DRIFTWATCH, "simulate", model, "--to", folder / model]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    shutil.copytree(folder / TRAINED, landing / TRAINED)
    waiting = sorted(path for path in (folder / ARRIVING).iterdir() if not path.name.startswith("."))[:ARRIVALS]
    with (folder / "ui.log").open("wb") as log:
        ui = subprocess.Popen(
            [DRIFTWATCH, "ui", "--port", str(ports[0])], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _until("the instance is made", (folder / "dagster" / "driftwatch.lock").exists)
        with dg.DagsterInstance.from_config(str(folder / "dagster")) as instance:
            _until("a training runs", lambda: _training(instance))
            return _dropped(instance, waiting, landing / ARRIVING)
    finally:
        ui.send_signal(signal.SIGTERM)
        ui.wait()


def _dropped(instance: dg.DagsterInstance, files: list[Path], landing: Path) -> list[Seen]:
    landing.mkdir(parents=True, exist_ok=True)
    dropped: dict[str, tuple[float, bool]] = {}
    seen: dict[str, Seen] = {}
    batches = f"{ARRIVING}_batch"
    left, known, next_at = [*files], {*instance.get_dynamic_partitions(batches)}, time.monotonic()
    order: list[str] = []

    def all_seen() -> bool:
        nonlocal next_at
        now = time.monotonic()
        if left and now >= next_at:
            path = left.pop(0)
            shutil.copyfile(path, landing / path.name)
            order.append(path.name)
            dropped[path.name] = (now, _training(instance))
            next_at = now + _BETWEEN_SECONDS
        # Batches are taken in their order, which is that of the files.
        for batch in instance.get_dynamic_partitions(batches):
            if batch not in known and batch not in seen:
                at, training_ran = dropped[order[len(seen)]]
                seen[batch] = Seen(batch, now - at, training_ran)
        return len(seen) == len(files)

    _until("all deliveries are seen", all_seen)
    return list(seen.values())


def _training(instance: dg.DagsterInstance) -> bool:
    filters = dg.RunsFilter(job_name=f"{TRAINED}_training", statuses=[dg.DagsterRunStatus.STARTED])
    return bool(instance.get_runs(filters, limit=1))


def _until(what: str, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not reached():
        if time.monotonic() > deadline:
            message = f"waited until {what}: {_PATIENCE_SECONDS:.0f} s were not enough"
            raise TimeoutError(message)
        time.sleep(0.2)


def _free_ports() -> list[int]:
    held = [socket.socket() for _ in range(2)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


if __name__ == "__main__":
    sys.exit(main())
