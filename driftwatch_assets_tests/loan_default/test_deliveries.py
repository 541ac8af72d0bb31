"""Loan files as they should not be, and a score that moved: what the steps of the live system make of it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.defs.loan_default.simulate import simulate
from driftwatch_assets.defs.loan_default.transforms import FEATURES, SILVER_TYPES
from driftwatch_assets.drift import Reference
from driftwatch_assets.retraining import Rule
from driftwatch_assets.steps import SourceRefused, clean, ingest, look, make_features
from driftwatch_assets.steps.reference import prediction_columns
from driftwatch_assets_tests.loan_default.replayed import MODEL, deliver
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.components.ticks import Tick

pytestmark = DAGSTERS_OWN_WARNINGS


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    simulate(folder, seed=3, months=2, scale=0.1)
    return folder


@pytest.fixture
def house(simulated: Path, tmp_path: Path) -> House:
    house = House(tmp_path / "house", model=MODEL)
    deliver(house, simulated)
    return house


def rewritten(house: House, name: str, lines: slice) -> None:
    """Write the dates of some lines of a file with the day first."""
    file = house.landing / f"{name}.csv"
    text = file.read_text().splitlines(keepends=True)
    text[lines] = [pd.Series(text[lines]).str.replace(r"(\d{4})-(\d\d)-(\d\d)", r"\3/\2/\1", regex=True)][0].tolist()
    house.deliver(file.name, "".join(text))


def ticked(house: House, sensor: str) -> Tick:
    with house.instance() as instance:
        return LocalDaemon(instance, defs(), places_of(house.settings)).tick(sensor)


def test_months_have_no_end_so_that_a_model_goes_on_as_far_as_its_data(house: House) -> None:
    ledger = house.landing / "lms_loan_daily.csv"
    *_, last = ledger.read_text().splitlines()
    later = last.rpartition(",")[0] + ",2026-01-01"
    house.deliver(ledger.name, f"{ledger.read_text()}{later}\n")
    found = look(house.watched)
    assert found.landed[-1].batch == "2026-01"
    assert found.remarks == ()
    with house.instance() as instance:
        assert "2026-01" in house.component.keys.known_batches(instance)


class TestDates:
    @pytest.mark.parametrize("name", list(SILVER_TYPES))
    def test_a_file_that_mixes_formats_is_refused_with_its_line_and_nothing_is_stored(
        self, house: House, name: str
    ) -> None:
        rewritten(house, name, slice(6, None))
        with pytest.raises(SourceRefused, match=rf"loan_default, table {name}: .*{name}\.csv, line 7, column "):
            look(house.watched)
        with pytest.raises(dg.Failure, match=rf"{name}\.csv, line 7"):
            ticked(house, house.component.keys.arrivals_sensor)
        assert not house.files()

    def test_the_other_models_go_on(self, house: House) -> None:
        rewritten(house, "lms_loan_daily", slice(6, None))
        other = House(house.folder, model="iris")
        other.deliver(*_flowers(other))
        with house.instance() as instance:
            daemon = LocalDaemon(instance, defs(), places_of(house.settings))
            with pytest.raises(dg.Failure):
                daemon.tick(house.component.keys.arrivals_sensor)
            assert len(daemon.tick(other.component.keys.arrivals_sensor).requests) == 1

    def test_a_file_in_another_format_throughout_is_read_as_that(self, house: House, tmp_path: Path) -> None:
        other = House(tmp_path / "other", model=MODEL)
        shutil.copytree(house.landing, other.landing)
        for name in SILVER_TYPES:
            rewritten(other, name, slice(1, None))
        for one in (house, other):
            for done in (ingest(one.watched, "2023-02"), clean(one.watched, "2023-02")):
                assert not any(outcome.refused for outcome in done.values())
        silver = {name: content for name, content in house.stored().items() if name.startswith("silver/")}
        assert len(silver) == len(SILVER_TYPES)
        assert silver.items() <= other.stored().items()


def _flowers(house: House) -> tuple[str, bytes]:
    from driftwatch_assets.defs.iris.simulate import simulate as flowers  # noqa: PLC0415 - for one test

    file = flowers(house.folder / "flowers", seed=1)[0]
    return file.name, file.read_bytes()


class TestClicks:
    def test_a_month_without_any_has_features_that_are_numbers(self, house: House) -> None:
        clicks = (house.landing / "feature_clickstream.csv").read_text()
        house.deliver("feature_clickstream.csv", clicks.replace("CUS_", "SOMEBODY_ELSE_"))
        for month in ("2023-01", "2023-02"):
            ingest(house.watched, month)
            clean(house.watched, month)
            made = make_features(house.watched, month).stored
            assert made is not None
            assert len(made) > 10
            assert made[["fe_10_mean", "fe_10_std"]].isna().all(axis=None)
            assert {str(kind) for kind in made[list(FEATURES[:-2])].dtypes} == {"float64"}


class TestPsi:
    @pytest.mark.parametrize("shift", [0.2, -0.2])
    def test_a_score_that_is_shifted_by_a_fifth_has_one_and_the_rule_fires(self, house: House, shift: float) -> None:
        declared = house.watched.declaration
        rng = np.random.default_rng(5)
        scores = np.clip(rng.beta(2, 5, size=1_200), 0, 1)
        said = pd.DataFrame(
            {"predicted": np.where(scores >= 0.45, "default", "repaid"), "score_default": scores, "confidence": 1.0}
        )
        columns = prediction_columns(declared.task)
        reference = Reference.from_bytes(Reference.fit(said.iloc[:700][columns]).to_bytes())

        same = reference.compare(said.iloc[700:][columns]).loc["score_default", "psi"]
        moved = said.iloc[700:].assign(score_default=lambda rows: (rows["score_default"] + shift).clip(0, 1))
        psi = reference.compare(moved[columns]).loc["score_default", "psi"]

        assert same < 0.1
        assert psi > 0.5
        rule = declared.retraining.rule
        assert isinstance(rule, Rule)
        well = {"auc": 0.8, "precision": 0.7, "recall": 0.6}
        assert rule.evaluate(well | {"psi": same}).fires is False
        assert rule.evaluate(well | {"psi": psi}).fires is True
        assert rule.evaluate(well | {"psi": same, "recall": 0.49}).fires is True
