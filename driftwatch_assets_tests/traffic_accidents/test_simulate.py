"""The simulated crash records: the published format, counted dirt, and a change of form that is found by name."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.defs.traffic_accidents.simulate import COLUMNS, DIRT, DRIFT_YEAR, ROWS, dirt, simulate
from driftwatch_assets.defs.traffic_accidents.transforms import FEATURES, silver
from driftwatch_assets.drift import Policy, Reference, judge
from driftwatch_assets.sources import window_fingerprints
from driftwatch_assets_tests.traffic_accidents.records import SOURCE, bronze_of, gold_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

# SHA-256 of the file of seed 1: the same on every platform and with every supported version of Python and NumPy.
DIGEST = "566ed33e0e5ad49a352b54380929806cad34a2a1ed79c63b2adc734270fd4313"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(tmp_path_factory.mktemp("simulated"), seed=1)[0]


@pytest.fixture(scope="module")
def table(file: Path) -> pd.DataFrame:
    return gold_of(file)


def test_the_file_is_the_same_bytes_everywhere(file: Path) -> None:
    assert hashlib.sha256(file.read_bytes()).hexdigest() == DIGEST


def test_another_seed_makes_other_crashes_of_the_same_number(tmp_path: Path, file: Path) -> None:
    other = simulate(tmp_path, seed=2)[0].read_text().splitlines()

    assert len(other) == len(file.read_text().splitlines()) == sum(ROWS) + 1
    assert len(set(other) & set(file.read_text().splitlines())) < 10


def test_a_year_does_not_depend_on_how_many_are_asked_for(tmp_path: Path, file: Path) -> None:
    short = simulate(tmp_path, seed=1, batches=3)[0].read_text().splitlines()

    assert Counter(short[1:]) <= Counter(file.read_text().splitlines())


def test_it_has_the_published_form(file: Path, real_data: Callable[[str], Path]) -> None:
    real = (real_data("traffic_accidents") / "traffic_accidents.csv").read_text()
    line = re.compile(r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2},.*(,\d+){6},\d{1,2},[1-7],\d{1,2}")

    for text in (real, file.read_text()):
        lines = text.splitlines()
        assert lines[0] == ",".join(COLUMNS)
        assert all(line.fullmatch(each) for each in lines[1:])
        assert text.endswith("\n")
        assert "\r" not in text


def test_rows_are_in_no_order_of_time(file: Path) -> None:
    dates = bronze_of(file)["crash_date"]

    assert 0.4 < (dates.diff().dropna().dt.total_seconds() > 0).mean() < 0.6


def test_every_row_lies_in_a_year_and_the_dirt_is_counted(file: Path) -> None:
    assert list(window_fingerprints(SOURCE.read(file), "crash_date", "year", path=file)) == [
        str(year) for year in range(2015, 2024)
    ]
    signs = dict(zip(DIRT, ("is outside", "add up to", "is not that of crash_date", "duplicate of line"), strict=True))
    typed = silver(bronze_of(file))
    for year, rows in zip(range(2015, 2024), ROWS, strict=True):
        one = typed[typed["crash_date"].dt.year == year]
        found = {kind: int(one["reject_reason"].str.contains(sign).sum()) for kind, sign in signs.items()}
        assert len(one) == rows
        assert found == dirt(year)
        assert sum(found.values()) == one["reject_reason"].notna().sum() <= 0.02 * rows
    assert min(sum(dirt(year)[kind] for year in range(2015, 2024)) for kind in DIRT) >= 3


def test_some_cells_are_missing_and_some_are_written_otherwise(file: Path) -> None:
    raw = bronze_of(file)
    typed = silver(raw)

    assert 0 < raw["road_defect"].isna().sum() == typed["road_defect"].isna().sum()
    assert raw["weather_condition"].str.fullmatch(r" [a-z/]+ ").sum() > 10
    assert typed["weather_condition"].str.fullmatch(r"[A-Z/]+").all()


def test_the_change_of_form_is_found_by_name_and_nothing_before_it(table: pd.DataFrame) -> None:
    year = table["crash_date"].dt.year
    for at in range(2018, 2024):
        verdict = judge(
            Reference.fit(table.loc[(year < at) & (year < DRIFT_YEAR), list(FEATURES)]).compare(
                table.loc[year == at, list(FEATURES)]
            ),
            policy=Policy(),
        )
        drifted = {one.feature for one in verdict.features if one.drifted}
        assert drifted == ({"trafficway_type", "traffic_control_device"} if at >= DRIFT_YEAR else set()), at
        assert verdict.drift_detected is (at >= DRIFT_YEAR)


def test_scaled_years_keep_a_crash_and_stay_readable(tmp_path: Path) -> None:
    small = bronze_of(simulate(tmp_path / "small", seed=1, batches=2, scale=0.001)[0])
    large = bronze_of(simulate(tmp_path / "large", seed=1, batches=2, scale=3.0)[0])

    assert (len(small), len(large)) == (2, 450)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"batches": 0}, {"scale": 0.0}, {"scale": float("nan")}])
def test_a_wrong_argument_is_named(tmp_path: Path, wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}=.*expected seed >= 0, batches >= 1, scale > 0"):
        simulate(tmp_path, **{"seed": 1, **wrong})  # type: ignore[arg-type]
