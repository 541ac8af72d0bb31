"""What a validation does to its process: nothing that anybody would notice, and in time."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from driftwatch_assets_tests.quality.conftest import SENSORS, judge
from driftwatch_assets_tests.quality.test_dirt import WHOLE

ALONE = """
import logging, socket, sys, warnings
def refuse(*_): raise AssertionError("a validation asked for the network")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
show = warnings.showwarning
import pandas as pd
from driftwatch_assets.quality import parse_suite, validate
suite = parse_suite([{"expect": "row_count", "min": 1}, {"expect": "not_null", "columns": "all"}])
report = validate(pd.DataFrame({"a": [1, 2], "b": [3, 4]}), suite, table="t", batch="1")
assert report.passed and "great_expectations" in sys.modules
assert warnings.showwarning is show
try:
    suite = parse_suite([{"expect": "unique", "columns": ["a", "b"]}])
    validate(pd.DataFrame({"a": [[1], [2]], "b": 1}), suite, table="t", batch="1")
except Exception as error:
    print(type(error).__name__)
"""


def test_a_validation_is_silent_and_writes_and_asks_nothing(tmp_path: Path) -> None:
    home, here, temporary = (tmp_path / name for name in ("home", "here", "temporary"))
    for folder in (home, here, temporary):
        folder.mkdir()
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(temporary), "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ALONE],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == "SuiteCrashed\n"
    assert list(home.rglob("*")) == []
    assert list(here.rglob("*")) == []
    assert list(temporary.rglob("*")) == []


def _spoilt(number: int) -> pd.DataFrame:
    rng = np.random.default_rng(number)
    frame = pd.DataFrame(rng.uniform(-1, 1, size=(100, len(SENSORS))), columns=list(SENSORS))
    frame.insert(0, "gas", "ethanol")
    frame.insert(0, "reading", np.arange(1, 101))
    frame.loc[: number - 1, "s005"] = 99.0
    return frame


def _found(number: int) -> int:
    return int(judge(_spoilt(number), *WHOLE).verdicts[4].observed["unexpected_count"])


def test_threads_get_the_verdict_on_their_own_table() -> None:
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(_found, range(24))) == list(range(24))


def test_another_project_of_the_process_takes_nothing_from_it() -> None:
    assert _found(3) == 3
    import great_expectations as gx  # noqa: PLC0415 - slow to load

    gx.get_context(mode="ephemeral")
    assert _found(5) == 5


def test_processes_get_the_verdict_on_their_own_table() -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(_found, range(4))) == list(range(4))
