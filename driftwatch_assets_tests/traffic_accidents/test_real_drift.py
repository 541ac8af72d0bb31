"""What really changed in the crash records over the years, found by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.defs.traffic_accidents.transforms import FEATURES
from driftwatch_assets.drift import Policy, Reference, judge
from driftwatch_assets_tests.traffic_accidents.records import gold_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from driftwatch_assets.drift import Verdict


@pytest.fixture(scope="module")
def real(real_data: Callable[[str], Path]) -> pd.DataFrame:
    return gold_of(real_data("traffic_accidents") / "traffic_accidents.csv")


def verdict_on(rows: pd.DataFrame, year: int) -> Verdict:
    """Judge a year against all years before it; one feature is enough."""
    of = rows["crash_date"].dt.year
    reference = Reference.fit(rows.loc[of < year, list(FEATURES)])
    return judge(reference.compare(rows.loc[of == year, list(FEATURES)]), policy=Policy(min_share_of_features=0.0))


def test_the_trafficway_types_that_begin_in_2019_are_found_and_nothing_before(real: pd.DataFrame) -> None:
    drifted = {
        year: {one.feature for one in verdict_on(real, year).features if one.drifted} for year in (2017, 2018, 2019)
    }

    assert drifted == {2017: set(), 2018: set(), 2019: {"trafficway_type"}}
    assert verdict_on(real, 2019).drift_detected is True


def test_random_crashes_of_all_years_do_not_drift(real: pd.DataFrame) -> None:
    for seed in range(10):
        some = real.sample(150, random_state=seed)
        reference = Reference.fit(real.drop(some.index)[list(FEATURES)])
        verdict = judge(reference.compare(some[list(FEATURES)]), policy=Policy(min_share_of_features=0.0))
        assert verdict.drift_detected is False, verdict.reason
