"""Fisher's test is the textbook's, for every table and at every depth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch_assets.drift.fisher import fisher_pvalue

SIDE = st.integers(1, 400).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows)))


@given(st.lists(st.tuples(SIDE, SIDE), min_size=1, max_size=6))
@settings(max_examples=100)
def test_it_is_scipys(tables: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    (one, one_of), (other, other_of) = np.array(tables).transpose(1, 2, 0)
    truth = [
        stats.fisher_exact([[a, n - a], [b, m - b]]).pvalue
        for a, n, b, m in zip(one, one_of, other, other_of, strict=True)
    ]
    assert fisher_pvalue(one, one_of, other, other_of) == pytest.approx(truth, rel=1e-6, abs=1e-300)


def test_it_is_scipys_among_a_million_rows() -> None:
    for one, other in ((300_000, 30_000), (300_000, 30_400), (300_000, 29_300), (12, 7), (0, 3)):
        truth = stats.fisher_exact([[one, 1_000_000 - one], [other, 100_000 - other]]).pvalue
        assert fisher_pvalue(one, 1_000_000, other, 100_000) == pytest.approx(truth, rel=1e-5)


def test_a_surge_is_as_unlikely_as_it_is() -> None:
    assert fisher_pvalue(20, 20_000, 99, 100)[0] == pytest.approx(2.807e-246, rel=1e-3)
    assert fisher_pvalue([3, 0, 3], 3, [2, 0, 0], 2).tolist() == pytest.approx([1, 1, 0.1])
