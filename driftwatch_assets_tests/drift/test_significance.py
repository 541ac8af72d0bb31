"""The p-values are close to the exact ones, and adjusting them is what the papers say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch_assets.drift.significance import adjusted, chi_square, ks_pvalue, missing_pvalue, one_sided_pvalue


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


@given(st.lists(st.tuples(st.integers(20, 500), st.integers(20, 500)), min_size=2, max_size=8))
@settings(max_examples=60)
def test_chi_square_is_scipys_where_no_category_is_rare(pairs: list[tuple[int, int]]) -> None:
    table = np.array(pairs).T
    truth = stats.chi2_contingency(table, correction=False)
    if truth.expected_freq.min() < 5:
        return
    statistic, p = chi_square(table[0], table[1])
    assert statistic == pytest.approx(truth.statistic, rel=1e-9, abs=1e-9)
    assert p == pytest.approx(truth.pvalue, rel=1e-7, abs=1e-300)


def test_chi_square_pools_rare_categories() -> None:
    rare = chi_square(np.array([500, 400, 3, 2, 4, 6]), np.array([250, 200, 2, 1, 2, 3]))
    pooled = stats.chi2_contingency(np.array([[500, 400, 15], [250, 200, 8]]), correction=False)
    assert rare == pytest.approx((pooled.statistic, pooled.pvalue))
    assert chi_square(np.array([500, 1]), np.array([300, 0])) == (0.0, 1.0)


def test_chi_square_holds_its_level_with_many_rare_categories() -> None:
    rng = np.random.default_rng(10)
    shares = 1 / np.arange(1, 60)
    shares /= shares.sum()
    p = [chi_square(rng.multinomial(1000, shares), rng.multinomial(200, shares))[1] for _ in range(500)]
    assert 0.02 < np.mean(np.array(p) < 0.05) < 0.08


def test_one_sided_categories_hold_their_level_with_many_rare_categories() -> None:
    rng = np.random.default_rng(11)
    shares = 1 / np.arange(1, 200)
    shares /= shares.sum()
    alarms = 0
    for _ in range(500):
        reference, current = rng.multinomial(1000, shares), rng.multinomial(300, shares)
        seen = int(((reference > 0) | (current > 0)).sum())
        alarms += one_sided_pvalue(int(current[reference == 0].max(initial=0)), seen, 300, 1000) < 0.05
    assert alarms <= 25


def test_missing_pvalue_is_the_corrected_two_proportion_test() -> None:
    truth = stats.chi2_contingency(np.array([[30, 970], [20, 180]]), correction=True).pvalue
    assert missing_pvalue(30, 1000, 20, 200) == pytest.approx(truth, rel=1e-9)
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
