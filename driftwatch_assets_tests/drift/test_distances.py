"""The distances are SciPy's, digit for digit, on the data that make them hard."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch_assets.drift.distances import (
    bin_counts,
    ks_distance,
    population_stability,
    quantile_edges,
    spread,
    wasserstein_distance,
)

KS_ERROR = 1e-13
WASSERSTEIN_ERROR = 1e-12

tied = st.lists(st.integers(-6, 6).map(lambda value: value / 8), min_size=1, max_size=90)
spaced = st.lists(
    st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False).map(lambda value: value + 0.0), min_size=1, max_size=90
)
samples = st.one_of(tied, spaced)


def ascending(values: list[float] | np.ndarray) -> np.ndarray:
    return np.sort(np.asarray(values, dtype=np.float64))


def stability(reference: np.ndarray, current: np.ndarray) -> float:
    (found,) = population_stability([reference], [current])
    return float(found)


def exact_wasserstein(one: np.ndarray, other: np.ndarray) -> Fraction:
    """Integrate the gap of both quantile functions in rational numbers."""
    cuts = sorted(
        {Fraction(i, one.size) for i in range(1, one.size + 1)}
        | {Fraction(j, other.size) for j in range(1, other.size + 1)}
    )
    total, before = Fraction(0), Fraction(0)
    for cut in cuts:
        middle = (before + cut) / 2
        gap = Fraction(float(one[int(middle * one.size)])) - Fraction(float(other[int(middle * other.size)]))
        total += abs(gap) * (cut - before)
        before = cut
    return total


def scipys_ks(reference: list[float] | np.ndarray, current: list[float] | np.ndarray) -> float:
    with np.errstate(divide="ignore"):  # its asymptotic p-value divides by zero at one row
        return float(stats.ks_2samp(reference, current, method="asymp").statistic)


def assert_as_scipy(reference: np.ndarray, current: np.ndarray) -> None:
    reference, current = ascending(reference), ascending(current)
    ks = scipys_ks(reference, current)
    wasserstein = stats.wasserstein_distance(reference, current)
    assert abs(ks_distance(reference, current) - ks) <= KS_ERROR
    assert abs(wasserstein_distance(reference, current) - wasserstein) <= WASSERSTEIN_ERROR * wasserstein


@given(samples, samples)
@example([0.0], [0.0])
@example([1.0] * 40, [1.0] * 37)
@example([float(i) for i in range(17)], [float(i) for i in range(16)])
@settings(max_examples=300)
def test_ks_is_scipys_on_any_samples(reference: list[float], current: list[float]) -> None:
    found = ks_distance(ascending(reference), ascending(current))
    assert abs(found - scipys_ks(reference, current)) <= KS_ERROR


@given(samples, samples)
@example([0.0], [0.0])
@example([1.0] * 40, [1.0] * 37)
@example([0.0] * 40 + [1e6], [0.0] * 39 + [1e6])
@settings(max_examples=300)
def test_wasserstein_is_the_exact_integral_on_any_samples(reference: list[float], current: list[float]) -> None:
    one, other = ascending(reference), ascending(current)
    truth = exact_wasserstein(one, other)
    assert abs(Fraction(wasserstein_distance(one, other)) - truth) <= truth * Fraction(WASSERSTEIN_ERROR)


@given(samples, samples)
@settings(max_examples=100)
def test_both_sides_can_be_exchanged(reference: list[float], current: list[float]) -> None:
    one, other = ascending(reference), ascending(current)
    assert ks_distance(one, other) == ks_distance(other, one)
    assert wasserstein_distance(one, other) == pytest.approx(wasserstein_distance(other, one), rel=1e-14, abs=0)


def _hard_cases() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(20)
    normal = rng.normal(size=200_003)
    return {
        "heavy ties": (rng.integers(0, 5, 6000), rng.integers(0, 6, 3600)),
        "ties of both sides, shifted": (np.round(rng.normal(size=6000), 1), np.round(rng.normal(0.3, 1, 3600), 1)),
        "coprime sizes": (rng.normal(size=6007), rng.normal(0.1, 1, size=3593)),
        "neighbouring sizes": (rng.normal(size=5000), rng.normal(size=4999)),
        "equal sizes": (rng.normal(size=5000), rng.normal(size=5000)),
        "offset of a million": (1e6 + rng.normal(size=6000), 1e6 + rng.normal(0.01, 1, size=3601)),
        "reference much smaller": (rng.normal(size=7), rng.normal(size=100_000)),
        "one value": (np.array([0.5]), rng.normal(size=9001)),
        "heavy tails": (rng.standard_cauchy(20_000), rng.standard_cauchy(7001)),
        "no overlap": (rng.uniform(0, 1, 3000), rng.uniform(2, 3, 1700)),
        "the batch is the reference's own rows": (normal, normal[::10]),
        "constant against constant": (np.full(4000, 0.1), np.full(1501, 0.1)),
        "constant against another": (np.full(4000, 0.1), np.full(1501, 0.3)),
    }


@pytest.mark.parametrize("case", _hard_cases())
def test_distances_are_scipys_in_hard_cases(case: str) -> None:
    assert_as_scipy(*_hard_cases()[case])


@pytest.mark.parametrize("current_rows", [100_000, 99_991])
def test_a_million_rows_with_a_distance_of_three_thousandths_keep_their_digits(current_rows: int) -> None:
    rng = np.random.default_rng(5)
    reference, current = rng.normal(size=1_000_000), rng.normal(0.002, 1, size=current_rows)
    assert 0.002 < stats.wasserstein_distance(reference, current) < 0.005
    assert_as_scipy(reference, current)
    assert_as_scipy(reference + 1e6, current + 1e6)


def test_two_samples_of_a_million_keep_their_digits() -> None:
    rng = np.random.default_rng(4)
    assert_as_scipy(rng.normal(size=1_000_000), rng.normal(0.003, 1, size=1_000_000))


def test_psi_is_the_textbook_sum_where_no_bin_is_empty() -> None:
    rng = np.random.default_rng(5)
    reference, current = ascending(rng.normal(size=6000)), ascending(rng.normal(0.3, 1.2, size=3600))
    edges = quantile_edges(reference)
    expected, found = bin_counts(reference, edges) / 6000, bin_counts(current, edges) / 3600
    assert edges.size == 9
    assert np.array_equal(bin_counts(reference, edges), np.full(10, 600))
    assert stability(bin_counts(reference, edges), bin_counts(current, edges)) == pytest.approx(
        ((found - expected) * np.log(found / expected)).sum(), rel=1e-12
    )


@given(samples, samples)
@settings(max_examples=150)
def test_psi_counts_every_row_once_and_is_finite(reference: list[float], current: list[float]) -> None:
    one, other = ascending(reference), ascending(current)
    edges = quantile_edges(one)
    counts = bin_counts(other, edges)
    assert (np.diff(edges) > 0).all()
    assert counts.sum() == other.size
    assert np.array_equal(counts[:-1].cumsum(), [(other <= edge).sum() for edge in edges])
    psi = stability(bin_counts(one, edges), counts)
    assert 0 <= psi < np.inf


@given(samples)
@settings(max_examples=60)
def test_psi_of_a_sample_with_itself_is_zero(sample: list[float]) -> None:
    one = ascending(sample)
    counts = bin_counts(one, quantile_edges(one))
    assert stability(counts, counts) == 0


@pytest.mark.parametrize("elsewhere", [2.9, 3.1])
def test_psi_sees_a_constant_column_move_to_either_side(elsewhere: float) -> None:
    reference, current = np.full(500, 3.0), np.full(200, elsewhere)
    edges = quantile_edges(reference)
    counted = bin_counts(reference, edges)
    assert stability(counted, bin_counts(np.full(200, 3.0), edges)) == 0
    assert stability(counted, bin_counts(current, edges)) > 5


def test_psi_counts_a_discrete_column_value_by_value() -> None:
    reference = ascending([0.0] * 700 + [1.0] * 300)
    edges = quantile_edges(reference)
    found = bin_counts(ascending([0.0] * 50 + [1.0] * 50), edges)
    assert sorted(found[found > 0].tolist()) == [50, 50]
    assert stability(bin_counts(reference, edges), found) == pytest.approx(
        (0.5 - 0.7) * np.log(0.5 / 0.7) + (0.5 - 0.3) * np.log(0.5 / 0.3)
    )


def test_spread_is_numpys_and_exactly_zero_for_a_constant() -> None:
    rng = np.random.default_rng(6)
    values = ascending(1e6 + rng.normal(size=1000))
    assert spread(values) == values.std()
    assert spread(np.full(1000, 0.1)) == 0
