"""What scored a batch and was deleted by hand in MLflow: it is said, with the way back, and nothing is overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.registry import RegistryIncomplete
from driftwatch_assets.registry.store import open_client
from driftwatch_assets.steps import draw_report, learn, perform, score, watch_drift
from driftwatch_assets.steps.champion import champion_of, line_of, scorer_of
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch_assets.registry import ModelVersion
    from driftwatch_assets.steps import StepOutcome, Watched
    from driftwatch_assets_tests.steps.house import House

pytestmark = DAGSTERS_OWN_WARNINGS

NEWEST = "8"


def promoted(watched: Watched) -> list[ModelVersion]:
    return [one for one in watched.registry.history(MODEL) if one.gate_result == "promoted"]


def scored_by(watched: Watched, batch: str) -> ModelVersion:
    scorer = scorer_of(watched, batch)
    assert scorer is not None
    return next(one for one in promoted(watched) if one.fingerprint == scorer.fingerprint)


def delete(house: House, version: ModelVersion) -> None:
    client = open_client(house.watched.registry.tracking_uri)
    client.delete_model_version(MODEL, str(version.version))


def train_again(watched: Watched, through: str) -> None:
    with watched.registry.run(f"again through {through}"):
        assert learn(watched, through).refused is None


@pytest.mark.parametrize("step", [score, watch_drift, perform, draw_report])
def test_no_step_overwrites_what_a_deleted_version_said(
    house8: House, step: Callable[[Watched, str], StepOutcome]
) -> None:
    before, version = house8.files(), scored_by(house8.watched, NEWEST)
    delete(house8, version)

    with pytest.raises(RegistryIncomplete) as told:
        step(house8.watched, NEWEST)

    assert f"version {version.version}, trained through batch {version.trained_through}" in str(told.value)
    assert f"train again through batch {version.trained_through}, in this order" in str(told.value)
    assert house8.files() == before


def test_a_backfill_ends_with_one_says_so_and_leaves_all_that_the_version_scored(house8: House) -> None:
    before, version = house8.files(), scored_by(house8.watched, NEWEST)
    delete(house8, version)

    told = house8.backfill(NEWEST)

    assert told.status == 1
    assert f"was scored by version {version.version}" in told.text
    assert house8.files() == before


def test_where_the_registered_model_was_deleted_no_batch_is_called_unjudged(
    house8: House, deliveries: dict[str, bytes]
) -> None:
    before = house8.files()
    open_client(house8.watched.registry.tracking_uri).delete_registered_model(MODEL)

    told = house8.backfill("7")
    assert told.status == 1
    assert told.text.count("is not in MLflow at") == 2
    assert house8.files() == before

    with pytest.raises(RegistryIncomplete, match=r"restore MLflow.*driftwatch reset gas_sensors"):
        learn(house8.watched, NEWEST)
    house8.deliver("batch9.dat", deliveries[NEWEST])
    arrived = house8.replay()
    assert arrived.status == 1
    assert "is not in MLflow at" in arrived.text
    assert not house8.watched.lake.exists(house8.watched.tables.predictions, "9")


def test_a_batch_that_arrives_is_not_scored_by_an_older_version_in_place_of_a_deleted_one(house8: House) -> None:
    version = scored_by(house8.watched, NEWEST)
    assert version != promoted(house8.watched)[0]
    delete(house8, version)
    with pytest.raises(RegistryIncomplete, match=rf"batch 8 was scored by version {version.version}"):
        champion_of(house8.watched, "9")


@pytest.mark.soak
def test_a_training_through_the_same_batches_brings_the_deleted_versions_back(house8: House) -> None:
    said = house8.watched.lake.read(house8.watched.tables.predictions, NEWEST)
    through = [one.trained_through for one in promoted(house8.watched)]
    identities = [one.fingerprint for one in promoted(house8.watched)]
    open_client(house8.watched.registry.tracking_uri).delete_registered_model(MODEL)

    for batch in through:
        train_again(house8.watched, batch)

    assert [one.fingerprint for one in promoted(house8.watched)] == identities
    score(house8.watched, NEWEST)
    again = house8.watched.lake.read(house8.watched.tables.predictions, NEWEST)
    assert again.drop(columns="champion_version").equals(said.drop(columns="champion_version"))
    draw_report(house8.watched, NEWEST)


def test_the_figures_of_the_frozen_model_stay_where_it_was_deleted(house8: House) -> None:
    first = promoted(house8.watched)[0]
    assert scored_by(house8.watched, NEWEST) != first
    before = house8.files()
    delete(house8, first)

    line = line_of(house8.watched, NEWEST)
    assert line is not None
    assert line.first is None
    with pytest.raises(RegistryIncomplete, match="beside the first champion, which is not in MLflow"):
        perform(house8.watched, NEWEST)
    assert house8.files() == before
