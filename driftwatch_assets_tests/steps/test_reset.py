"""A lake that was emptied beside an instance that knows batches, and a model that is made to begin anew."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import dagster as dg
import pytest
from rich.console import Console

from driftwatch_assets.command_line.history import read_history
from driftwatch_assets.command_line.reset import reset
from driftwatch_assets.components import records
from driftwatch_assets.components.alerts import bring_up_to_date
from driftwatch_assets.components.lost import LakeLost
from driftwatch_assets.components.resetting import known_of
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.monitoring import open_monitoring
from driftwatch_assets.registry.store import open_client
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, MODEL, House, Told

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = DAGSTERS_OWN_WARNINGS

INITIAL = [str(batch) for batch in range(1, 7)]


def said(house: House, *, agreed: bool) -> Told:
    printed = io.StringIO()
    with house.lived_in():
        status = reset(MODEL, agreed=lambda: agreed, console=Console(file=printed, width=2000))
    return Told(status, printed.getvalue())


def test_an_empty_lake_beside_an_instance_that_knows_batches_is_told_with_the_ways_back(
    house8: House, tmp_path: Path
) -> None:
    store = open_monitoring(house8.watched.monitoring)
    with house8.instance() as instance:
        bring_up_to_date(instance, house8.watched, house8.component.keys, run_urls="", notify=False)
        recorded = store.read(MODEL)
        (house8.folder / "lake").rename(tmp_path / "elsewhere")

        with pytest.raises(LakeLost) as told:
            read_history(MODEL)
        assert "took in 8 batches (1, 2, 3, 4, 5 and 3 more)" in str(told.value)
        for way in ("DRIFTWATCH_LAKE", "`driftwatch backfill gas_sensors`", "`driftwatch reset gas_sensors`"):
            assert way in str(told.value)
        with pytest.raises(LakeLost):
            bring_up_to_date(instance, house8.watched, house8.component.keys, run_urls="", notify=False)
        with pytest.raises(dg.Failure, match="holds nothing of them"):
            LocalDaemon(instance, defs(), places_of(house8.settings)).tick(house8.component.keys.arrivals_sensor)
    with pytest.raises(LakeLost):
        house8.replay()
    assert store.read(MODEL) == recorded
    assert recorded.batches


def test_a_model_begins_anew_with_the_same_files_and_others_stay(house8: House) -> None:
    watched, keys = house8.watched, house8.component.keys
    watched.lake.write_file("other/reports/batch-1.json", b"{}")
    client = open_client(watched.registry.tracking_uri)
    client.create_registered_model("other")
    kept = client.create_run(watched.registry.prepare(), run_name="of somebody else").info.run_id
    landed = {path.name: path.read_bytes() for path in house8.landing.iterdir()}
    files = house8.files()
    with house8.instance() as instance:
        runs = len(instance.get_runs(dg.RunsFilter(tags={records.MODEL_TAG: MODEL})))
        others = dg.DagsterRun(job_name="other_batch", tags={records.MODEL_TAG: "other"})
        instance.add_run(others)
        instance.add_dynamic_partitions("other_batch", ["1"])

    refused = said(house8, agreed=False)
    assert (refused.status, house8.files()) == (1, files)
    versions = len(watched.registry.history(MODEL))
    assert f"the registered model with {versions} versions" in refused.text
    assert f"{runs} runs, 8 partitions" in refused.text
    assert f"What stays: the files in {house8.landing}" in refused.text

    assert said(house8, agreed=True).status == 0

    assert list(house8.files()) == ["other/reports/batch-1.json"]
    assert watched.registry.history(MODEL) == []
    assert [one.name for one in client.search_registered_models()] == ["other"]
    assert [one.info.run_id for one in client.search_runs([watched.registry.prepare()])] == [kept]
    assert {path.name: path.read_bytes() for path in house8.landing.iterdir()} == landed
    assert open_monitoring(watched.monitoring).jobs(MODEL) == []
    with house8.instance() as instance:
        known = known_of(instance, keys)
        assert (known.runs, known.assets) == ((), ())
        assert records.check_verdicts(instance, house8.component.check_keys) == []
        assert [run.run_id for run in instance.get_runs()] == [others.run_id]
        assert instance.get_dynamic_partitions("other_batch") == ["1"]
        tick = LocalDaemon(instance, defs(), places_of(house8.settings)).tick(keys.arrivals_sensor)
        assert [request.partition_key for request in tick.requests] == INITIAL


def test_a_model_of_which_a_run_is_under_way_is_not_reset(house8: House) -> None:
    files = house8.files()
    with house8.instance() as instance:
        running = {records.MODEL_TAG: MODEL, records.BATCH_TAG: "8"}
        instance.add_run(dg.DagsterRun(job_name="gas_sensors_batch", tags=running, status=dg.DagsterRunStatus.STARTED))
    told = said(house8, agreed=True)
    assert told.status == 1
    assert "batch 8 is under way" in told.text
    assert house8.files() == files
