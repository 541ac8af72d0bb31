"""What interrupted a run is told from what it is to blame for: by real errors, as Dagster stores them."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import numpy as np
import pytest
from typer.testing import CliRunner

from driftwatch_assets.command_line import app
from driftwatch_assets.command_line.instance import open_instance
from driftwatch_assets.components import records
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import places_of
from driftwatch_assets.lake import Lake
from driftwatch_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch_assets.attempts import AttemptStatus

MODEL = "watched"
ARRIVAL = {records.MODEL_TAG: MODEL, records.PURPOSE_TAG: "arrival", records.BATCH_TAG: "1"}
LARGE = 1 << 52


@pytest.fixture(scope="module")
def storage() -> str:
    return "sqlite"


def _full_disk() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/lake/data.parquet")


def _few_descriptors() -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        Path("/etc/hostname").read_text()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def _no_processes() -> None:
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def _no_memory() -> None:
    np.ones(LARGE)


def _full_database() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("PRAGMA max_page_count = 1")
        database.execute("CREATE TABLE readings (value)")


def _absent_database() -> None:
    sqlite3.connect("/proc/nowhere/store.db")


def _lake_that_refuses() -> None:
    Lake("/proc/nowhere").write_file("reports/1.html", b"")


def _handled_on_the_way() -> None:
    try:
        _full_disk()
    except OSError as full:
        message = "the page could not be drawn"
        raise RuntimeError(message) from full


def _asked_to_stop() -> None:
    signal.raise_signal(signal.SIGTERM)


def _own_fault() -> None:
    raise KeyError("sku")


def _absent_file() -> None:
    Path("/landing/nowhere.csv").read_text()


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (_full_disk, "interrupted"),
        (_few_descriptors, "interrupted"),
        (_no_processes, "interrupted"),
        (_full_database, "interrupted"),
        (_absent_database, "interrupted"),
        (_lake_that_refuses, "interrupted"),
        (_handled_on_the_way, "interrupted"),
        (_no_memory, "killed"),
        (_asked_to_stop, "stopped"),
        (_own_fault, "failed"),
        (_absent_file, "failed"),
    ],
)
def test_a_run_is_told_by_what_ended_it(
    instance: dg.DagsterInstance, end: Callable[[], None], status: AttemptStatus
) -> None:
    assert _ended_by(instance, end) == status


def _ended_by(instance: dg.DagsterInstance, end: Callable[[], None]) -> AttemptStatus:
    @dg.op
    def work() -> None:
        end()

    @dg.job(tags=ARRIVAL)
    def working() -> None:
        work()

    result = working.execute_in_process(instance=instance, raise_on_error=False)
    return records.how_it_stands(instance, result.dagster_run)


def test_another_try_is_asked_for_once_and_only_for_what_ended_badly(instance: dg.DagsterInstance) -> None:
    records.retry(instance, MODEL)
    _ended_by(instance, _own_fault)
    _ended_by(instance, _full_disk)
    assert [one.status for one in records.intakes(instance, MODEL)][-2:] == ["failed", "interrupted"]
    assert records.retry(instance, MODEL, "2") == []
    assert records.retry(instance, MODEL, every=False) == ["1"]
    assert [one.status for one in records.intakes(instance, MODEL)][-2:] == ["failed", "stopped"]
    assert records.retry(instance, MODEL, "1") == ["1"]
    assert {one.status for one in records.intakes(instance, MODEL)} == {"stopped"}
    assert records.retry(instance, MODEL) == []


def test_what_was_killed_rests_no_longer_once_a_person_replays_and_counts_as_a_kill_on(
    instance: dg.DagsterInstance,
) -> None:
    records.retry(instance, MODEL)
    _ended_by(instance, _no_memory)
    assert records.retry(instance, MODEL, every=False) == ["1"]
    assert records.intakes(instance, MODEL)[-1].status == "released"
    assert records.retry(instance, MODEL, every=False) == []
    assert records.retry(instance, MODEL) == ["1"]
    assert records.intakes(instance, MODEL)[-1].status == "stopped"


def test_the_command_lets_a_batch_that_was_given_up_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    program = CliRunner()
    assert program.invoke(app, "retry gas_sensors 7").exit_code == 1
    tags = {**ARRIVAL, records.MODEL_TAG: "gas_sensors", records.BATCH_TAG: "7", records.ENDED_TAG: "failed"}
    with open_instance(Settings.from_environment()) as instance:
        instance.add_run(dg.DagsterRun("work", status=dg.DagsterRunStatus.FAILURE, tags=tags))
        assert [one.status for one in records.intakes(instance, "gas_sensors")] == ["failed"]
    done = program.invoke(app, "retry gas_sensors 7")
    assert (done.exit_code, "what failed of 7 is tried again" in done.output) == (0, True)
    with open_instance(Settings.from_environment()) as instance:
        assert [one.status for one in records.intakes(instance, "gas_sensors")] == ["stopped"]


@dg.op
def long_work() -> None:
    """Work until somebody asks to stop, as a fit does that takes minutes."""
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
    threading.Event().wait(60)


@dg.job(tags=ARRIVAL)
def working_long() -> None:
    long_work()


def test_a_signal_inside_a_step_ends_the_run_and_whoever_runs_it(instance: dg.DagsterInstance) -> None:
    daemon = LocalDaemon(instance, dg.Definitions(jobs=[working_long]), places_of(Settings.from_environment({})))
    with pytest.raises(KeyboardInterrupt):
        daemon.run("working_long", dg.RunRequest())
    newest = instance.get_runs(limit=1)[0]
    assert newest.status == dg.DagsterRunStatus.FAILURE
    assert records.how_it_stands(instance, newest) == "stopped"
