"""A run whose process is gone is failed; every other run is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent, EngineEventData

from driftwatch_assets.components import records
from driftwatch_assets.components.processes import (
    claim_of,
    close_abandoned_runs,
    stop_runs_here,
    stop_waiting_runs,
)

CLAIM = """
import sys
from driftwatch_assets.components.processes import claim_of
print(claim_of(sys.argv[1]), flush=True)
sys.stdin.read()
"""
MODEL = "watched"


@pytest.fixture(scope="module")
def storage() -> str:
    return "sqlite"


def _run(instance: dg.DagsterInstance, claim: str | None, run_id: str) -> str:
    tags = {records.MODEL_TAG: MODEL} | ({} if claim is None else {records.PROCESS_TAG: claim})
    instance.add_run(dg.DagsterRun(job_name="work", run_id=run_id, status=dg.DagsterRunStatus.STARTED, tags=tags))
    return run_id


def _id() -> str:
    return str(uuid.uuid4())


def _status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_a_run_is_failed_when_its_process_was_killed_and_not_before(instance: dg.DagsterInstance) -> None:
    run_id = _id()
    with subprocess.Popen(
        [sys.executable, "-c", CLAIM, run_id], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        _run(instance, process.stdout.readline().strip(), run_id)
        assert close_abandoned_runs(instance, MODEL) == []
        process.kill()
        process.communicate()
    assert close_abandoned_runs(instance, "another model") == []
    assert close_abandoned_runs(instance, MODEL) == [run_id]
    assert _status(instance, run_id) == dg.DagsterRunStatus.FAILURE
    assert close_abandoned_runs(instance, MODEL) == []


def test_a_run_that_no_process_has_claimed_is_left_alone(instance: dg.DagsterInstance) -> None:
    run_id = _run(instance, None, _id())
    assert close_abandoned_runs(instance, MODEL) == []
    assert _status(instance, run_id) == dg.DagsterRunStatus.STARTED


def test_a_run_on_another_machine_is_left_alone(instance: dg.DagsterInstance) -> None:
    run_id = _id()
    _run(instance, f"elsewhere:{os.getpid()}:1:{run_id}", run_id)
    assert close_abandoned_runs(instance, MODEL) == []


def test_a_claim_that_was_copied_from_another_run_does_not_count(instance: dg.DagsterInstance) -> None:
    host = claim_of("")[: claim_of("").index(":")]
    _run(instance, f"{host}:999999999:1:{_id()}", _id())
    assert close_abandoned_runs(instance, MODEL) == []


def test_a_process_that_took_over_the_number_of_a_dead_one_is_not_taken_for_it(instance: dg.DagsterInstance) -> None:
    run_id = _id()
    host, pid, _, _ = claim_of(run_id).split(":")
    _run(instance, f"{host}:{pid}:1:{run_id}", run_id)
    assert close_abandoned_runs(instance, MODEL) == [run_id]


def test_who_is_stopped_has_not_failed_and_who_waits_or_runs_elsewhere_is_left_alone(
    instance: dg.DagsterInstance,
) -> None:
    mine, elsewhere, waiting = (_id() for _ in range(3))
    _run(instance, claim_of(mine), mine)
    _run(instance, f"elsewhere:{os.getpid()}:1:{elsewhere}", elsewhere)
    tags = {records.MODEL_TAG: MODEL}
    instance.add_run(
        dg.DagsterRun(job_name="work", run_id=waiting, status=dg.DagsterRunStatus.NOT_STARTED, tags=tags),
    )
    assert "work" in stop_runs_here(instance)
    assert [_status(instance, one).value for one in (mine, elsewhere, waiting)] == [
        "CANCELED",
        "STARTED",
        "NOT_STARTED",
    ]
    stopped = instance.get_run_by_id(mine)
    assert stopped is not None
    assert stopped.tags[records.ENDED_TAG] == "stopped"
    stop_waiting_runs(instance, MODEL)
    assert [_status(instance, one).value for one in (elsewhere, waiting)] == ["STARTED", "CANCELED"]


def test_a_dead_run_ends_when_it_was_last_heard_of_and_its_end_is_no_attempt(instance: dg.DagsterInstance) -> None:
    run_id = _id()
    host, pid, _, _ = claim_of(run_id).split(":")
    _run(instance, f"{host}:{pid}:1:{run_id}", run_id)
    heard = 1_700_000_000.0
    started = DagsterEvent("ENGINE_EVENT", "work", message="working", event_specific_data=EngineEventData())
    instance.report_dagster_event(started, run_id, timestamp=heard)
    close_abandoned_runs(instance)
    record = instance.get_run_record_by_id(run_id)
    assert record is not None
    assert record.end_time == heard
    assert records.how_it_stands(instance, record.dagster_run) == "killed"


def test_a_process_that_nobody_waited_for_is_dead(instance: dg.DagsterInstance) -> None:
    run_id = _id()
    with subprocess.Popen(
        [sys.executable, "-c", CLAIM, run_id], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        _run(instance, process.stdout.readline().strip(), run_id)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert close_abandoned_runs(instance, MODEL) == [run_id]
        process.communicate()
