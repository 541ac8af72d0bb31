"""What changes by its definition is compared with the newest batches before, and its gaps with the training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.declaration import DriftPlan
from driftwatch_assets.drift import NOTHING, Policy, Reference, against_newest, compare_whole_table, judge
from driftwatch_assets.drift.newest import LOOKED_BACK, newest_values, presence_of
from driftwatch_assets.reporting.statistics_table import statistics_table

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICY = Policy(wasserstein_scaled=0.2, psi=0.2, missing_rate_change=0.2)
CHANGES = ["mean", "rank"]


def month(number: int, *, gone: bool = False) -> pd.DataFrame:
    """Give loans whose customers have that many months of history: their mean spreads less with each."""
    rng = np.random.default_rng(number)
    rank = np.where(rng.random(600) < 1 / number, "new", "known")
    frame = pd.DataFrame({"mean": rng.normal(size=600) / np.sqrt(number), "rank": rank, "age": rng.normal(size=600)})
    return frame.assign(mean=np.nan) if gone else frame


def before(last: int) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give the months before one, newest first; from the tenth on the mean is missing."""
    for number in range(last - 1, 0, -1):
        yield str(number), month(number, gone=number >= 10)


TRAINING = Reference.fit(pd.concat([month(number) for number in range(1, 5)]))


def compared(number: int, count: int = 3) -> pd.DataFrame:
    batch = month(number, gone=number >= 10)
    return against_newest(TRAINING.compare(batch), batch, newest_values(before(number), CHANGES, count))


def test_a_definition_that_changes_is_no_drift_from_the_newest_batches() -> None:
    assert judge(TRAINING.compare(month(9)), POLICY).drifted_features == CHANGES
    statistics = compared(9)
    assert statistics["compared_with"].to_dict() == {"mean": "6, 7, 8", "rank": "6, 7, 8", "age": "training"}
    assert statistics["n_reference"].to_dict() == {"mean": 1800, "rank": 1800, "age": 2400}
    assert judge(statistics, POLICY).drifted_features == []


def test_a_step_from_the_newest_batches_is_found_and_says_from_which() -> None:
    batch = month(9).assign(mean=lambda frame: frame["mean"] + 0.3)
    statistics = against_newest(TRAINING.compare(batch), batch, newest_values(before(9), CHANGES, 3))
    verdict = judge(statistics, POLICY)
    assert verdict.drifted_features == ["mean"]
    assert "against the newest batches 6, 7, 8" in verdict.reason


@pytest.mark.parametrize("number", [10, 11, 15])
def test_gaps_are_compared_with_the_training_for_as_long_as_they_last(number: int) -> None:
    statistics = compared(number)
    verdict = judge(statistics, POLICY)
    assert verdict.drifted_features == ["mean"]
    assert statistics.loc["mean", ["missing_rate_reference", "missing_rate_current"]].tolist() == [0, 1]
    assert statistics.loc["mean", "compared_with"] == "7, 8, 9"


def test_the_first_batches_have_nothing_to_be_compared_with() -> None:
    batch = month(1)
    statistics = against_newest(TRAINING.compare(batch), batch, newest_values(before(1), CHANGES, 3))
    assert statistics.loc["mean", "compared_with"] == ""
    assert statistics.loc["mean", ["ks", "psi", "wasserstein_scaled"]].isna().all()
    verdict = judge(statistics, POLICY)
    assert (verdict.drift_detected, verdict.judged_features) == (False, 3)


def test_no_more_batches_are_read_than_are_needed_and_types_are_kept() -> None:
    read: list[str] = []

    def earlier() -> Iterator[tuple[str, pd.DataFrame]]:
        for name, frame in before(9):
            read.append(name)
            yield name, frame

    batch = month(9)
    plain = TRAINING.compare(batch)
    statistics = against_newest(plain, batch, newest_values(earlier(), CHANGES, 2))
    assert read == ["8", "7"]
    assert statistics.drop(columns="compared_with").dtypes.equals(plain.dtypes)
    pd.testing.assert_series_equal(statistics.drop(columns="compared_with").loc["age"], plain.loc["age"])
    pd.testing.assert_frame_equal(against_newest(plain, batch, {}), plain)


def test_however_many_batches_there_are_the_newest_twenty_four_are_looked_at() -> None:
    read: list[int] = []

    def endless() -> Iterator[tuple[str, pd.DataFrame]]:
        while True:
            read.append(len(read))
            yield str(read[-1]), month(12, gone=True)

    found = newest_values(endless(), CHANGES, 30)
    assert len(read) == LOOKED_BACK == 24
    assert (found["mean"].batches, len(found["rank"].batches)) == ((), 24)


def test_the_whole_table_sees_that_values_went_missing_and_not_that_they_spread_less() -> None:
    training = pd.concat([month(number) for number in range(1, 5)], ignore_index=True)
    gone, narrower = month(12, gone=True), month(9)
    assert compare_whole_table(presence_of(training, CHANGES), presence_of(narrower, CHANGES)).auc < 0.6
    found = compare_whole_table(presence_of(training, CHANGES), presence_of(gone, CHANGES))
    assert found.auc > 0.95
    assert found.strongest[0][0] == "mean"


def test_the_page_says_what_a_feature_stands_against() -> None:
    def caption(statistics: pd.DataFrame) -> str:
        text = statistics_table(judge(statistics, POLICY).mark(statistics))["caption"]
        assert isinstance(text, str)
        return text

    assert "mean and rank compared with the newest batches before that have a value: 6, 7, 8." in caption(compared(9))
    nothing = against_newest(TRAINING.compare(month(9)), month(9), {"mean": NOTHING})
    assert "mean compared with nothing: none before has a value." in caption(nothing)
    assert "compared with" not in caption(TRAINING.compare(month(9)))


def test_a_feature_is_left_unwatched_or_compared() -> None:
    with pytest.raises(ValueError, match=r"'mean' is in unwatched and in newest\.features"):
        DriftPlan.model_validate({"unwatched": ["mean"], "newest": {"features": ["mean"]}})
