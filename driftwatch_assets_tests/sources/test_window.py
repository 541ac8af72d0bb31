"""Windows of time at the ends of the calendar, where a year has fewer digits or nothing comes after."""

from __future__ import annotations

import datetime as dt
from itertools import islice, pairwise
from typing import TYPE_CHECKING, get_args

import pytest

from driftwatch_assets.sources.window import Every, WindowUnknown, window_at, window_of, windows_between

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST, LAST = (dt.datetime.fromisoformat(day) for day in ("0001-01-01", "9999-12-31T23:59:59.999999"))
MOMENTS = [
    FIRST,
    *map(dt.datetime.fromisoformat, ("0024-05-03T10:00", "0999-12-31T23:59", "2024-02-29", "9999-12-31")),
    LAST,
]


@pytest.mark.parametrize("every", get_args(Every))
@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_each_moment_of_the_calendar_has_a_window_that_its_key_names(every: Every, moment: dt.datetime) -> None:
    window = window_at(every, moment)
    assert window.start <= moment <= window.end
    assert window_of(every, window.key) == window


@pytest.mark.parametrize("every", get_args(Every))
def test_keys_of_any_years_are_in_the_order_of_time(every: Every) -> None:
    keys = [window_at(every, moment).key for moment in MOMENTS]
    assert keys == sorted(keys)


@pytest.mark.parametrize("every", get_args(Every))
def test_windows_follow_each_other_without_a_gap_up_to_the_end_of_the_calendar(every: Every) -> None:
    last = list(windows_between(every, dt.datetime.fromisoformat("9997-01-01"), LAST))
    assert all(before.end == after.start for before, after in pairwise(last))
    assert last[-1].end == LAST


def test_windows_up_to_a_far_day_are_made_only_as_they_are_asked_for() -> None:
    first: Sequence[str] = [one.key for one in islice(windows_between("day", FIRST, LAST), 2)]
    assert first == ["0001-01-01", "0001-01-02"]


@pytest.mark.parametrize(
    ("every", "key"),
    [
        ("month", "24-05"),
        ("month", "2015-13"),
        ("month", "2015-4"),
        ("year", "24"),
        ("year", "0000"),
        ("day", "2015-02-30"),
        ("day", "2015-04"),
        ("day", "20150416"),
        ("day", "2015-W16-4"),
        ("week", "2015-04-14"),
        ("week", "2015-04-13\n"),
    ],
)
def test_what_names_no_window_is_refused(every: Every, key: str) -> None:
    with pytest.raises(WindowUnknown, match=f"is no {every}; keys are written like 2015"):
        window_of(every, key)
