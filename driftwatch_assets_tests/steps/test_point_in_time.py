"""A batch is scored by the champion of its time, whenever it is scored; and what is done again changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest

from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.lake import batch_order
from driftwatch_assets.registry import champion_among
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, MODEL, House
from driftwatch_assets_tests.steps.replayed import INITIAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.registry import ModelVersion

pytestmark = DAGSTERS_OWN_WARNINGS


def versions(house: House) -> list[ModelVersion]:
    return house.watched.registry.history(MODEL)


def run_ids(house: House) -> set[str]:
    with house.instance() as instance:
        return {run.run_id for run in instance.get_runs()}


def train_again(house: House, batches: Sequence[str]) -> None:
    with house.instance() as instance:
        daemon = LocalDaemon(instance, defs(), places_of(house.settings))
        for batch in batches:
            assert daemon.run(house.component.keys.training_job, dg.RunRequest(partition_key=batch)).success


class TestTheReplay:
    def test_trained_through_six_batches_and_again_when_batches_drifted(self, through8: House) -> None:
        trained = [version.trained_through for version in versions(through8)]
        assert trained == ["6", "7", "8"]
        assert versions(through8)[0].champion_compared is None
        assert all(version.champion_compared is not None for version in versions(through8)[1:])

    def test_scored_every_batch_with_a_champion_of_an_earlier_one(self, through8: House) -> None:
        lake = through8.watched.lake
        for batch in lake.batches(f"{MODEL}/predictions"):
            provenance = lake.provenance(f"{MODEL}/predictions", batch)
            predictions = lake.read(f"{MODEL}/predictions", batch)
            champion = champion_among(versions(through8), before=batch)
            if int(batch) <= INITIAL:
                assert champion is None
                assert predictions.empty
                continue
            assert champion is not None
            assert batch_order(champion.trained_through) < batch_order(batch)
            assert provenance["champion_version"] == str(champion.version)
            assert set(predictions["champion_trained_through"]) == {champion.trained_through}
            assert len(predictions) == len(lake.read(f"{MODEL}/gold/features", batch))

    def test_scored_the_batch_after_a_promotion_by_the_promoted(self, through8: House) -> None:
        promoted = [version for version in versions(through8) if version.gate_result == "promoted"]
        assert "7" in {version.trained_through for version in promoted}, "the shipped seed promotes through 7"
        provenance = through8.watched.lake.provenance(f"{MODEL}/predictions", "8")
        assert provenance["champion_trained_through"] == "7"

    def test_stored_metadata_that_people_plot_and_follow(self, through8: House) -> None:
        keys = through8.component.keys
        with through8.instance() as instance:
            latest = {
                key.to_user_string(): instance.fetch_materializations(
                    dg.AssetRecordsFilter(asset_key=key, asset_partitions=["7"]), limit=1
                ).records[0]
                for key in (*keys.bronzes, *keys.silvers, keys.gold, keys.predictions, keys.drift, keys.performance)
            }
        for name, record in latest.items():
            assert record.asset_materialization is not None
            metadata = record.asset_materialization.metadata
            assert isinstance(metadata["seconds"].value, float), name
            if name != f"{MODEL}/performance":
                assert metadata["dagster/partition_row_count"].value > 0, name
                assert metadata["dagster/column_schema"].value.columns, name
                assert "batch=7" in str(metadata["dagster/uri"].value), name


class TestDoneAgain:
    def test_a_second_replay_adds_nothing(self, house8: House) -> None:
        files, before, runs = house8.files(), versions(house8), run_ids(house8)
        told = house8.replay()
        assert told.status == 0
        assert house8.files() == files
        assert versions(house8) == before
        assert run_ids(house8) == runs

    def test_a_backfill_gives_the_same_bytes_and_writes_no_table(self, house8: House) -> None:
        """After later promotions too: batch 7 is scored by the champion of its time, not by today's."""
        files, written, before = house8.files(), house8.written_at(), versions(house8)
        assert house8.backfill("5", "8").status == 0
        assert house8.stored() == house8.stored()
        assert house8.files() == files
        assert house8.written_at() == written
        assert versions(house8) == before

    def test_a_lost_table_comes_back_with_the_same_content(self, house8: House) -> None:
        stored = house8.stored()
        lake = house8.watched.lake
        for table in ("bronze/readings", "silver/readings", "gold/features", "predictions", "drift"):
            lake.drop(f"{MODEL}/{table}", "7")
        assert house8.backfill("7", "7").status == 0
        assert house8.stored() == stored

    @pytest.mark.soak
    def test_a_training_gives_the_version_that_it_gave(self, house8: House) -> None:
        before = versions(house8)
        train_again(house8, ["7"])
        assert versions(house8) == before

    @pytest.mark.soak
    def test_everything_does(self, house8: House) -> None:
        files, before = house8.files(), versions(house8)
        train_again(house8, ["6", "7", "8"])
        assert house8.backfill().status == 0
        assert versions(house8) == before
        assert house8.files() == files
