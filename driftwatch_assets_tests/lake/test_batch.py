"""The order of batches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from driftwatch_assets.lake import batch_order


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_numbers_are_in_the_order_of_numbers(numbers: list[int]) -> None:
    assert sorted(map(str, numbers), key=batch_order) == [str(number) for number in sorted(numbers)]


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=8), unique=True))
def test_any_keys_have_one_order_whatever_their_order_of_arrival(keys: list[str]) -> None:
    arrived_backwards = keys[::-1]

    assert sorted(arrived_backwards, key=batch_order) == sorted(keys, key=batch_order)


def test_days_months_and_prefixes_are_in_the_order_of_time() -> None:
    in_order = ("2015-04-16", "2015-04-30", "2015-05-01", "2015-12-31", "2016-1-2", "2016-01-10")
    arrived_backwards = in_order[::-1]

    assert tuple(sorted(arrived_backwards, key=batch_order)) == in_order
    assert sorted(["week10", "week9", "week09b"], key=batch_order) == ["week9", "week09b", "week10"]
