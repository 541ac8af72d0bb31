"""Categories are compared by a test that sees rare ones, single or all together, and keeps its level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch_assets.drift.chi_square import chi_square


@given(st.lists(st.tuples(st.integers(100, 900), st.integers(100, 900)), min_size=3, max_size=8))
@settings(max_examples=60)
def test_it_is_scipys_where_no_category_is_rare(pairs: list[tuple[int, int]]) -> None:
    table = np.array(pairs).T
    truth = stats.chi2_contingency(table, correction=False)
    statistic, p = chi_square(table[0], table[1])
    assert statistic == pytest.approx(truth.statistic, rel=1e-9, abs=1e-9)
    if truth.expected_freq.min() >= 50:
        assert p == pytest.approx(truth.pvalue, rel=1e-7, abs=1e-300)


def test_the_statistic_is_pearsons_of_all_categories_also_of_rare_ones() -> None:
    table = np.array([[500, 400, 3, 2, 4, 6], [250, 200, 2, 1, 2, 3]])
    truth = stats.chi2_contingency(table, correction=False)
    assert chi_square(*table)[0] == pytest.approx(truth.statistic)


def test_of_two_categories_the_p_value_is_fishers() -> None:
    for one, other in (([500, 1], [300, 0]), ([19_980, 20], [1, 99]), ([60, 40], [50, 50])):
        truth = stats.fisher_exact([one, other]).pvalue
        assert chi_square(np.array(one), np.array(other))[1] == pytest.approx(truth, rel=1e-6)
    assert chi_square(np.array([500, 0]), np.array([300, 0])) == (0.0, 1.0)


def test_a_rare_category_that_surges_is_seen_beside_frequent_ones_and_among_many_rare_ones() -> None:
    assert chi_square(np.array([12_000, 7980, 20]), np.array([30, 20, 50]))[1] < 1e-80
    reference, current = np.full(5000, 4), np.zeros(5000, dtype=np.int64)
    current[:400] = 1
    current[7] = 15
    assert chi_square(reference, current)[1] < 1e-12


def test_a_vocabulary_of_rare_categories_is_judged_as_a_whole() -> None:
    reference, current = np.repeat(6, 200), np.tile([4, 0, 0, 0], 50)
    assert all(stats.fisher_exact([[6, 1194], [each, 200 - each]]).pvalue > 0.02 for each in (0, 4))
    assert chi_square(reference, current)[1] < 0.0004


def test_rare_categories_do_not_hide_what_moved_among_the_frequent_ones() -> None:
    rng = np.random.default_rng(12)
    frequent, tail = np.repeat(60, 20), np.ones(3000, dtype=np.int64)
    moved = np.concatenate([np.tile([9, 15], 10), rng.multinomial(600, tail / tail.size)])
    whole = chi_square(np.concatenate([frequent, tail]), moved)[1]
    assert whole == chi_square(np.concatenate([frequent, tail]), moved)[1]
    shifted = np.concatenate([np.tile([4, 20], 10), moved[20:]])
    assert (whole > 0.05, chi_square(np.concatenate([frequent, tail]), shifted)[1] < 0.001) == (True, True)


@pytest.mark.parametrize("draws", [10_000, 100_000])
def test_more_draws_make_smaller_p_values_possible(draws: int) -> None:
    reference, current = np.repeat(6, 200), np.tile([4, 0, 0, 0], 50)
    assert chi_square(reference, current, draws)[1] == pytest.approx(2 / (draws + 1))


def test_a_million_categories_are_compared_by_a_bound_that_sees_what_moved() -> None:
    rng = np.random.default_rng(13)
    reference = rng.poisson(1, 1_000_000)
    assert chi_square(reference, rng.poisson(0.1, 1_000_000))[1] > 0.05
    moved = rng.poisson(np.tile([0.4, 0], 500_000))
    assert chi_square(reference, moved)[1] < 0.005
