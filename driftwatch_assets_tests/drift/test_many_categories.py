"""A vocabulary of thousands has no effect while nothing changes, and has one when something does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.drift import Reference, judge
from driftwatch_assets.drift.distances import population_stability
from driftwatch_assets.drift.stability_by_chance import stability_by_chance

LEVELS = 5000


def shop(rows: int, seed: int, first: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "product": np.char.add("p", (first + rng.integers(0, LEVELS, rows)).astype(str)),
            "price": rng.normal(size=rows),
        }
    )


@pytest.mark.parametrize(("before", "after"), [(20_000, 2000), (20_000, 20_000), (3000, 9000)])
def test_nothing_changed_is_no_effect(before: int, after: int) -> None:
    statistics = Reference.fit(shop(before, 0)).compare(shop(after, 1))
    assert statistics.loc["product", "psi"] < 0.1
    verdict = judge(statistics)
    assert verdict.drift_detected is False
    assert max(each.effect for each in verdict.features) < 0.1


def test_another_half_of_the_vocabulary_is_an_effect() -> None:
    statistics = Reference.fit(shop(20_000, 0)).compare(shop(2000, 1, first=LEVELS // 2))
    assert statistics.loc["product", "psi"] > 0.5


@pytest.mark.parametrize(
    ("shares", "before", "after"),
    [
        (np.full(5000, 1 / 5000), 4000, 1000),
        (np.full(5000, 1 / 5000), 1000, 4000),
        (np.geomspace(1, 1e-4, 300), 3000, 200),
        (np.array([0.6, 0.3, 0.1]), 500, 100),
        (np.array([0.998, 0.002]), 5000, 100),
    ],
)
def test_the_mean_by_chance_is_the_mean_over_draws_without_drift(shares: np.ndarray, before: int, after: int) -> None:
    rng = np.random.default_rng(12)
    found, expected = [], []
    for _ in range(200):
        one, other = (rng.multinomial(rows, shares / shares.sum()) for rows in (before, after))
        found.append(population_stability([one], [other])[0])
        expected.append(stability_by_chance(one, other))
    error = np.std(np.subtract(found, expected)) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(np.mean(expected), abs=4 * error)


def test_a_rare_category_that_surges_keeps_its_effect() -> None:
    reference = pd.DataFrame({"flag": ["no"] * 19_980 + ["yes"] * 20})
    statistics = Reference.fit(reference).compare(pd.DataFrame({"flag": ["no"] + ["yes"] * 99}))
    assert statistics.loc["flag", "psi"] > 11
