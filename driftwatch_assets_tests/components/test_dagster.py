"""What is leaned on of Dagster, on each storage: an upgrade that changes it fails here, and says where."""

# Dagster reads the annotations of an asset's function as objects, so that they are not postponed here.
import logging
import time
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import PythonFileTarget
from dagster._daemon.controller import create_daemon_grpc_server_registry
from dagster._daemon.sensor import execute_sensor_iteration

from driftwatch_assets.components import records

# Partitioned checks are a preview in Dagster 1.13.
pytestmark = pytest.mark.filterwarnings("ignore:.*partitions_def:dagster.PreviewWarning")

BATCHES = dg.DynamicPartitionsDefinition(name="pinned_batch")
CHECK = dg.AssetCheckKey(dg.AssetKey("table"), "even")
KEYS = ("2", "3", "10")


@pytest.fixture(scope="module")
def table() -> dg.AssetsDefinition:
    """Give an asset whose check passes for even batches, and which refuses batch 13 before its check is done."""

    @dg.asset(partitions_def=BATCHES, check_specs=[dg.AssetCheckSpec("even", asset="table", partitions_def=BATCHES)])
    def table(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        batch = int(context.partition_key)
        if batch == 13:
            raise ValueError("refused")
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(check_name="even", passed=batch % 2 == 0)])

    return table


@pytest.fixture(scope="module")
def materialized(instance: dg.DagsterInstance, table: dg.AssetsDefinition) -> dg.DagsterInstance:
    instance.add_dynamic_partitions(BATCHES.name, [*KEYS, "13"])
    for key in KEYS:
        dg.materialize([table], instance=instance, partition_key=key)
    return instance


def _verdicts(instance: dg.DagsterInstance) -> dict[str, records.CheckVerdict]:
    return {verdict.batch: verdict for verdict in records.check_verdicts(instance, [CHECK])}


def test_a_partitioned_check_keeps_the_latest_status_of_each_batch(materialized: dg.DagsterInstance) -> None:
    statuses = {batch: verdict.status for batch, verdict in _verdicts(materialized).items() if batch in KEYS}
    assert statuses == {"2": "passed", "3": "failed", "10": "passed"}


def test_a_check_of_an_asset_that_failed_before_it_is_planned_and_not_failed(
    materialized: dg.DagsterInstance, table: dg.AssetsDefinition
) -> None:
    result = dg.materialize([table], instance=materialized, partition_key="13", raise_on_error=False)
    assert not result.success
    assert _verdicts(materialized)["13"].status == "planned"


def test_a_later_evaluation_replaces_the_status_of_its_batch_only(
    materialized: dg.DagsterInstance, table: dg.AssetsDefinition
) -> None:
    @dg.asset(
        name="table",
        partitions_def=BATCHES,
        check_specs=[dg.AssetCheckSpec("even", asset="table", partitions_def=BATCHES)],
    )
    def mended() -> dg.MaterializeResult:
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(check_name="even", passed=True)])

    dg.materialize([mended], instance=materialized, partition_key="3")
    assert _verdicts(materialized)["3"].status == "passed"
    dg.materialize([table], instance=materialized, partition_key="3")
    assert _verdicts(materialized)["3"].status == "failed"
    assert _verdicts(materialized)["2"].status == "passed"


def test_the_status_of_a_check_that_never_ran_is_not_there(materialized: dg.DagsterInstance) -> None:
    never = dg.AssetCheckKey(dg.AssetKey("table"), "never")
    assert records.check_verdicts(materialized, [never]) == []


def test_a_failed_check_does_not_fail_its_run(materialized: dg.DagsterInstance, table: dg.AssetsDefinition) -> None:
    assert dg.materialize([table], instance=materialized, partition_key="3").success


def test_runs_are_found_by_two_tags_and_come_newest_first(instance: dg.DagsterInstance) -> None:
    @dg.op
    def nothing() -> None: ...

    @dg.job
    def work() -> None:
        nothing()

    ids = [
        work.execute_in_process(
            instance=instance, tags={records.MODEL_TAG: model, records.PURPOSE_TAG: "pinned"}
        ).run_id
        for model in ("one", "other", "one")
    ]
    found = instance.get_runs(filters=dg.RunsFilter(tags={records.MODEL_TAG: "one", records.PURPOSE_TAG: "pinned"}))
    assert [run.run_id for run in found] == [ids[2], ids[0]]


def test_materializations_are_read_oldest_first_in_pages(
    materialized: dg.DagsterInstance, table: dg.AssetsDefinition
) -> None:
    read: list[str | None] = []
    page = materialized.fetch_materializations(dg.AssetKey("table"), limit=2, ascending=True)
    read += [record.partition_key for record in page.records]
    while page.has_more:
        page = materialized.fetch_materializations(dg.AssetKey("table"), limit=2, cursor=page.cursor, ascending=True)
        read += [record.partition_key for record in page.records]
    assert read[: len(KEYS)] == list(KEYS)


LOCATION = Path(__file__).with_name("pinned_location.py")
INTERVAL_SECONDS = 1.0


def _iterate(workspace: WorkspaceProcessContext) -> None:
    for failure in execute_sensor_iteration(workspace, logging.getLogger("dagster"), None, None):
        assert failure is None


def test_the_daemon_adds_partitions_before_it_launches_runs_and_never_launches_a_run_key_twice(
    instance: dg.DagsterInstance,
) -> None:
    """A sensor asks for a partition and a run of it in one tick, and for the same run again after that run failed."""
    target = PythonFileTarget(str(LOCATION), None, str(LOCATION.parent), "pinned")
    wanted = dg.RunsFilter(tags={"pinned": "burnt"})
    with (
        create_daemon_grpc_server_registry(instance) as servers,
        WorkspaceProcessContext(instance, target, grpc_server_registry=servers) as workspace,
    ):
        _iterate(workspace)
        [run] = instance.get_runs(filters=wanted)
        assert run.tags["dagster/partition"] == "21"
        assert instance.has_dynamic_partition("pinned_arrival", "21")
        instance.report_run_failed(run)
        time.sleep(INTERVAL_SECONDS)
        _iterate(workspace)
    servers.wait_for_processes()
    assert [run.run_id for run in instance.get_runs(filters=wanted)] == [run.run_id]
    [state] = instance.all_instigator_state()
    ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id)
    assert [tick.status.value for tick in ticks] == ["SKIPPED", "SUCCESS"]
