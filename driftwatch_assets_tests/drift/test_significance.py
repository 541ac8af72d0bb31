"""The p-values are close to the exact ones, and adjusting them is what the papers say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch_assets.drift.significance import adjusted, ks_pvalue, missing_pvalue


@pytest.mark.parametrize(
    ("n_reference", "n_current", "error"), [(600, 361, 0.03), (600, 60, 0.03), (200, 100, 0.05), (30, 30, 0.22)]
)
def test_ks_pvalue_is_close_to_the_exact_one(n_reference: int, n_current: int, error: float) -> None:
    rng = np.random.default_rng(8)
    compared = 0
    for shift in np.linspace(0, 0.5, 40):
        exact = stats.ks_2samp(rng.normal(size=n_reference), rng.normal(shift, 1, size=n_current), method="exact")
        if exact.pvalue > 1e-4:
            compared += 1
            assert ks_pvalue(exact.statistic, n_reference, n_current) == pytest.approx(exact.pvalue, rel=error)
    assert compared >= 20


def test_ks_pvalue_holds_its_level_without_drift() -> None:
    rng = np.random.default_rng(9)
    distances = [
        stats.ks_2samp(rng.normal(size=400), rng.normal(size=150), method="asymp").statistic for _ in range(400)
    ]
    alarms = (ks_pvalue(distances, 400, 150) < 0.05).mean()
    assert 0.02 < alarms < 0.08


def test_ks_pvalue_of_no_values_is_nan() -> None:
    assert np.isnan(ks_pvalue(np.nan, 0, 10))


def test_missing_pvalue_is_fishers_exact_one() -> None:
    assert missing_pvalue(30, 1000, 20, 200) == pytest.approx(stats.fisher_exact([[30, 970], [20, 180]]).pvalue)
    assert missing_pvalue(1000, 1000, 200, 200) == 1
    assert np.isnan(missing_pvalue(0, 1000, 0, 200))
    assert np.isnan(missing_pvalue(3, 1000, 0, 0))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
@settings(max_examples=100)
def test_benjamini_hochberg_is_scipys(pvalues: list[float]) -> None:
    found = adjusted(np.array(pvalues), "benjamini_hochberg")
    assert found == pytest.approx(stats.false_discovery_control(pvalues), rel=1e-12, abs=0)


def test_adjusting_leaves_out_what_was_not_tested() -> None:
    found = adjusted(np.array([np.nan, 0.02, np.nan]), "benjamini_hochberg")
    assert found[1] == 0.02
    assert np.isnan(found[[0, 2]]).all()
    assert adjusted(np.array([0.02, 0.9]), "bonferroni").tolist() == [0.04, 1.0]
    assert adjusted(np.array([0.02, 0.9]), "none").tolist() == [0.02, 0.9]
