"""Run something several times and say what it cost."""

from __future__ import annotations

import json
import statistics
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def cpu_seconds(work: Callable[[], Any], repeats: int, *, warm: bool = True) -> tuple[float, Any]:
    """Give the median CPU time of the process over some repeats, and the last result."""
    if warm:
        work()
    seconds = []
    result = None
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds), result


def report(rows: list[dict[str, Any]], packages: tuple[str, ...]) -> None:
    """Print the measurements on the last line of the output."""
    versions = {name: version(name) for name in (*packages, "numpy", "pandas")}
    sys.stdout.write("\n" + json.dumps({"rows": rows, "versions": versions}) + "\n")
