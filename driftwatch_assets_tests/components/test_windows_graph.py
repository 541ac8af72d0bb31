"""What a declaration of monthly windows becomes in Dagster: partitions, lineage, jobs, and keys that lead nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest

from driftwatch_assets.components import records
from driftwatch_assets_tests.components.club.declared import Club, model, settings
from driftwatch_assets_tests.components.small import environment
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

pytestmark = DAGSTERS_OWN_WARNINGS


@pytest.fixture(scope="module")
def storage() -> str:
    return "sqlite"


@pytest.fixture(scope="module")
def club(instance: dg.DagsterInstance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    """Give the club with three months delivered and nothing taken in."""
    folder = tmp_path_factory.mktemp("places")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(folder).items():
            patch.setenv(name, value)
        schedules = {"inference": "0 6 2 * *", "monitoring": "0 7 2 * *", "training": "0 8 2 * *"}
        club = Club(instance, model(schedules=schedules), settings(folder))
        club.deliver(3)
        yield club


@pytest.fixture(scope="module")
def graph(club: Club) -> AssetGraph:
    return club.daemon.definitions.get_repository_def().asset_graph


def key(path: str) -> dg.AssetKey:
    return dg.AssetKey(["club", *path.split("/")])


def upstream(graph: AssetGraph, child: str, parent: str, month: str) -> set[str]:
    """Give the partitions of a parent that a child's partition rests on."""
    node = graph.get(key(child))
    mapping = node.partition_mappings.get(key(parent), dg.IdentityPartitionMapping())
    partitions = node.partitions_def
    assert partitions is not None
    found = mapping.get_upstream_mapped_partitions_result_for_partitions(
        partitions.subset_with_partition_keys([month]), partitions, partitions
    )
    return set(found.partitions_subset.get_partition_keys())


def test_batches_are_the_months_that_are_declared(graph: AssetGraph) -> None:
    for asset in graph.get_all_asset_keys():
        partitions = graph.get(asset).partitions_def
        if asset == key("served"):
            continue
        assert isinstance(partitions, dg.TimeWindowPartitionsDefinition), asset
        assert partitions.get_partition_keys() == [f"2024-{month:02}" for month in range(1, 9)]


def test_every_check_has_the_partitions_of_its_asset(graph: AssetGraph) -> None:
    assert len(graph.asset_check_keys) > 8
    for check in graph.asset_check_keys:
        assert graph.get(check).partitions_def == graph.get(check.asset_key).partitions_def, check


@pytest.mark.parametrize(
    ("child", "parent", "month", "wanted"),
    [
        ("silver/visits", "bronze/visits", "2024-04", {"2024-04"}),
        ("gold/features", "silver/members", "2024-04", {"2024-04"}),
        ("gold/features", "silver/visits", "2024-04", {"2024-02", "2024-03", "2024-04"}),
        ("gold/features", "silver/visits", "2024-01", {"2024-01"}),
        ("performance", "silver/visits", "2024-04", {"2024-06"}),
        ("performance", "silver/visits", "2024-08", set()),
        ("performance", "predictions", "2024-04", {"2024-04"}),
        ("predictions", "model", "2024-04", {f"2024-{month:02}" for month in range(1, 9)}),
        ("model", "silver/visits", "2024-04", {f"2024-{month:02}" for month in range(1, 9)}),
    ],
)
def test_lineage_names_the_months_that_a_month_rests_on(
    graph: AssetGraph, child: str, parent: str, month: str, wanted: set[str]
) -> None:
    assert upstream(graph, child, parent, month) == wanted


def test_performance_rests_on_the_tables_that_tell_labels_and_no_others(graph: AssetGraph) -> None:
    assert graph.get(key("performance")).parent_keys == {
        key(parent) for parent in ("gold/features", "predictions", "silver/visits")
    }


def test_late_labels_have_their_job_and_sensor_and_schedules_are_off(club: Club) -> None:
    repository = club.daemon.definitions.get_repository_def()
    performed = repository.get_job("club_labels").asset_layer.selected_asset_keys
    assert performed == {key("performance")}
    assert {sensor.name for sensor in repository.sensor_defs} == {
        "alert_delivery",
        *(f"club_{kind}" for kind in ("arrivals", "labels", "retraining", "failed_training", "alerts", "served")),
    }
    assert {schedule.name: schedule.default_status for schedule in repository.schedule_defs} == dict.fromkeys(
        (f"club_{kind}_schedule" for kind in ("inference", "monitoring", "training")), dg.DefaultScheduleStatus.STOPPED
    )


def test_a_schedule_says_when_nothing_is_stored_yet(club: Club) -> None:
    repository = club.daemon.definitions.get_repository_def()
    schedule = repository.get_schedule_def("club_training_schedule")
    with dg.build_schedule_context(
        instance=club.instance, repository_def=repository, resources={"places": club.places}
    ) as context:
        ticked = schedule.evaluate_tick(context)
    assert not ticked.run_requests
    assert ticked.skip_message == "nothing of club is stored yet"


def materialize(
    club: Club, assets: list[str], month: str, checks: list[str] | None = None
) -> dg.ExecuteInProcessResult:
    """Materialize chosen assets as the UI does: through the job that has all of them."""
    repository = club.daemon.definitions.get_repository_def()
    job = repository.get_implicit_job_def_for_assets([key(asset) for asset in assets]) or repository.get_job(
        "__ASSET_JOB"
    )
    subset = job.get_subset(asset_selection={key(asset) for asset in assets})
    return subset.execute_in_process(
        instance=club.instance, partition_key=month, resources={"places": club.places}, raise_on_error=False
    )


def test_one_bronze_table_can_be_materialized_by_hand(club: Club) -> None:
    result = materialize(club, ["bronze/visits"], "2024-02")
    assert result.success
    assert club.watched.lake.batches("club/bronze/visits") == ["2024-02"]
    assert club.watched.lake.batches("club/bronze/members") == []
    statuses = {
        (verdict.check, verdict.status)
        for verdict in records.check_verdicts(club.instance, club.component.check_keys)
        if verdict.batch == "2024-02"
    }
    assert statuses == {("delivery", "passed")}


def test_a_batch_of_which_one_table_is_refused_fails_with_the_checks_of_all(club: Club) -> None:
    lines = club.watched.landing / "visits.csv"
    good = lines.read_text()
    club.put("visits.csv", "\n".join(good.splitlines()[:150]).replace("2024-03", "2024-02") + "\n")
    try:
        why = club.ran("club_batch", dg.RunRequest(partition_key="2024-03"))
    finally:
        club.put("visits.csv", good)
    assert why.startswith("visits.csv has no row whose month lies in 2024-03")
    statuses = {
        (verdict.check, verdict.status)
        for verdict in records.check_verdicts(club.instance, club.component.check_keys)
        if verdict.batch == "2024-03" and verdict.status != "planned"
    }
    assert statuses == {
        ("delivery", "passed"),
        ("unique_member", "passed"),
        ("matches_email", "passed"),
        ("delivery", "failed"),
    }
    assert "2024-03" not in club.watched.lake.batches("club/bronze/members")
    assert club.ran("club_batch", dg.RunRequest(partition_key="2024-03")) == ""


@pytest.mark.parametrize(
    "partition", ["../x", "2024-13", "2024-1", "2030-01", "2024-02-01", "", "2024-01/../../x", "/etc"]
)
def test_a_key_that_is_no_batch_is_refused_before_anything_is_read(club: Club, partition: str) -> None:
    before = sorted((club.settings.landing.parent).rglob("*"))
    with pytest.raises((dg.DagsterInvariantViolationError, dg.DagsterUnknownPartitionError, ValueError)):
        club.daemon.definitions.resolve_job_def("club_batch").execute_in_process(
            instance=club.instance, partition_key=partition, resources={"places": club.places}
        )
    assert sorted((club.settings.landing.parent).rglob("*")) == before


def test_a_check_alone_can_be_executed_by_hand(club: Club) -> None:
    job = club.daemon.definitions.get_repository_def().get_job("__ASSET_JOB")
    check = dg.AssetCheckKey(key("bronze/members"), "unique_member")
    subset = job.get_subset(asset_selection=set(), asset_check_selection={check})
    # The UI names the partition by its tag alone, since this job holds assets of several partitions.
    result = subset.execute_in_process(
        instance=club.instance,
        tags={"dagster/partition": "2024-02"},
        resources={"places": club.places},
        raise_on_error=False,
    )
    assert result.success
    assert [one.check_name for one in result.get_asset_check_evaluations()] == ["unique_member"]
