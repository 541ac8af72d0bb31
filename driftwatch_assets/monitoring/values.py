"""What a database can keep: plain numbers, text without what UTF-8 cannot say, documents without NaN."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlalchemy as sa


def storable(column: sa.Column[Any], value: Any) -> Any:
    """Give a value as its column keeps it.

    A number that is not finite becomes null, NumPy's scalars become Python's, and text loses what PostgreSQL refuses
    (NUL and lone surrogates, which come from file names that are no UTF-8).

    Raises
    ------
    ValueError
        A time has no zone.
    """
    if value is None:
        return None
    kind = column.type.python_type
    if kind is float:
        return finite(value)
    if kind in {int, bool}:
        return kind(value)
    if kind is str:
        return text(str(value))
    if kind is dict:
        return document(value)
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone: give a time with one, such as datetime.now(UTC)")
    return value


def finite(value: float | None) -> float | None:
    """Give a number; None where it is not finite.

    Examples
    --------
    >>> finite(0.5), finite(float("nan")), finite(float("inf"))
    (0.5, None, None)
    """
    return float(value) if value is not None and math.isfinite(value) else None


def text(value: str) -> str:
    r"""Give text that every database takes.

    Examples
    --------
    >>> text("a\x00b\udcff")
    'a\ufffdb?'
    """
    return value.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")


def document(value: Any) -> Any:
    """Give a document of plain JSON: text by text, times as ISO 8601, and null for what is no number."""
    if isinstance(value, dict):
        return {text(str(key)): document(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [document(each) for each in value]
    if isinstance(value, str):
        return text(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float):
        return finite(value)
    raise TypeError(f"{type(value).__name__} has no place in a document: give text, numbers, lists and mappings")
