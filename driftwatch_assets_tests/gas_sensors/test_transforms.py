"""How gas sensor readings become typed rows and features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.defs.gas_sensors.transforms import FEATURES, GASES, gold, silver
from driftwatch_assets.sources import LibsvmSource, readable, split

if TYPE_CHECKING:
    from pathlib import Path

ROWS = (445, 1244, 1586, 161, 197, 2300, 3613, 294, 470, 3600)


def bronze(labels: list[str | None], values: np.ndarray) -> pd.DataFrame:
    raw = pd.DataFrame(values, columns=[f"x{at}" for at in range(1, 129)])
    return pd.concat([pd.DataFrame({"source_line": range(1, len(labels) + 1), "label": labels}), raw], axis=1)


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(5, 128))


def test_the_features_are_named_by_sensor_and_kind_in_the_order_of_the_files() -> None:
    assert len(FEATURES) == len(set(FEATURES)) == 128
    assert FEATURES[:3] == ("s01_dr", "s01_dr_norm", "s01_ema_rise_0001")
    assert FEATURES[8] == "s02_dr"
    assert FEATURES[-1] == "s16_ema_decay_01"


def test_readings_get_their_gas_and_keep_their_values(values: np.ndarray) -> None:
    typed = silver(bronze(["1", "2", "6", "3", "5"], values))

    assert typed["reading"].tolist() == [1, 2, 3, 4, 5]
    assert typed["reading"].dtype == np.int64
    assert typed["gas"].tolist() == ["ethanol", "ethylene", "toluene", "ammonia", "acetone"]
    assert np.array_equal(typed[list(FEATURES)].to_numpy(), values)
    assert typed["reject_reason"].isna().all()


@pytest.mark.parametrize("label", ["0", "7", "01", "1.0", "ethanol", "-1"])
def test_an_unknown_label_is_rejected_by_name(values: np.ndarray, label: str) -> None:
    typed = silver(bronze(["1", label, "1", "1", "1"], values))

    assert typed["gas"].isna().tolist() == [False, True, False, False, False]
    assert typed["reject_reason"].dropna().to_dict() == {
        1: f"label '{label}' is no known gas, expected one of 1, 2, 3, 4, 5, 6"
    }


def test_a_label_that_is_not_known_yet_is_no_reason_to_reject(values: np.ndarray) -> None:
    typed = silver(bronze(["1", None, "1", "1", "1"], values))

    assert typed["gas"].isna().tolist() == [False, True, False, False, False]
    assert typed["reject_reason"].isna().all()


def test_a_repeated_reading_is_rejected_with_the_line_that_it_repeats(values: np.ndarray) -> None:
    values[3] = values[1]
    values[4] = values[1]
    repeated = silver(bronze(["1", "2", "3", "2", "2"], values))
    relabelled = silver(bronze(["1", "2", "3", "4", "5"], values))

    assert repeated["reject_reason"].tolist() == [None, None, None, "duplicate of line 2", "duplicate of line 2"]
    assert relabelled["reject_reason"].isna().all()


def test_minus_zero_repeats_zero_and_the_next_number_does_not() -> None:
    values = np.zeros((3, 128))
    values[1, 5] = -0.0
    values[2, 5] = np.nextafter(0.0, 1.0)

    assert silver(bronze(["1"] * 3, values))["reject_reason"].tolist() == [None, "duplicate of line 1", None]


def test_the_index_of_bronze_is_kept(values: np.ndarray) -> None:
    rows = bronze(["1"] * 5, values).iloc[[4, 0, 2]]

    assert silver(rows).index.tolist() == [4, 0, 2]


def test_a_batch_without_a_row_has_the_same_columns(values: np.ndarray) -> None:
    rows = bronze(["1"] * 5, values)

    assert silver(rows.iloc[:0]).columns.tolist() == silver(rows).columns.tolist()
    assert silver(rows.iloc[:0]).empty


def test_silver_does_not_change_what_it_was_given(values: np.ndarray) -> None:
    rows = bronze(["1"] * 5, values)
    before = rows.copy(deep=True)
    silver(rows)

    pd.testing.assert_frame_equal(rows, before)


def test_gold_has_id_features_and_label(values: np.ndarray) -> None:
    table = gold(silver(bronze(["1"] * 5, values)).drop(columns="reject_reason"))

    assert table.columns.tolist() == ["reading", *FEATURES, "gas"]


def test_no_real_reading_is_rejected(real_gas_sensors: Path) -> None:
    source = LibsvmSource(features=128)
    for batch, rows in enumerate(ROWS, 1):
        raw = source.read(real_gas_sensors / f"batch{batch}.dat").to_pandas()
        parted = split(raw, silver(readable(raw)), f"batch{batch}.dat")

        assert (len(parted.kept), len(parted.rejected)) == (rows, 0)
        assert set(parted.kept["gas"]) <= set(GASES.values())
        assert ("toluene" in set(parted.kept["gas"])) == (batch not in {3, 4, 5})
