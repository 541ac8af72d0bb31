"""Batch keys: their order, and which names may become a path in the lake."""

from __future__ import annotations

import re

from driftwatch_assets.lake.errors import NameRefused

BatchOrder = tuple[tuple[str | int, ...], str]

_DIGITS = re.compile(r"([0-9]+)")
_SEGMENT = re.compile(r"\w[\w.+-]*")
LONGEST_NAME = 120
"""Characters of a batch, or of a folder or file of the lake."""


def batch_order(key: str) -> BatchOrder:
    """Give the sort key of a batch: natural order, in which runs of digits compare as numbers.

    Parameters
    ----------
    key
        Batch key, e.g. ``"7"`` or ``"2023-02"``.

    Returns
    -------
    BatchOrder
        ``(parts, key)``; two keys with equal ``parts`` (``"7"`` and ``"07"``) name the same moment.

    Examples
    --------
    >>> sorted(["10", "2", "1"], key=batch_order)
    ['1', '2', '10']
    >>> batch_order("2023-02") < batch_order("2023-10") < batch_order("2024-1")
    True
    >>> batch_order("7")[0] == batch_order("07")[0]
    True
    """
    parts = _DIGITS.split(key)
    return tuple(int(part) if at % 2 else part for at, part in enumerate(parts)), key


def check_name(kind: str, name: str) -> str:
    """Return `name` when it may be one folder or file of the lake.

    Parameters
    ----------
    kind
        What the name is for, as the message shall call it (``"batch"``, ``"table"``).
    name
        Letters, digits, ``_ . + -``; begins with a letter, a digit or ``_``; at most 120 characters.

    Raises
    ------
    NameRefused
        The name is empty, hidden, too long, or has a character that could lead out of the folder.

    Examples
    --------
    >>> check_name("batch", "2023-02")
    '2023-02'
    >>> check_name("batch", "../x")
    Traceback (most recent call last):
    ...
    driftwatch_assets.lake.errors.NameRefused: batch '../x' cannot be a name in the lake: ...
    """
    if len(name) > LONGEST_NAME or _SEGMENT.fullmatch(name) is None:
        raise NameRefused(
            f"{kind} {name!r} cannot be a name in the lake: expected 1 to {LONGEST_NAME} letters, digits or "
            f"'_ . + -', beginning with a letter, a digit or '_'. For a batch, let the pattern's group capture less."
        )
    return name


def check_path(kind: str, path: str) -> str:
    """Return `path` when each of its ``/``-separated parts may be a name of the lake (see `check_name`).

    Examples
    --------
    >>> check_path("table", "gas_sensors/silver/readings")
    'gas_sensors/silver/readings'
    """
    for part in path.split("/"):
        try:
            check_name(kind, part)
        except NameRefused as refused:
            raise NameRefused(f"{kind} path {path!r}: {refused}") from None
    return path
