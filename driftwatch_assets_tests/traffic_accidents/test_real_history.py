"""Nine years of real crashes through the whole loop: rates, retrainings, pictures, and what MLflow is told."""

from __future__ import annotations

import io
import json
import shutil
from typing import TYPE_CHECKING, Any

import dagster as dg
import mlflow.artifacts
import numpy as np
import pytest
from mlflow.tracking import MlflowClient
from PIL import Image

from driftwatch_assets.defs.traffic_accidents.transforms import DATE_PARTS
from driftwatch_assets.reporting.anomaly_pictures import PICTURES
from driftwatch_assets.steps import pictures
from driftwatch_assets_tests.severities import documented, stored
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House
from driftwatch_assets_tests.traffic_accidents.held_out import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pandas as pd

pytestmark = [pytest.mark.soak, *DAGSTERS_OWN_WARNINGS]
SCORED = ("2019", "2020", "2021", "2022", "2023")


@pytest.fixture(scope="module")
def house(real_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> House:
    real = real_data(MODEL)
    house = House(tmp_path_factory.mktemp("crashes"), model=MODEL)
    shutil.copytree(real, house.landing)
    told = house.replay()
    assert told.status == 0, told.text
    return house


@pytest.fixture
def at_work(house: House) -> Iterator[House]:
    with house.lived_in():
        yield house


def evidence(house: House, batch: str, kind: str) -> dict[str, Any]:
    path = house.folder / "lake" / MODEL / "evidence" / batch / f"{kind}.json"
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def test_the_years_before_the_first_champion_are_taken_in_and_not_judged(house: House) -> None:
    lake = house.watched.lake
    rows = [len(lake.read(f"{MODEL}/gold/features", str(year))) for year in range(2015, 2024)]
    assert rows == [11, 42, 86, 142, 145, 123, 124, 152, 175]
    for year in ("2015", "2016", "2017", "2018"):
        assert lake.read(f"{MODEL}/predictions", year).empty
        assert evidence(house, year, "drift")["champion"] is None
        assert not list((house.folder / "lake" / MODEL / "reports").glob(f"batch-{year}-*.png"))


def test_the_rate_a_year_follows_what_really_changed(house: House) -> None:
    """Tell the rates that the loop has, which are above the declared 10 %, since the years really change.

    With seed 42: 2019 20.7 %, 2020 15.4 %, 2021 11.3 %, 2022 13.8 %, 2023 10.9 %; 14.3 % of all 719 crashes that were
    scored. From 2019 the records have trafficway types that no earlier one has, and a crash with one of these is unlike
    all that the first model knows. Parted at random the same crashes have the declared share: see `test_model`. The
    first model, never retrained, calls 22 % of them anomalous.
    """
    metrics = {year: evidence(house, year, "performance") for year in SCORED}
    rates = {year: one["metrics"]["anomaly_rate"] for year, one in metrics.items()}
    rows = {year: one["metrics"]["rows"] for year, one in metrics.items()}
    frozen = {year: one["frozen_value"] for year, one in metrics.items()}
    overall, never_retrained = (
        sum(found[year] * rows[year] for year in SCORED) / sum(rows.values()) for found in (rates, frozen)
    )

    assert rates["2019"] > 0.15
    assert all(0.05 <= rates[year] <= 0.17 for year in SCORED[1:]), rates
    assert 0.10 <= overall <= 0.17
    assert never_retrained >= overall + 0.05
    assert "trafficway_type" in evidence(house, "2019", "drift")["data_drift"]["drifted_features"]


def test_the_grades_of_drift_are_those_of_the_documented_table(house: House) -> None:
    assert stored(house.folder / "lake", MODEL) == documented(MODEL)


def test_it_is_retrained_after_the_years_whose_rate_left_the_declared_one(at_work: House) -> None:
    degraded = [year for year in SCORED if evidence(at_work, year, "performance")["verdict"]["degraded"]]
    trained = [one.trained_through for one in at_work.watched.registry.history(MODEL)]
    assert trained == ["2018", *degraded]
    assert 1 <= len(degraded) <= 3


def test_every_training_passed_its_gate_on_crashes_that_it_had_not_seen(at_work: House) -> None:
    registry = at_work.watched.registry
    for version in registry.history(MODEL):
        model = registry.load(version)
        assert version.gate_result == "promoted"
        assert version.metric == "rate_fit"
        newest = at_work.watched.lake.read(f"{MODEL}/gold/features", version.trained_through)
        assert set(model.held_out["crash"]) < set(newest["crash"])
        assert 30 <= len(model.held_out) <= len(newest) / 2 + 1


def test_hour_day_and_month_are_in_the_stored_champion_and_the_date_is_not(at_work: House) -> None:
    registry = at_work.watched.registry
    champion = registry.load(registry.history(MODEL)[-1])
    gold = at_work.watched.lake.read(f"{MODEL}/gold/features", "2023")
    assert set(DATE_PARTS) <= set(champion.features)
    assert "crash_date" not in champion.features

    def scores(rows: pd.DataFrame) -> np.ndarray[Any, Any]:
        return np.asarray(champion.predict(rows)["score"], dtype=float)

    before = scores(gold)
    for part, value in {"crash_hour": 4, "crash_day_of_week": 1, "crash_month": 1}.items():
        others = (gold[part] != value).to_numpy()
        moved = scores(gold.assign(**{part: value})) != before
        assert moved[others].mean() > 0.9, part
        assert not moved[~others].any()


def test_each_scored_year_has_five_pictures_beside_its_page_with_previews_in_the_ui(house: House) -> None:
    reports = house.folder / "lake" / MODEL / "reports"
    with house.instance() as instance:
        records = instance.fetch_materializations(house.component.keys.dashboard, limit=50).records
    linked = {}
    for record in reversed(records):
        materialization = record.asset_materialization
        assert materialization is not None
        linked[materialization.partition] = materialization.metadata
    assert len(PICTURES) == 5
    for year in SCORED:
        for name in PICTURES:
            path = reports / f"batch-{year}-{name}.png"
            link = linked[year][name]
            assert isinstance(link, dg.UrlMetadataValue)
            assert link.url.endswith(f"/{MODEL}/reports/{path.name}")
            assert_drawn(path.read_bytes())
            preview = linked[year][f"{name}_preview"]
            assert isinstance(preview, dg.MarkdownMetadataValue)
            assert "data:image/png;base64," in str(preview.value)


def test_pictures_that_show_the_same_are_not_drawn_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    reports = house.folder / "lake" / MODEL / "reports"
    before = {path: path.read_bytes() for path in reports.glob("*.png")}
    drawn: list[str] = []

    def draw(*_: object, title: str, **__: object) -> dict[str, bytes]:
        drawn.append(title)
        return dict.fromkeys(PICTURES, next(iter(before.values())))

    monkeypatch.setattr(pictures, "anomaly_pictures", draw)
    assert house.backfill("2023", "2023").status == 0
    assert drawn == []
    assert {path: path.read_bytes() for path in reports.glob("*.png")} == before

    (reports / "batch-2023-summary.png").unlink()
    assert house.backfill("2023", "2023").status == 0
    assert drawn == ["Traffic accidents, 2023"]
    for path, content in before.items():
        path.write_bytes(content)


def test_a_training_leaves_its_parameters_times_and_five_pictures_in_mlflow(at_work: House, tmp_path: Path) -> None:
    client = MlflowClient(at_work.environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name(MODEL)
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    versions = at_work.watched.registry.history(MODEL)
    assert {run.info.run_id for run in runs} == {version.run_id for version in versions}
    for run in runs:
        assert run.info.status == "FINISHED"
        assert run.data.params["IsolationForest.n_estimators"] == "200"
        assert run.data.params["contamination"] == "0.1"
        assert run.data.params["candidate"] == "frequencies"
        numbers = run.data.metrics
        assert {"seconds", "seconds_challenger", "seconds_judging", "seconds_refitting"} <= set(numbers)
        assert 0 < numbers["seconds_challenger"] < numbers["seconds"]
        assert numbers["anomaly_rate"] == numbers["challenger_anomaly_rate"]
        assert 0.08 <= numbers["anomaly_rate"] <= 0.18
        folder = mlflow.artifacts.download_artifacts(
            run_id=run.info.run_id,
            artifact_path="figures",
            dst_path=str(tmp_path / run.info.run_id),
            tracking_uri=at_work.environment["MLFLOW_TRACKING_URI"],
        )
        for name in PICTURES:
            assert_drawn((tmp_path / run.info.run_id / "figures" / f"{name}.png").read_bytes())
        assert folder


def assert_drawn(content: bytes) -> None:
    """Hold that a file is a PNG image with ink of several colours on it."""
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "PNG"
        assert min(image.size) > 200
        colours = image.convert("RGB").getcolors(maxcolors=1 << 20)
    assert colours is not None
    assert len(colours) > 20
