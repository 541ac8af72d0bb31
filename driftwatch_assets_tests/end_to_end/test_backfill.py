"""A backfill in the live system, from the UI and from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from driftwatch_assets_tests.end_to_end.live import INITIAL, LiveSystem
from driftwatch_assets_tests.end_to_end.stages import MARKS, failed_checks, prediction_fingerprints

if TYPE_CHECKING:
    from driftwatch_assets_tests.end_to_end.stages import Arrived, Backfilled

pytestmark = MARKS


def test_a_backfill_succeeds(live: LiveSystem, backfilled: Backfilled) -> None:
    found = [live.instance.get_backfill(one) for one in backfilled.ids]
    # The command line hands over whole runs, and calls a backfill complete once it has.
    assert [one.status.value for one in found if one is not None] == ["COMPLETED_SUCCESS", "COMPLETED"]
    assert sorted(run.tags["dagster/partition"] for run in backfilled.runs) == [*INITIAL, "7", "8"]
    assert {run.status for run in backfilled.runs} == {dg.DagsterRunStatus.SUCCESS}


def test_a_backfill_says_what_was_said_before(live: LiveSystem, backfilled: Backfilled) -> None:
    assert list(backfilled.before) == [*INITIAL, "7", "8"]
    assert prediction_fingerprints(live) == backfilled.before


def test_a_backfill_trains_nothing(live: LiveSystem, eighth: Arrived, backfilled: Backfilled) -> None:
    assert "data_drift" in failed_checks(live, "7"), "the evidence is there again, but it was consumed"
    assert {tick["status"] for tick in backfilled.later} == {"SKIPPED"}
    assert len(live.runs(purpose="training")) == len(["6", "7", "8, killed", "8"])


def test_a_backfill_takes_a_process_a_run_and_not_a_step(live: LiveSystem, backfilled: Backfilled) -> None:
    for run in backfilled.runs:
        messages = [entry.message for entry in live.instance.all_logs(run.run_id)]
        assert sum("Started process for run" in message for message in messages) == 1
        assert sum("Executing steps in process" in message for message in messages) == 1
        assert not live.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_WORKER_STARTING)
