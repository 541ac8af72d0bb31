"""Time windows: which one a moment belongs to, and where a window begins and ends."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Every = Literal["day", "week", "month", "year"]

FORMATS: dict[Every, str] = {"day": "%Y-%m-%d", "week": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}
"""How the key of a window is written: by its first day. Weeks begin on Monday, and years have four digits."""

EARLIEST = dt.datetime(1900, 1, 1)  # noqa: DTZ001 - the source's clock, without a zone
LATEST = dt.datetime(2200, 1, 1)  # noqa: DTZ001 - as above
"""A time before the first, or from the second on, is a stand-in such as 9999-12-31, or a year that was cut to two
digits: a row that has one belongs to no batch."""

_LAST_MOMENT = dt.datetime.max  # noqa: DTZ901 - the source's clock has no zone
_LENGTH: dict[Every, int] = {"day": 10, "week": 10, "month": 7, "year": 4}
_KEY = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")


class WindowUnknown(ValueError):  # noqa: N818 - named for what was found
    """A key that is no window of this length."""


@dataclass(frozen=True)
class Window:
    """A stretch of time that is a batch.

    Attributes
    ----------
    key
        The batch key.
    start, end
        First moment, and the first moment after it; without a zone, as the source's clock has it. No moment comes after
        the year 9999, so that the last window of all ends in its last microsecond.

    """

    key: str
    start: dt.datetime
    end: dt.datetime


def window_at(every: Every, moment: dt.datetime) -> Window:
    """Give the window that a moment lies in.

    Examples
    --------
    >>> window_at("month", dt.datetime(2024, 12, 31, 23, 59))
    Window(key='2024-12', start=datetime.datetime(2024, 12, 1, 0, 0), end=datetime.datetime(2025, 1, 1, 0, 0))
    >>> window_at("week", dt.datetime(2015, 4, 16)).key
    '2015-04-13'
    >>> window_at("month", dt.datetime(24, 5, 3)).key, window_at("month", dt.datetime(9999, 12, 31)).key
    ('0024-05', '9999-12')

    """
    start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if every == "week":
        start -= dt.timedelta(days=start.weekday())
    elif every == "month":
        start = start.replace(day=1)
    elif every == "year":
        start = start.replace(month=1, day=1)
    return _window(every, start)


def window_of(every: Every, key: str) -> Window:
    """Give the window that a key names.

    Raises
    ------
    WindowUnknown
        The key is not written as `FORMATS` says, or names a day on which no window begins.

    Examples
    --------
    >>> window_of("year", "2016").end.year
    2017
    >>> window_of("month", "2016-13")
    Traceback (most recent call last):
    ...
    driftwatch_assets.sources.window.WindowUnknown: '2016-13' is no month; keys are written like 2015-04

    """
    window = None
    if _KEY.fullmatch(key) and len(key) == _LENGTH[every]:
        try:
            window = window_at(every, dt.datetime.fromisoformat(f"{key}-01-01"[:10]))
        except ValueError:
            window = None
    if window is None or window.key != key:
        example = window_at(every, dt.datetime(2015, 4, 16)).key  # noqa: DTZ001 - as above
        raise WindowUnknown(f"{key!r} is no {every}; keys are written like {example}")
    return window


def windows_between(every: Every, first: dt.datetime, last: dt.datetime) -> Iterator[Window]:
    """Give the windows from the one of `first` to the one of `last`, both included, in order, one after the other.

    Examples
    --------
    >>> [window.key for window in windows_between("month", dt.datetime(2023, 11, 5), dt.datetime(2024, 1, 1))]
    ['2023-11', '2023-12', '2024-01']

    """
    window = window_at(every, first)
    yield window
    while window.end <= last and window.end != _LAST_MOMENT:
        window = _window(every, window.end)
        yield window


def _window(every: Every, start: dt.datetime) -> Window:
    return Window(start.isoformat()[: _LENGTH[every]], start, _after(every, start))


def _after(every: Every, start: dt.datetime) -> dt.datetime:
    try:
        if every == "month":
            return (start + dt.timedelta(days=32)).replace(day=1)
        if every == "year":
            return start.replace(year=start.year + 1)
        return start + dt.timedelta(days=7 if every == "week" else 1)
    except (OverflowError, ValueError):
        return _LAST_MOMENT
