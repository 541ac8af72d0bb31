"""The values of a database column as one declared type, whichever database they come from."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SqlType = Literal["text", "number", "integer", "timestamp"]

ARROW_TYPES: dict[SqlType, pa.DataType] = {
    "text": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "timestamp": pa.timestamp("us"),
}
"""What a column of each type becomes."""

EXPECTED: dict[SqlType, str] = {
    "text": "a text",
    "number": "a finite number",
    "integer": "a whole number within 64 bits",
    "timestamp": "a date or a time, in SQLite as YYYY-MM-DD or YYYY-MM-DD HH:MM:SS",
}
"""How a message calls what a column of this type holds."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
# What a driver gives where nothing has to be converted.
_AS_IT_IS: dict[SqlType, type] = {"text": str, "number": float, "integer": int, "timestamp": dt.datetime}


class _OtherTypeError(Exception):
    """A value that is not of the declared type."""


def as_typed(values: Sequence[object], kind: SqlType) -> tuple[pa.Array, list[int]]:
    """Read the values of a column.

    SQLite keeps times as texts and mixes types in a column; PostgreSQL gives decimals, UUIDs and times with a zone.
    Both become the same: a time with a zone is taken in UTC and without it, a date is its midnight.

    Returns
    -------
    tuple
        The values (`ARROW_TYPES`; null where missing or of another type), and the positions of the latter.

    Examples
    --------
    >>> as_typed(["2015-04-16 10:00:00", dt.date(2015, 4, 17), "soon"], "timestamp")[0].to_pylist()
    [datetime.datetime(2015, 4, 16, 10, 0), datetime.datetime(2015, 4, 17, 0, 0), None]
    >>> as_typed([Decimal("1.50"), "7", "x", None], "number")[1]
    [2]
    """
    if set(map(type, values)) <= {_AS_IT_IS[kind], type(None)}:
        array = pa.array(values, ARROW_TYPES[kind])
        if kind != "number" or pc.all(pc.is_finite(array)).as_py() is not False:
            return array, []
    read = _READ[kind]
    typed: list[object] = []
    unfit = []
    for at, value in enumerate(values):
        try:
            typed.append(None if value is None else read(value))
        except (_OtherTypeError, ValueError, OverflowError):
            typed.append(None)
            unfit.append(at)
    return pa.array(typed, ARROW_TYPES[kind]), unfit


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal | uuid.UUID):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, default=str)
    raise _OtherTypeError


def _number(value: object) -> float:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise _OtherTypeError
    if not isinstance(value, int | float | Decimal | str):
        raise _OtherTypeError
    number = float(value)
    if not math.isfinite(number):
        raise _OtherTypeError
    return number


def _integer(value: object) -> int:
    if isinstance(value, str) and not _INTEGER.fullmatch(value):
        raise _OtherTypeError
    if not isinstance(value, int | float | Decimal | str):
        raise _OtherTypeError
    number = int(value)
    if (not isinstance(value, str) and number != value) or not -(2**63) <= number < 2**63:
        raise _OtherTypeError
    return number


def _timestamp(value: object) -> dt.datetime:
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value)
    if isinstance(value, dt.datetime):
        return value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the source's clock, without a zone
    raise _OtherTypeError


_READ: dict[SqlType, Callable[[object], object]] = {
    "text": _text,
    "number": _number,
    "integer": _integer,
    "timestamp": _timestamp,
}
