"""The measurement of replays, as `make bench` starts it: what it holds against its bars, and that it runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.places import environment_in
from benchmarks.replays import WALL_SECONDS, Replay, Took, hold_against_bars, took
from driftwatch_assets.components.models import monitored_models
from driftwatch_assets.settings import PROJECT, Settings

MEGABYTE = 1_000_000


def test_every_shipped_model_has_its_bars() -> None:
    assert set(WALL_SECONDS) == set(monitored_models())
    within = [Replay(model, "real", Took(seconds, 1.0, 1500 * MEGABYTE)) for model, seconds in WALL_SECONDS.items()]
    assert [bar.name for bar in hold_against_bars(within, 6.0) if not bar.reached] == []
    missed = hold_against_bars([Replay("iris", "simulated", Took(20.1, 1.0, 1501 * MEGABYTE))], 6.1)
    assert [bar.name for bar in missed if not bar.reached] == [
        "iris: seconds",
        "iris: peak, GB",
        "the code location is loaded, seconds",
    ]


def test_what_a_process_took_is_its_own_and_that_of_its_processes(tmp_path: Path) -> None:
    child = f"x = bytearray({300 * MEGABYTE}); y = sum(range(3_000_000))"
    command = [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"]
    used = took(command, dict(os.environ), tmp_path / "log")
    assert used.peak_bytes > 300 * MEGABYTE
    assert used.cpu_seconds > 0.02
    assert used.wall_seconds > 0


def test_a_replay_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with 3: why"):
        took([sys.executable, "-c", "print('why'); raise SystemExit(3)"], dict(os.environ), tmp_path / "log")


def test_nothing_of_the_callers_places_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DRIFTWATCH_MONITORING_URL", "DRIFTWATCH_ALERT_CHANNELS_IRIS", "DAGSTER_POSTGRES_URL"):
        monkeypatch.setenv(name, "somebody's")
    given = environment_in(tmp_path / "own")
    assert "somebody's" not in given.values()
    settings = Settings.from_environment(given)
    places = (settings.landing, settings.lake, settings.dagster_home, settings.monitoring_file, settings.embedded)
    assert all(Path(place).is_relative_to(tmp_path / "own") for place in places)


@pytest.mark.soak
def test_a_model_is_measured_alone_and_nothing_is_written() -> None:
    page = PROJECT / "benchmarks" / "results.md"
    before = page.read_bytes()
    command = [sys.executable, "-m", "benchmarks.replays", "--model", "iris"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert "| iris | simulated | " in done.stdout, done.stderr[-2000:]
    assert "| iris: seconds | at most 20 | " in done.stdout
    assert page.read_bytes() == before
