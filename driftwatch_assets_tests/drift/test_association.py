"""Strengths of relations are those of the textbooks, and the p-value of their change keeps its level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch_assets.drift.association import (
    contrast_change,
    contrast_strength,
    null_variance,
    rank_association,
    rank_changes,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL = st.lists(st.integers(-3, 3), min_size=2, max_size=15)


@given(SMALL, SMALL, SMALL)
@settings(max_examples=80)
def test_the_strength_is_the_mann_whitney_statistic_of_each_pair(a: list[int], b: list[int], c: list[int]) -> None:
    groups = [np.array(each, dtype=float) for each in (a, b, c)]
    found = rank_association(np.concatenate(groups), np.repeat([0, 1, 2], [len(each) for each in groups]), 3)
    for one in range(3):
        for other in range(3):
            if one != other:
                u = stats.mannwhitneyu(groups[one], groups[other]).statistic
                area = u / len(groups[one]) / len(groups[other])
                assert found.strength[one, other] == pytest.approx(2 * area - 1, abs=1e-12)
                together = np.concatenate([groups[one], groups[other]])
                assert found.untied[one, other] == pytest.approx(stats.tiecorrect(stats.rankdata(together)), abs=1e-12)


def test_the_variance_is_delongs() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.normal(0.7, 1, 40), np.round(rng.normal(0, 2, 25))
    wins = (one[:, None] > other) + 0.5 * (one[:, None] == other)
    delong = wins.mean(axis=1).var(ddof=1) / 40 + wins.mean(axis=0).var(ddof=1) / 25
    found = rank_association(np.concatenate([one, other]), np.repeat([0, 1], [40, 25]), 2)
    assert found.share[0, 1] + found.share[1, 0] == pytest.approx(4 * delong, rel=1e-9)


def test_the_null_variance_is_what_normal_samples_give() -> None:
    rng = np.random.default_rng(4)
    areas = [(rng.normal(0.8, 1, 30)[:, None] > rng.normal(0, 1, 50)).mean() for _ in range(2000)]
    assert null_variance(np.mean(areas), 30, 50) == pytest.approx(np.var(areas), rel=0.15)


def test_missing_values_and_rows_without_a_class_are_left_out() -> None:
    values = np.array([1.0, np.nan, 2.0, 3.0, 99.0])
    found = rank_association(values, np.array([0, 0, 0, 1, -1]), 2)
    assert found.counts.tolist() == [2, 1]
    assert found.strength[1, 0] == 1
    assert np.isnan(rank_association(np.empty(0), np.empty(0, dtype=int), 2).strength[0, 1])


def drawn(kind: str, rng: np.random.Generator) -> Callable[[int, int], np.ndarray]:
    return {
        "unrelated": lambda rows, _: rng.normal(size=rows),
        "related": lambda rows, of: rng.normal(of, 1, rows),
        "wider": lambda rows, of: rng.normal(0, 1 + 3 * of, rows),
        "counts": lambda rows, of: rng.poisson(0.7 + of, rows).astype(float),
        "rare flag": lambda rows, _: (rng.random(rows) < 0.05).astype(float),
        "nearly separated": lambda rows, of: rng.normal(3.5 * of, 1, rows),
        "separated": lambda rows, of: rng.random(rows) + of,
    }[kind]


@pytest.mark.parametrize(
    "kind", ["unrelated", "related", "wider", "counts", "rare flag", "nearly separated", "separated"]
)
@pytest.mark.parametrize("rows", [(20, 20, 20, 20), (500, 100, 60, 25)])
def test_the_test_of_a_numeric_change_keeps_its_level(kind: str, rows: tuple[int, int, int, int]) -> None:
    draw = drawn(kind, np.random.default_rng(5))
    pvalues = []
    for _ in range(400):
        reference, current = (
            rank_association(np.concatenate([draw(one, 0), draw(other, 1)]), np.repeat([0, 1], [one, other]), 2)
            for one, other in (rows[:2], rows[2:])
        )
        pvalues.append(rank_changes(reference, current)[1][0, 1])
    assert (np.array(pvalues) < 0.05).mean() <= 0.08
    assert (np.array(pvalues) < 0.01).mean() <= 0.025


@pytest.mark.parametrize("rows", [(20, 20, 20, 20), (500, 100, 60, 25), (5000, 300, 500, 30), (300, 300, 300, 300)])
@pytest.mark.parametrize(
    "shares",
    [
        ([0.5, 0.5], [0.5, 0.5]),
        ([0.6, 0.3, 0.1], [0.2, 0.3, 0.5]),
        ([1, 0], [0, 1]),
        ([0.98, 0.02], [0.03, 0.97]),
        ([0.05] * 20, [0.05] * 20),
    ],
)
def test_the_test_of_a_categorical_change_keeps_its_level(
    rows: tuple[int, int, int, int], shares: tuple[list[float], list[float]]
) -> None:
    rng = np.random.default_rng(6)
    found = np.array(
        [
            contrast_change(
                np.stack([rng.multinomial(rows[0], shares[0]), rng.multinomial(rows[1], shares[1])], axis=1),
                np.stack([rng.multinomial(rows[2], shares[0]), rng.multinomial(rows[3], shares[1])], axis=1),
            )
            for _ in range(400)
        ]
    )
    assert (found[:, 1] < 0.05).mean() <= 0.08
    assert (found[:, 1] < 0.01).mean() <= 0.02


def test_many_categories_in_few_rows_are_not_called_a_strong_relation() -> None:
    rng = np.random.default_rng(7)
    counts = np.stack([rng.multinomial(200, [0.02] * 50) for _ in range(2)], axis=1)
    assert np.abs(np.diff(counts / 200)).sum() / 2 > 0.25
    assert contrast_strength(counts)[0, 1] < 0.15
    assert contrast_strength(np.array([[100, 0], [0, 100]]))[0, 1] == 1


def test_a_rare_category_that_surges_in_one_class_is_seen_beside_others_and_alone() -> None:
    change, p = contrast_change(np.array([[9990, 9990], [10, 10]]), np.array([[100, 10], [0, 90]]))
    assert (change, p < 1e-20) == (pytest.approx(0.9, abs=0.01), True)
    rare = np.ones((300, 2), dtype=int)
    surged = np.zeros((300, 2), dtype=int)
    surged[7] = 0, 60
    common = np.array([[500, 300], [300, 500]])
    assert contrast_change(np.vstack([common, rare]), np.vstack([common, surged]))[1] < 1e-10
    assert contrast_change(np.vstack([common, rare]), np.vstack([common, rare]))[1] == 1


def test_a_rare_category_that_surges_in_both_classes_is_no_changed_relation() -> None:
    assert contrast_change(np.array([[9990, 9990], [10, 10]]), np.array([[50, 50], [50, 50]]))[1] > 0.5


def test_thousands_of_categories_are_compared_without_a_matrix_of_them() -> None:
    rng = np.random.default_rng(14)
    shares = np.full(20_000, 1 / 20_000)
    groups = [np.stack([rng.multinomial(400_000, shares) for _ in range(2)], axis=1) for _ in range(2)]
    change, p = contrast_change(*groups)
    assert (change < 0.02, p > 0.001) == (True, True)
    turned = np.stack([groups[1][:, 0], groups[1][:, 1] * np.tile([2, 0], 10_000)], axis=1)
    assert contrast_change(groups[0], turned)[1] < 1e-100


def test_a_single_category_cannot_change() -> None:
    assert contrast_change(np.array([[30, 30]]), np.array([[40, 20]])) == (0.0, 1.0)
