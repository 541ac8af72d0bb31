"""Keys that a JSON text has twice: a parser keeps the last value of such a key and says nothing."""

from __future__ import annotations

import json
from typing import Any

from driftwatch_assets.serving.refusal import Fault, shown

_VALID = "each key once"
_ESCAPED_COLON = rb"\u003a"


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of an object, as they stand in the text."""


def repeated_keys(body: bytes, parsed: Any) -> list[Fault]:
    """Find the keys that stand twice in an object of a JSON text, at any depth.

    Outside of texts, a colon stands behind each key and nowhere else. Where the colons of the body are as many as the
    keys of what was parsed, together with the colons in its texts, no key was lost. Only otherwise, and where a colon
    of a text is written as an escape, is the text read a second time, key by key.

    Parameters
    ----------
    body
        A valid JSON text.
    parsed
        What a parser made of it.

    Examples
    --------
    >>> body = b'{"records": [{"age": 3, "job": "a:b"}, {"age": 4, "age": 5}]}'
    >>> [(fault.place, fault.message) for fault in repeated_keys(body, json.loads(body))]
    [(('records', 1, 'age'), "the key 'age' is there twice")]

    """
    colons = body.count(b":")
    if colons == _keys(parsed) or (_ESCAPED_COLON not in body.lower() and colons == _colons(parsed)):
        return []
    # Numbers stay texts: Python reads no integer of more than some thousand digits.
    told = json.loads(body, object_pairs_hook=_Pairs, parse_int=str, parse_float=str, strict=False)
    faults: list[Fault] = []
    _look_through(told, (), faults)
    return faults


def _keys(parsed: Any) -> int:
    """Count the keys of an object and of the records in it, which are at most as many as the colons of its text."""
    if not isinstance(parsed, dict):
        return 0
    lists = (value for value in parsed.values() if isinstance(value, list))
    return len(parsed) + sum(len(record) for records in lists for record in records if isinstance(record, dict))


def _colons(value: Any) -> int:
    if isinstance(value, str):
        return value.count(":")
    if isinstance(value, list):
        return sum(map(_colons, value))
    if isinstance(value, dict):
        inner = sum(str(key).count(":") for key in value)
        return len(value) + inner + sum(_colons(one) for one in value.values() if type(one) is not float)
    return 0


def _look_through(value: Any, place: tuple[str | int, ...], faults: list[Fault]) -> None:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        told: set[str] = set()
        for key, inner in value:
            if key in seen and key not in told:
                told.add(key)
                faults.append(Fault((*place, shown(key)), f"the key {shown(key)!r} is there twice", None, _VALID))
            seen.add(key)
            _look_through(inner, (*place, shown(key)), faults)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            _look_through(inner, (*place, at), faults)
