"""Real batches pass a reasonable suite, spoilt copies do not, and the dirt of simulated ones is counted."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.defs.gas_sensors.simulate import dirt, simulate
from driftwatch_assets.defs.gas_sensors.transforms import FEATURES, GASES, silver
from driftwatch_assets.quality import QualityReport, TableColumns, check_columns, parse_suite, validate
from driftwatch_assets.sources import LibsvmSource, readable, split

if TYPE_CHECKING:
    from pathlib import Path

BRONZE = parse_suite([{"expect": "row_count", "min": 50, "max": 50000}, {"expect": "readable", "max_share": 0.05}])
SUITE = parse_suite(
    [
        {"expect": "schema"},
        {"expect": "row_count", "min": 50, "max": 50000},
        {"expect": "values_in", "column": "gas", "values": list(GASES.values())},
        {"expect": "not_null", "columns": "features"},
        {"expect": "between", "columns": {"matching": "_dr$"}, "min": -1.0e5, "max": 5.0e6},
        {"expect": "between", "columns": {"matching": "_dr_norm$"}, "min": 0, "max": 1.0e5},
        {"expect": "between", "columns": {"matching": "_ema_rise_"}, "min": 0, "max": 1.0e5},
        {"expect": "between", "columns": {"matching": "_ema_decay_"}, "min": -1.0e4, "max": 1.0e3},
        {
            "expect": "between",
            "columns": {"matching": "_ema_decay_"},
            "max": 0,
            "max_share": 0.01,
            "severity": "warn",
            "name": "decay_falls",
        },
        {"expect": "unique", "columns": ["reading"]},
        {"expect": "no_duplicates", "max_share": 0.01, "severity": "warn"},
        {"expect": "rejected", "max_share": 0.05},
    ]
)
COLUMNS = TableColumns(
    types={"reading": "int64", "gas": "string", **dict.fromkeys(FEATURES, "float64")},
    features=FEATURES,
    identity=("reading",),
)
ROWS = {1: 445, 2: 1244, 3: 1586, 4: 161, 5: 197, 6: 2300, 7: 3613, 8: 294, 9: 470, 10: 3600}


@cache
def _tables(file: Path) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Give bronze, silver and the number of rejected rows of a delivered file."""
    source = LibsvmSource(features=len(FEATURES), label_fields=("label", "concentration"))
    bronze = source.read(file).to_pandas()
    parted = split(bronze, silver(readable(bronze)), file.name)
    return bronze, parted.kept, len(parted.rejected)


def _judge(file: Path, batch: str) -> tuple[QualityReport, QualityReport]:
    bronze, kept, rejected = _tables(file)
    return (
        validate(bronze, BRONZE, table="bronze/readings", batch=batch, columns=TableColumns(identity=("source_line",))),
        validate(kept, SUITE, table="silver/readings", batch=batch, columns=COLUMNS, rejected=rejected),
    )


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    simulate(folder, seed=11)
    return folder


def test_the_suite_fits_the_declared_columns() -> None:
    check_columns(SUITE, COLUMNS)


@pytest.mark.parametrize("number", ROWS)
def test_a_real_batch_passes(real_gas_sensors: Path, number: int) -> None:
    bronze, kept = _judge(real_gas_sensors / f"batch{number}.dat", str(number))
    assert [one.sentence for one in (*bronze.failed, *kept.failed)] == []
    assert bronze.rows == kept.rows == ROWS[number]


@pytest.mark.parametrize("number", ROWS)
def test_the_dirt_of_a_simulated_batch_is_counted(simulated: Path, number: int) -> None:
    bronze, kept = _judge(simulated / f"batch{number}.dat", str(number))
    found = {one.name: one for one in (*bronze.verdicts, *kept.verdicts)}
    kinds = dirt(number, bronze.rows)
    unreadable = kinds["index outside 1-128"] + kinds["value is nan"]
    assert found["readable"].observed["unexpected_count"] == unreadable
    assert found["rejected"].observed["unexpected_count"] == sum(kinds.values())
    assert kept.rows == bronze.rows - sum(kinds.values())
    clean = ("readable", "rejected", "schema", "values_in_gas", "not_null_features", "unique_reading", "no_duplicates")
    assert [found[name].sentence for name in clean if not found[name].passed] == []


@pytest.mark.parametrize(
    ("spoil", "check", "count"),
    [
        (lambda frame: frame.assign(s01_dr=np.nan), "not_null_features", 3613),
        (lambda frame: frame.assign(s03_dr=frame["s03_dr"] * 1e6), "between_matching_dr", 3613),
        (lambda frame: frame.assign(s16_ema_rise_01=-frame["s16_ema_rise_01"]), "between_matching_ema_rise", 3613),
        (lambda frame: frame.assign(s16_ema_decay_01=-frame["s16_ema_decay_01"]), "decay_falls", 3613),
        (lambda frame: pd.concat([frame, frame.head(40).assign(reading=range(4000, 4040))]), "no_duplicates", 80),
        (lambda frame: pd.concat([frame, frame.head(1)]), "unique_reading", 2),
        (lambda frame: frame.assign(gas=frame["gas"].replace("toluene", "toluol")), "values_in_gas", None),
        (lambda frame: frame.drop(columns="s01_dr"), "schema", 1),
        (lambda frame: frame.head(49), "row_count", 1),
    ],
)
def test_a_spoilt_copy_of_a_real_batch_is_caught(
    real_gas_sensors: Path, spoil: object, check: str, count: int | None
) -> None:
    _, clean, _ = _tables(real_gas_sensors / "batch7.dat")
    spoilt = spoil(clean)  # type: ignore[operator]
    report = validate(spoilt, SUITE, table="silver/readings", batch="7", columns=COLUMNS)
    verdict = next(one for one in report.failed if one.name == check)
    expected = int((clean["gas"] == "toluene").sum()) if count is None else count
    assert verdict.observed["unexpected_count"] == expected
