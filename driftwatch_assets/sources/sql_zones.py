"""Times that SQLite keeps as texts with a zone: compared as texts, a window has others than it should."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from driftwatch_assets.sources.window import Window

MARGIN = dt.timedelta(days=1)
"""How far a clock on the wall is from UTC at most, in whole days."""


def wall_and_utc(value: object) -> tuple[dt.datetime, dt.datetime] | None:
    """Read a text with a zone as what the clock on the wall shows and as UTC; None for any other value.

    Examples
    --------
    >>> [str(moment) for moment in wall_and_utc("2024-02-01T00:30:00+02:00")]
    ['2024-02-01 00:30:00', '2024-01-31 22:30:00']
    >>> wall_and_utc("2024-02-01T00:30:00") is None
    True

    """
    if not isinstance(value, str):
        return None
    with suppress(ValueError, OverflowError):
        moment = dt.datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.replace(tzinfo=None), moment.astimezone(dt.UTC).replace(tzinfo=None)
    return None


def strays(value: object, window: Window) -> bool:
    """Tell whether a row stands among a window's only because its time was compared as a text.

    With w the clock on the wall and u the same in UTC, it does when ``u >= end``, or ``w >= start > u``.

    Examples
    --------
    >>> from driftwatch_assets.sources.window import window_of
    >>> february = window_of("month", "2024-02")
    >>> [strays(time, february) for time in ("2024-02-01 00:30+02:00", "2024-02-29 23:30-02:00", "2024-02-29 23:30")]
    [True, True, False]

    """
    times = wall_and_utc(value)
    return times is not None and (times[1] >= window.end or times[0] >= window.start > times[1])


def belongs(value: object, window: Window) -> bool:
    """Tell whether a row of a neighbouring day belongs to a window by its time in UTC.

    Examples
    --------
    >>> from driftwatch_assets.sources.window import window_of
    >>> belongs("2024-02-01 00:30+02:00", window_of("month", "2024-01"))
    True

    """
    times = wall_and_utc(value)
    return times is not None and window.start <= times[1] < window.end


def looks_back(value: object, window: Window) -> bool:
    """Tell whether a row stands before a window, since its query asks for earlier rows, too."""
    times = wall_and_utc(value)
    return times is not None and times[0] < window.start


def margins(window: Window) -> list[Window]:
    """Give the day before a window and the day after it, where the calendar has them."""
    found = []
    with suppress(OverflowError):
        found.append(Window(window.key, window.start - MARGIN, window.start))
    with suppress(OverflowError):
        found.append(Window(window.key, window.end, window.end + MARGIN))
    return found
