"""Categories that show on one side only are called drift when chance would not leave so many there."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch_assets.drift.one_sided import one_sided_pvalue


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_it_keeps_its_level_with_many_rare_categories(power: float) -> None:
    rng = np.random.default_rng(11)
    shares = 1 / np.arange(1, 400) ** power
    shares /= shares.sum()
    alarms = np.zeros(2, dtype=int)
    for _ in range(400):
        reference, current = rng.multinomial(1000, shares), rng.multinomial(300, shares)
        alarms += one_sided_pvalue(current, reference) <= 0.05, one_sided_pvalue(reference, current) <= 0.05
    assert alarms.max() <= 20


def test_a_vocabulary_that_was_replaced_is_seen_though_each_member_is_rare() -> None:
    reference, current = (
        np.append(np.full(2500, 4), np.zeros(250, int)),
        np.append(np.zeros(2500, int), np.full(250, 2)),
    )
    assert one_sided_pvalue(current, reference) < 1e-100
    third = np.append(np.full(2500, 4), np.zeros(60, int)), np.append(np.ones(380, int), np.zeros(2120, int))
    assert one_sided_pvalue(np.append(third[1], np.full(60, 2)), third[0]) < 1e-20


def test_new_identifiers_are_no_drift_where_every_row_has_its_own() -> None:
    reference, current = (
        np.append(np.ones(5000, int), np.zeros(400, int)),
        np.append(np.zeros(5000, int), np.ones(400, int)),
    )
    assert one_sided_pvalue(current, reference) > 0.9
    assert one_sided_pvalue(reference, current) > 0.9


def test_a_single_frequent_category_is_seen_among_many_that_come_and_go() -> None:
    rng = np.random.default_rng(12)
    shares = np.full(3000, 1 / 3000)
    reference, current = np.append(rng.multinomial(6000, shares), 0), np.append(rng.multinomial(500, shares), 12)
    assert one_sided_pvalue(current, reference) < 1e-6
    assert np.isnan(one_sided_pvalue(np.array([3, 2]), np.array([1, 1])))
