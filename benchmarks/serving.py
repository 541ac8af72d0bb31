"""Measure the prediction service under load, with `wrk` beside it on the same machine; exit 1 when a bar is missed.

Run it with ``python -m benchmarks.serving``. It replays the simulated iris batches into a folder of its own, starts
``driftwatch serve`` on what came of it, and writes its part of ``benchmarks/results.md``. wrk sends a connection's next
request when the one before is answered.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from benchmarks.bars import Bar
from benchmarks.page import bars_table, exit_status, table, write_part
from benchmarks.places import environment_in
from benchmarks.processor import describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
DRIFTWATCH = Path(sys.executable).parent / "driftwatch"
CONNECTIONS = (1, 4, 16)
OF_THE_BARS = 4
START_SECONDS = 240.0
TITLE = "The prediction service under load"
PAGE = """\
# {title}

`make bench` on {date}; {processor}; load average {load:.1f} before the start; {wrk} beside it.
One record of the iris model a request, each logged before it is answered; a connection sends its next request when the
one before is answered. The first champion is what the replay of the simulated batches promoted; the forest of 100 trees
is the slowest declared candidate. The champion changed while {promoted:,} requests were answered.

{measured}

{bars}
"""


@dataclass(frozen=True)
class Load:
    """What `wrk` measured; times in seconds."""

    champion: str
    connections: int
    requests: int
    seconds: float
    failed: int
    median: float
    p99: float
    slowest: float

    @property
    def rate(self) -> float:
        """Answered requests a second."""
        return self.requests / self.seconds


def wrk(address: str, connections: int, seconds: int) -> subprocess.Popen[str]:
    """Start to ask."""
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "20s"]
    command += ["-s", str(HERE / "serving.lua"), f"{address}/v1/models/iris/predict"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def told(asking: subprocess.Popen[str], champion: str, connections: int) -> Load:
    """Wait for the end, and read what was measured.

    Raises
    ------
    RuntimeError
        When wrk failed.

    """
    said, _ = asking.communicate()
    if asking.returncode:
        message = f"wrk ended with {asking.returncode}: {said[-1000:]}"
        raise RuntimeError(message)
    return Load(champion, connections, **json.loads(said.strip().splitlines()[-1]))


@contextmanager
def serving() -> Iterator[str]:
    """Give the address of the service as its command starts it, once it has a champion."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    started = subprocess.Popen([DRIFTWATCH, "serve", "--port", str(port)])
    try:
        deadline = time.monotonic() + START_SECONDS
        while _candidate(address) is None:
            if started.poll() is not None or time.monotonic() > deadline:
                message = "the service did not start"
                raise RuntimeError(message)
            time.sleep(0.2)
        yield address
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(START_SECONDS)


def _candidate(address: str) -> str | None:
    try:
        champion = httpx.get(f"{address}/v1/models/iris", timeout=20).raise_for_status().json()["champion"]
    except httpx.TransportError:
        return None
    return None if champion is None else str(champion["candidate"])


def promote_forest() -> None:
    """Train the forest on the newest batch, and promote it whatever the gates would say."""
    from driftwatch_assets.components.models import monitored_models  # noqa: PLC0415 - reads the environment made below
    from driftwatch_assets.definitions import places_of  # noqa: PLC0415 - as above
    from driftwatch_assets.settings import Settings  # noqa: PLC0415 - as above
    from driftwatch_assets.steps import learn  # noqa: PLC0415 - as above

    watched = monitored_models()["iris"].watch(places_of(Settings.from_environment()))
    training = watched.declaration.training
    chosen = tuple(one for one in training.candidates if one.name == "random_forest")
    gates = training.gates.model_copy(update={"minimum": None, "must_beat_champion": False})
    training = training.model_copy(update={"candidates": chosen, "gates": gates})
    free = replace(watched, declaration=watched.declaration.model_copy(update={"training": training}))
    batch = free.lake.batches(free.tables.gold)[-1]
    with free.registry.run(f"through {batch}"):
        learn(free, batch)


def logged() -> int:
    """Count the answers that the log brought into the lake."""
    from driftwatch_assets.lake import Lake  # noqa: PLC0415 - as above

    lake = Lake(os.environ["DRIFTWATCH_LAKE"])
    return sum(lake.rows("iris/served", hour) for hour in lake.batches("iris/served"))


def measure(seconds: int) -> tuple[list[Load], Load, float]:
    """Measure the champion of the replay, then a promotion under load and after how long it is served, then it."""
    subprocess.run([DRIFTWATCH, "replay", "iris"], check=True)
    with serving() as address:
        chosen = str(_candidate(address))
        told(wrk(address, OF_THE_BARS, 3), chosen, OF_THE_BARS)
        loads = [told(wrk(address, one, seconds), chosen, one) for one in CONNECTIONS]
        asking = wrk(address, OF_THE_BARS, seconds)
        promote_forest()
        begun = time.monotonic()
        while _candidate(address) != "random_forest":
            time.sleep(0.05)
        served_after = time.monotonic() - begun
        promotion = told(asking, chosen, OF_THE_BARS)
        loads += [told(wrk(address, one, seconds), "random_forest", one) for one in CONNECTIONS]
    return loads, promotion, served_after


def hold_against_bars(loads: Sequence[Load], promotion: Load, served_after: float, rows: int) -> list[Bar]:
    """Hold the measurements against what was promised."""
    held = next(one for one in loads if one.connections == OF_THE_BARS)
    everything = [*loads, promotion]
    answered = sum(one.requests - one.failed for one in everything)
    of_these = f"{held.champion}, {OF_THE_BARS} connections"
    return [
        Bar(f"{of_these}: requests a second", held.rate, 300, at_least=True),
        Bar(f"{of_these}: p99, milliseconds", held.p99 * 1000, 25),
        Bar("seconds after which a promotion is served", served_after, 5),
        Bar("failed requests, the promotion's too", sum(one.failed for one in everything), 0),
        Bar("answers that the log does not have", max(0, answered - rows), 0),
    ]


def main() -> int:
    """Measure, print, write; give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trial", action="store_true", help="short measurements; nothing is written")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is not installed (apt package wrk)", file=sys.stderr)
        return 1
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="driftwatch-bench-") as name:
        folder = Path(name)
        environment = environment_in(folder)
        os.environ.clear()
        os.environ |= environment
        loads, promotion, served_after = measure(2 if options.trial else 15)
        bars = hold_against_bars(loads, promotion, served_after, logged())
    text = PAGE.format(
        title=TITLE,
        date=dt.datetime.now(tz=dt.UTC).date(),
        processor=describe(),
        load=load,
        wrk=subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout.split(" [")[0],
        promoted=promotion.requests,
        measured=table(
            ("champion", "connections", "requests/s", "median ms", "p99 ms", "slowest ms", "failed"),
            [
                (
                    one.champion.replace("_", " "),
                    f"{one.connections}",
                    f"{one.rate:,.0f}",
                    *(f"{value * 1000:.1f}" for value in (one.median, one.p99, one.slowest)),
                    f"{one.failed}",
                )
                for one in loads
            ],
        ),
        bars=bars_table(bars),
    )
    print("\n" + text)
    if not options.trial:
        write_part(HERE / "results.md", text)
    return exit_status(bars)


if __name__ == "__main__":
    sys.exit(main())
