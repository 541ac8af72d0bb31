"""The whole loop in the live system: files land, and everything else happens by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
from mlflow import MlflowClient

from driftwatch_assets.components import records
from driftwatch_assets.components.processes import close_abandoned_runs
from driftwatch_assets_tests.end_to_end.live import INITIAL, MODEL, LiveSystem
from driftwatch_assets_tests.end_to_end.stages import MARKS, failed_checks, mlflow_runs, mlflow_status

if TYPE_CHECKING:
    from driftwatch_assets_tests.end_to_end.stages import Arrived

pytestmark = MARKS

SUCCESS, FAILURE = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE


def test_landed_batches_are_taken_in_once_and_in_order(live: LiveSystem, first_training: dg.DagsterRun) -> None:
    intakes = live.runs(purpose="arrival")[: len(INITIAL)]
    assert [run.tags["dagster/partition"] for run in intakes] == list(INITIAL)
    assert {run.status for run in intakes} == {SUCCESS}


def test_the_first_training_fires_by_itself(live: LiveSystem, first_training: dg.DagsterRun) -> None:
    assert first_training.tags["dagster/sensor_name"] == live.keys.retraining_sensor
    assert first_training.status == SUCCESS
    assert mlflow_status(live, first_training) == "FINISHED"


def test_a_batch_is_scored_by_the_champion_of_its_time(live: LiveSystem, seventh: Arrived) -> None:
    predictions = live.watched.lake.read(live.watched.tables.predictions, seventh.batch)
    assert set(predictions["champion_trained_through"]) == {"6"}
    assert len(predictions) == len(live.watched.lake.read(live.watched.tables.gold, seventh.batch))


def test_a_drifted_batch_retrains_once_and_never_again(live: LiveSystem, seventh: Arrived) -> None:
    assert "data_drift" in failed_checks(live, seventh.batch)
    [training] = seventh.trainings
    assert training.tags["dagster/sensor_name"] == live.keys.retraining_sensor
    assert {tick["status"] for tick in seventh.later} == {"SKIPPED"}
    assert {tick["skipReason"] for tick in seventh.later} == {"no batch was judged since the training through batch 7"}
    assert len(live.trainings(seventh.batch)) == 1


def test_the_version_that_won_is_promoted_in_mlflow(live: LiveSystem, seventh: Arrived) -> None:
    client = MlflowClient(live.settings.mlflow_tracking_uri)
    [made] = client.search_model_versions(f"name = '{MODEL}' and tags.trained_through = '7'")
    [run] = mlflow_runs(live, seventh.trainings[0])
    assert made.tags["gate_result"] == "promoted", made.description
    assert made.run_id == run.info.run_id
    newest = max(client.search_model_versions(f"name = '{MODEL}' and tags.gate_result = 'promoted'"), key=_version)
    assert client.get_model_version_by_alias(MODEL, "champion").version == newest.version


def _version(registered: object) -> int:
    return int(registered.version)


def test_the_next_batch_is_scored_by_the_new_champion(live: LiveSystem, eighth: Arrived) -> None:
    predictions = live.watched.lake.read(live.watched.tables.predictions, eighth.batch)
    assert set(predictions["champion_trained_through"]) == {"7"}


def test_a_run_whose_machine_lost_its_power_is_failed_and_its_batch_taken_in_again(
    live: LiveSystem, eighth: Arrived
) -> None:
    first, again = eighth.intakes
    assert (first.status, again.status) == (FAILURE, SUCCESS)
    [failed] = live.instance.all_logs(first.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    assert "the process of this run ended without a word" in failed.message
    assert first.tags["dagster/run_key"] != again.tags["dagster/run_key"]
    assert close_abandoned_runs(live.instance, MODEL) == []


def test_a_killed_training_is_failed_in_dagster_and_in_mlflow(live: LiveSystem, eighth: Arrived) -> None:
    killed = eighth.trainings[0]
    assert killed.status == FAILURE
    assert mlflow_status(live, killed) == "FAILED"


def test_a_killed_training_is_tried_again_once_and_succeeds(live: LiveSystem, eighth: Arrived) -> None:
    assert [run.tags[records.ATTEMPT_TAG] for run in eighth.trainings] == ["1", "2"]
    assert len({run.tags[records.EVIDENCE_TAG] for run in eighth.trainings}) == 1
    assert eighth.trainings[1].status == SUCCESS
    assert mlflow_status(live, eighth.trainings[1]) == "FINISHED"
    assert {tick["status"] for tick in eighth.later} == {"SKIPPED"}
