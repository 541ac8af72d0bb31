"""Served traffic as batches: judged against the champions that answered, labelled later, asked for by the sensor."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import dagster as dg
import httpx
import pandas as pd
import pytest

from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.lake import Lake
from driftwatch_assets.steps import LabelsRefused, Tables, due_served, take_labels, watch_served
from driftwatch_assets_tests.serving.conftest import iris_service
from driftwatch_assets_tests.serving.garden import FEATURES, PREDICT, garden_in, iris_gold, promoted
from driftwatch_assets_tests.serving.house import running
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.steps import StepOutcome, Watched

pytestmark = DAGSTERS_OWN_WARNINGS
LATER = dt.datetime.now(dt.UTC) + dt.timedelta(hours=3)
TABLES = Tables("iris")
PETALS = ("petal_length", "petal_width")


def ask(watched: Watched, spool: Path, flowers: pd.DataFrame) -> None:
    """Let a service answer flowers one request of ten after the other, and end it."""
    records = flowers[["flower", *FEATURES]].astype({"flower": str}).to_dict("records")
    with running(iris_service(watched, spool)) as address, httpx.Client(base_url=address, timeout=300) as client:
        for first in range(0, len(records), 10):
            answer = client.post(PREDICT, json={"records": records[first : first + 10]})
            assert answer.status_code == 200, answer.text


@pytest.fixture
def watched(garden: Watched, tmp_path: Path) -> Watched:
    return replace(garden, lake=Lake(str(tmp_path / "lake")))


def only_hour(watched: Watched) -> str:
    """Give the hour of what was served; where the clock struck meanwhile, what it took is put together."""
    hours = watched.lake.batches(TABLES.served)
    if len(hours) > 1:
        parts = [watched.lake.read(TABLES.served, hour) for hour in hours]
        watched.lake.write(TABLES.served, hours[0], pd.concat(parts), {})
        for hour in hours[1:]:
            watched.lake.drop(TABLES.served, hour)
    return hours[0]


def check(outcome: StepOutcome, name: str) -> tuple[bool, str]:
    found = next(one for one in outcome.checks if one.name == name)
    return found.passed, found.description


def test_traffic_like_the_training_passes_and_larger_flowers_drift(watched: Watched, tmp_path: Path) -> None:
    ask(watched, tmp_path / "spool", iris_gold("000001"))
    outcome = watch_served(watched, only_hour(watched))
    assert check(outcome, "data_drift")[0]
    assert check(outcome, "prediction_drift")[0]
    assert check(outcome, "performance") == (True, "no labels of these rows have been told")
    assert (outcome.facts["rows"], outcome.facts["requests"]) == (150.0, 15.0)

    grown = replace(watched, lake=Lake(str(tmp_path / "grown")))
    flowers = iris_gold("000001")
    ask(grown, tmp_path / "spool", flowers.assign(**{name: flowers[name] * 1.5 for name in PETALS}))
    outcome = watch_served(grown, only_hour(grown))
    passed, words = check(outcome, "data_drift")
    assert not passed
    assert words.startswith("version 1: ")
    evidence = json.loads(grown.lake.read_file(TABLES.hour_evidence(only_hour(grown))))
    assert set(evidence["champions"][0]["data_drift"]["drifted_features"]) >= set(PETALS)


def test_labels_that_are_told_later_judge_the_performance(watched: Watched, tmp_path: Path) -> None:
    flowers = iris_gold("000002")
    ask(watched, tmp_path / "spool", flowers)
    hour = only_hour(watched)
    watch_served(watched, hour)
    assert due_served(watched, LATER) == []

    told = flowers[["flower", "species"]].astype(str)
    strangers = pd.DataFrame({"flower": ["x", "y"], "species": "setosa"})
    taken = take_labels(watched, pd.concat([told, strangers]), "told.csv")
    assert (taken.hours, taken.known, taken.unknown) == ((hour,), 150, ("x", "y"))
    assert take_labels(watched, told, "told.csv").hours == ()
    assert [one for one, _ in due_served(watched, LATER)] == [hour]

    outcome = watch_served(watched, hour)
    said = watched.lake.read(TABLES.served, hour).merge(told, on="flower")
    accuracy = (said["predicted"] == said["species"]).mean()
    evidence = json.loads(watched.lake.read_file(TABLES.hour_evidence(hour)))["champions"][0]
    assert evidence["metrics"]["accuracy"] == pytest.approx(accuracy)
    assert evidence["labelled_rows"] == 150
    assert "no labels" not in check(outcome, "performance")[1]
    assert due_served(watched, LATER) == []

    wrong = told.assign(species=told["species"].map({"setosa": "virginica", "virginica": "setosa"}).fillna("setosa"))
    assert take_labels(watched, wrong, "mended.csv").hours == (hour,)
    assert not check(watch_served(watched, hour), "performance")[0]


def test_rows_of_two_champions_are_judged_apart(empty_store: Path, tmp_path: Path) -> None:
    watched = garden_in(tmp_path / "g", candidate="logistic_regression", store=empty_store)
    promoted(watched, "000001")
    ask(watched, tmp_path / "spool", iris_gold("000001").head(60))
    promoted(watched, "000002")
    ask(watched, tmp_path / "spool", iris_gold("000001").tail(40))
    outcome = watch_served(watched, only_hour(watched))
    assert outcome.facts["champions"] == "version 1: 60 rows, version 2: 40 rows"
    assert [part.split(":")[0] for part in check(outcome, "data_drift")[1].split("; ")] == ["version 1", "version 2"]


def test_an_hour_is_due_when_it_is_over(watched: Watched, tmp_path: Path) -> None:
    ask(watched, tmp_path / "spool", iris_gold("000001").head(10))
    hour = only_hour(watched)
    begun = dt.datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=dt.UTC)
    assert due_served(watched, begun + dt.timedelta(minutes=59)) == []
    assert [one for one, _ in due_served(watched, begun + dt.timedelta(minutes=60))] == [hour]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"flower": ["1"]}, "labels.csv has no column 'species'; labels of iris need flower and species"),
        ({"flower": ["1", " "], "species": ["setosa", "setosa"]}, "row 2: flower is empty"),
        ({"flower": ["1"], "species": ["Setosa"]}, "row 1: species is 'Setosa'; did you mean 'setosa'?"),
        ({"flower": ["1", "1"], "species": ["setosa", "virginica"]}, "row 2: '1' has another label in a row above"),
    ],
)
def test_labels_that_cannot_be_taken_are_refused_whole(
    watched: Watched, table: dict[str, list[str]], words: str
) -> None:
    with pytest.raises(LabelsRefused) as refused:
        take_labels(watched, pd.DataFrame(table), "labels.csv")
    assert words in str(refused.value)
    assert watched.lake.batches("iris/served_labels") == []


def test_a_task_without_labels_takes_none(tmp_path: Path) -> None:
    with pytest.raises(LabelsRefused, match="task without labels"):
        take_labels(House(tmp_path, "traffic_accidents").watched, pd.DataFrame(), "labels.csv")


def test_the_sensor_asks_for_an_hour_that_is_over_and_the_asset_judges_it(empty_store: Path, tmp_path: Path) -> None:
    watched = garden_in(tmp_path / "g", candidate="logistic_regression", store=empty_store)
    promoted(watched, "000001")
    flowers = iris_gold("000001")
    ask(watched, tmp_path / "spool", flowers)
    rows = watched.lake.read(TABLES.served, only_hour(watched))
    watched.lake.write(TABLES.served, "2026-01-01T10", rows, {})
    house = House(tmp_path / "g", "iris")
    told = tmp_path / "labels.csv"
    flowers[["flower", "species"]].to_csv(told, index=False)
    with house.lived_in(), house.instance() as instance:
        daemon = LocalDaemon(instance, defs(), places_of(house.settings))
        assert house.command("label", "iris", str(told)).returncode == 0
        tick = daemon.tick("iris_served")
        assert [request.partition_key for request in tick.requests] == ["2026-01-01T10"]
        under_way = instance.create_run_for_job(
            daemon.definitions.resolve_job_def("iris_served"), tags=tick.requests[0].tags
        )
        again = daemon.tick("iris_served")
        assert (again.requests, again.note) == ((), "batch 2026-01-01T10 is under way")
        instance.delete_run(under_way.run_id)
        ended = daemon.run("iris_served", tick.requests[0])
        assert ended.success
        checks = {one.check_name: one.passed for one in ended.get_asset_check_evaluations()}
        assert checks == {"data_drift": True, "prediction_drift": True, "performance": True}
        assert not daemon.tick("iris_served").requests
        latest = instance.get_latest_materialization_event(dg.AssetKey(["iris", "served"]))
        assert latest is not None
        assert latest.asset_materialization is not None
        assert latest.asset_materialization.metadata["labelled_rows"].value == 150.0
