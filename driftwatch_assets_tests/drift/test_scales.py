"""The scale of a feature changes no verdict: huge, tiny, and constants that differ by rounding alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.drift import Reference, compare_whole_table, judge
from driftwatch_assets.drift.distances import spread, wasserstein_distance

MEASURED = ["ks", "wasserstein_scaled", "psi"]


def column(values: object) -> pd.DataFrame:
    return pd.DataFrame({"x": values})


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-160, 1e160, 1e200, 1e300])
def test_a_feature_drifts_as_much_in_any_unit(scale: float) -> None:
    rng = np.random.default_rng(3)
    before, after = rng.normal(size=2000), rng.normal(0.5, size=500)
    wanted = Reference.fit(column(before)).compare(column(after)).loc["x"]
    found = Reference.fit(column(before * scale)).compare(column(after * scale)).loc["x"]
    assert [found[name] for name in MEASURED] == pytest.approx([wanted[name] for name in MEASURED], rel=1e-9)
    assert found["wasserstein"] == pytest.approx(wanted["wasserstein"] * scale, rel=1e-9)


def test_moments_and_distances_reach_to_the_end_of_the_numbers() -> None:
    largest = np.finfo(np.float64).max
    assert spread(np.array([-largest, largest])) == largest
    assert Reference.fit(column(np.full(100, largest))).columns["x"].mean == largest
    assert wasserstein_distance(np.full(50, 1e308), np.full(70, -0.5e308)) == pytest.approx(1.5e308)


@pytest.mark.parametrize("value", [0.3, 1e-200, 1e200, -5.5, 123456.7])
def test_constants_that_differ_by_rounding_are_one(value: float) -> None:
    beside = np.nextafter(value, np.inf)
    for before, after in ((value, beside), (beside, value)):
        statistics = Reference.fit(column(np.full(400, before))).compare(column(np.full(200, after)))
        assert statistics.loc["x", MEASURED].tolist() == [0, 0, 0]
        assert judge(statistics).severity == "none"
        assert compare_whole_table(column(np.full(300, before)), column(np.full(200, after))).auc == pytest.approx(0.5)


def test_levels_that_were_computed_another_way_are_the_same_levels() -> None:
    rng = np.random.default_rng(5)
    tenths = rng.integers(1, 13, size=3000)
    reference = Reference.fit(column(tenths / 10))
    found = reference.compare(column(tenths[:800] * 0.1)).loc["x"]
    assert found[MEASURED].tolist() == reference.compare(column(tenths[:800] / 10)).loc["x", MEASURED].tolist()
    mixed = Reference.fit(column(np.where(rng.random(3000) < 0.5, tenths / 10, tenths * 0.1)))
    again = mixed.compare(column(tenths[:800] * 0.1)).loc["x"]
    assert again[MEASURED].tolist() == pytest.approx(found[MEASURED].tolist(), abs=1e-12)


def test_a_constant_that_moved_by_more_than_rounding_has_still_moved_without_bound() -> None:
    statistics = Reference.fit(column(np.full(400, 0.3))).compare(column(np.full(200, 0.3 + 1e-12)))
    assert statistics.loc["x", "wasserstein_scaled"] == np.inf
    assert judge(statistics).severity == "high"


def test_large_whole_numbers_are_told_apart() -> None:
    codes = np.repeat(np.arange(1e15, 1e15 + 20), 50)
    statistics = Reference.fit(column(codes)).compare(column(codes[500:]))
    assert statistics.loc["x", "ks"] == pytest.approx(0.5)
