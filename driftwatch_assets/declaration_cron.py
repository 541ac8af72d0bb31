"""Times of schedules, as a user declares them: the five fields of cron."""

from __future__ import annotations

import re

_NAMES: dict[str, tuple[str, ...]] = {
    "month": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    "weekday": ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>[0-9]+))?")


def check_cron(text: str) -> str:
    """Give back a cron time: numbers, names of months and weekdays, ranges, lists and steps.

    Every time that passes is one of Dagster's too.

    Raises
    ------
    ValueError
        It has other than five fields, or a field has no value of its range.

    Examples
    --------
    >>> check_cron("0 6 * * mon-fri")
    '0 6 * * mon-fri'
    >>> check_cron("0 25 * * *")
    Traceback (most recent call last):
    ...
    ValueError: '0 25 * * *' is no cron time: its hour is '25', which lies outside 0 to 23
    >>> check_cron("daily")
    Traceback (most recent call last):
    ...
    ValueError: 'daily' is no cron time: expected five fields (minute hour day month weekday), such as 0 6 * * *

    """
    fields = text.split()
    if len(fields) != len(_FIELDS):
        message = f"{text!r} is no cron time: expected five fields (minute hour day month weekday), such as 0 6 * * *"
        raise ValueError(message)
    for field, (name, least, most) in zip(fields, _FIELDS, strict=True):
        for part in field.split(","):
            wrong = _wrong(part, name, least, most)
            if wrong is not None:
                raise ValueError(f"{text!r} is no cron time: its {name} is {field!r}, {wrong}")
    return text


def _wrong(part: str, name: str, least: int, most: int) -> str | None:
    """Say what is wrong with one part of a field; None when nothing is."""
    found = _PART.fullmatch(part)
    if found is None:
        return "which is neither *, a number, a range such as 1-5, nor a step such as */15"
    ends = [_number(end, name, least) for end in (found["first"], found["last"]) if end is not None]
    if None in ends:
        names = f" or one of {', '.join(_NAMES[name])}" if name in _NAMES else ""
        return f"which is no number{names}"
    numbers = [end for end in ends if end is not None]
    step = None if found["step"] is None else int(found["step"])
    faults = {
        f"which lies outside {least} to {most}": any(not least <= number <= most for number in numbers),
        "which ends before it begins": numbers != sorted(numbers),
        f"with a step outside 1 to {most}": step is not None and not 1 <= step <= most,
        "with a step that has no range, such as 0-30/10": step is not None and len(numbers) == 1,
    }
    return next((said for said, there in faults.items() if there), None)


def _number(text: str, name: str, least: int) -> int | None:
    if text.isdecimal() and text.isascii():
        return int(text)
    names = _NAMES.get(name, ())
    return names.index(text.lower()) + least if text.lower() in names else None
