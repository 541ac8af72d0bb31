"""The default policy keeps its promise: few false alarms, every real shift, nothing that nobody would act on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.drift import Policy, Reference, judge

DRAWS = 300
FEATURES = 24


@pytest.mark.parametrize(("reference_rows", "batch_rows"), [(1500, 900), (600, 60), (200, 30)])
def test_at_most_one_draw_in_twenty_without_drift_raises_an_alarm(reference_rows: int, batch_rows: int) -> None:
    rng = np.random.default_rng(100)
    names = [f"x{at}" for at in range(FEATURES)]
    alarms = classic = 0
    for _ in range(DRAWS):
        reference = Reference.fit(pd.DataFrame(rng.normal(size=(reference_rows, FEATURES)), columns=names))
        statistics = reference.compare(pd.DataFrame(rng.normal(size=(batch_rows, FEATURES)), columns=names))
        alarms += judge(statistics, Policy(min_share_of_features=0)).drift_detected is True
        classic += judge(statistics, Policy(rule="any", psi=None, wasserstein_scaled=None)).drift_detected is True
    assert alarms <= 0.05 * DRAWS
    assert classic >= 0.5 * DRAWS


def test_at_most_one_draw_in_twenty_of_mixed_columns_raises_an_alarm() -> None:
    rng = np.random.default_rng(101)
    shares = np.array([0.4, 0.3, 0.2, 0.06, 0.03, 0.01])

    def draw(rows: int) -> pd.DataFrame:
        frame = pd.DataFrame({f"x{at}": rng.normal(size=rows) for at in range(5)})
        for at in range(5):
            frame[f"c{at}"] = rng.choice(list("abcdef"), rows, p=shares)
        frame["gappy"] = np.where(rng.random(rows) < 0.1, np.nan, rng.exponential(size=rows))
        return frame

    alarms = sum(
        judge(Reference.fit(draw(800)).compare(draw(120)), Policy(min_share_of_features=0)).drift_detected is True
        for _ in range(DRAWS)
    )
    assert alarms <= 0.05 * DRAWS


def test_all_shifted_features_are_found_and_no_other() -> None:
    rng = np.random.default_rng(102)
    names = [f"x{at}" for at in range(128)]
    reference = Reference.fit(pd.DataFrame(rng.normal(size=(6000, 128)), columns=names))
    batch = rng.normal(size=(3600, 128))
    batch[:, :64] += 0.5
    verdict = judge(reference.compare(pd.DataFrame(batch, columns=names)))
    assert set(verdict.drifted_features) == set(names[:64])
    assert verdict.drift_detected is True


def test_a_shift_of_two_hundredths_at_a_hundred_thousand_rows_is_left_alone() -> None:
    rng = np.random.default_rng(103)
    names = [f"x{at}" for at in range(8)]
    reference = Reference.fit(pd.DataFrame(rng.normal(size=(100_000, 8)), columns=names))
    statistics = reference.compare(pd.DataFrame(rng.normal(0.02, 1, size=(100_000, 8)), columns=names))
    assert (statistics["ks_pvalue"] < 0.05).sum() >= 7
    assert judge(statistics, Policy(min_share_of_features=0)).drifted_features == []
