"""The real batches pass a reasonable suite, and their spoilt copies do not."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_svmlight_file

from driftwatch_assets.defs.gas_sensors.transforms import FEATURES, GASES
from driftwatch_assets.quality import TableColumns, check_columns, parse_suite, validate

if TYPE_CHECKING:
    from pathlib import Path

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
def _batch(folder: Path, number: int) -> pd.DataFrame:
    values, labels = load_svmlight_file(str(folder / f"batch{number}.dat"), n_features=len(FEATURES))
    frame = pd.DataFrame(values.toarray(), columns=list(FEATURES))
    frame.insert(0, "gas", [GASES[str(int(label))] for label in labels])
    frame.insert(0, "reading", np.arange(1, len(frame) + 1))
    return frame


def test_the_suite_fits_the_declared_columns() -> None:
    check_columns(SUITE, COLUMNS)


@pytest.mark.parametrize("number", ROWS)
def test_a_real_batch_passes(real_gas_sensors: Path, number: int) -> None:
    report = validate(
        _batch(real_gas_sensors, number), SUITE, table="silver/readings", batch=str(number), columns=COLUMNS
    )
    assert [one.sentence for one in report.failed] == []
    assert report.rows == ROWS[number]


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
    clean = _batch(real_gas_sensors, 7)
    spoilt = spoil(clean)  # type: ignore[operator]
    report = validate(spoilt, SUITE, table="silver/readings", batch="7", columns=COLUMNS)
    verdict = next(one for one in report.failed if one.name == check)
    expected = int((clean["gas"] == "toluene").sum()) if count is None else count
    assert verdict.observed["unexpected_count"] == expected
