"""Records of a request → checked columns, or every fault with its field and the valid values."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.serving.refusal import Fault, listed, refused_records, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch_assets.serving.champion import Champion
    from driftwatch_assets.training import Field

_LONGEST_ID = 200
_MOST_INTEGER = 2**63
_NUMBER = "a finite number"
_KINDS = {
    bool: "a truth value",
    str: "a text",
    list: "a list",
    dict: "an object",
    int: "a number",
    float: "a number",
}


@dataclass(frozen=True)
class Outside:
    """A value that lies outside of what training saw.

    Attributes
    ----------
    field
        The feature.
    found
        The value: a number, or a text, shortened.
    low, high
        Of a number, the smallest and the largest one that training saw; None for a text, which it never saw.

    """

    field: str
    found: Any
    low: float | None = None
    high: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give it as an answer tells it."""
        told = {"field": self.field, "found": self.found}
        return told if self.low is None else {**told, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Rows:
    """What is to be scored.

    Attributes
    ----------
    ids
        What names each row.
    columns
        By feature, the values; None for a missing one.
    outside
        By the row's position, its values that lie outside of what training saw; rows without one are left out.

    """

    ids: list[str | int]
    columns: dict[str, list[Any]]
    outside: dict[int, list[Outside]] = dataclass_field(default_factory=dict)


def rows_of(records: Sequence[Any], champion: Champion, *, most: int, new_categories: bool = False) -> Rows:
    """Check the records of a request against what the champion takes.

    Parameters
    ----------
    records
        Objects with the id and one value a feature.
    champion
        Whom they are for.
    most
        How many there may be.
    new_categories
        Whether a text may be one that training did not see; it then goes to the model as it does in a batch.

    Raises
    ------
    Refusal
        422 with the faults.

    """
    _count(len(records), most)
    faults = [
        Fault(("records", at), f"a record is an object with {champion.served.id!r} and the features", shown(record))
        for at, record in enumerate(records)
        if not isinstance(record, dict)
    ]
    if faults:
        raise refused_records(faults)
    known = {champion.served.id, *champion.loaded.features} | champion.served.beside
    for at, record in enumerate(records):
        if not known >= record.keys():
            faults += [_unknown(at, name, champion) for name in record if name not in known]
    ids = [record.get(champion.served.id) for record in records]
    columns = {name: [record.get(name) for record in records] for name in champion.loaded.features}
    absent = {name: {at for at, record in enumerate(records) if name not in record} for name in columns}
    return _checked(ids, columns, absent, champion, faults, new_categories=new_categories)


def rows_of_columns(
    columns: Mapping[str, list[Any]], count: int, champion: Champion, *, most: int, new_categories: bool = False
) -> Rows:
    """Check a request that came as a table, column by column; otherwise as `rows_of`."""
    _count(count, most)
    known = {champion.served.id, *champion.loaded.features} | champion.served.beside
    faults = [_unknown(0, name, champion) for name in columns if name not in known]
    everywhere, nothing = set(range(count)), [None] * count
    taken = {name: columns.get(name, nothing) for name in champion.loaded.features}
    absent = {name: set() if name in columns else everywhere for name in taken}
    ids = columns.get(champion.served.id, nothing)
    return _checked(ids, taken, absent, champion, faults, new_categories=new_categories)


def frame_of(columns: Mapping[str, Sequence[Any]], champion: Champion) -> pd.DataFrame:
    """Give checked columns as the table that the model scores."""
    made: dict[str, Any] = {}
    for field in champion.signature.fields:
        values = columns[field.name]
        if field.kind == "text":
            column = np.empty(len(values), dtype=object)
            column[:] = [np.nan if value is None else value for value in values]
            made[field.name] = column
        else:
            made[field.name] = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return pd.DataFrame(made, copy=False)


def _count(found: int, most: int) -> None:
    if not 1 <= found <= most:
        message = f"a request has 1 to {most} records; this one has {found}"
        raise refused_records([Fault(("records",), message, found, f"1 to {most} records")])


def _checked(
    ids: list[Any],
    columns: dict[str, list[Any]],
    absent: Mapping[str, set[int]],
    champion: Champion,
    faults: list[Fault],
    *,
    new_categories: bool,
) -> Rows:
    faults = faults + _id_faults(ids, champion.served.id)
    outside: dict[int, list[Outside]] = {}
    for field in champion.signature.fields:
        values = columns[field.name]
        check = {"number": _number, "truth": _truth, "text": _text}[field.kind]
        for at, value in enumerate(values):
            if value is None or value != value:  # noqa: PLR0124 - NaN is a missing value in a table
                if at in absent[field.name]:
                    faults.append(Fault(("records", at, field.name), f"{field.name} is absent", None, valid(field)))
                elif not field.missing:
                    message = f"{field.name} is null, and training saw no row without a value"
                    faults.append(Fault(("records", at, field.name), message, None, valid(field)))
                values[at] = None
                continue
            wrong = check(field, value, new_categories=new_categories)
            if wrong:
                faults.append(Fault(("records", at, field.name), wrong, shown(value), valid(field)))
            elif not _within(field, value):
                outside.setdefault(at, []).append(Outside(field.name, _told(value), field.low, field.high))
    if faults:
        raise refused_records(faults)
    return Rows(ids, columns, outside)


def _within(field: Field, value: Any) -> bool:
    """Tell whether training saw such a value, as far as the signature tells: lowest ≤ value ≤ highest, or the text."""
    if field.low is not None and field.high is not None:
        return bool(field.low <= value <= field.high)
    return field.kind != "text" or field.categories is None or value in field.categories


def _told(value: Any) -> Any:
    return shown(value) if isinstance(value, str) else value


def valid(field: Field) -> Any:
    """Tell the valid values of a field: a list of texts, or words."""
    nothing = " or null" if field.missing else ""
    if field.kind == "truth":
        return f"true or false{nothing}"
    if field.kind == "number":
        span = "" if field.low is None else f" (training saw {field.low:g} to {field.high:g})"
        return f"{_NUMBER}{nothing}{span}"
    if field.categories is None:
        return f"a text{nothing}"
    return (*field.categories, None) if field.missing else field.categories


def _number(field: Field, value: Any, *, new_categories: bool) -> str:  # noqa: ARG001 - one of three checks
    if type(value) is float:
        return "" if math.isfinite(value) else f"{field.name} is not finite"
    if type(value) is int:
        return "" if abs(value) < _MOST_INTEGER else f"{field.name} is beyond 64 bits"
    return f"{field.name} is {_kind(value)}, where a number is expected"


def _truth(field: Field, value: Any, *, new_categories: bool) -> str:  # noqa: ARG001 - as above
    return "" if isinstance(value, bool) else f"{field.name} is {_kind(value)}, where true or false is expected"


def _text(field: Field, value: Any, *, new_categories: bool) -> str:
    if not isinstance(value, str):
        return f"{field.name} is {_kind(value)}, where a text is expected"
    if new_categories or field.categories is None or value in field.categories:
        return ""
    near = difflib.get_close_matches(value[:_LONGEST_ID], field.categories, n=1)
    question = f"; did you mean {near[0]!r}?" if near else ""
    return f"{field.name} is {shown(value)!r}, which training did not see{question} Valid: {listed(field.categories)}"


def _kind(value: Any) -> str:
    names = {
        bool: "a truth value",
        str: "a text",
        list: "a list",
        dict: "an object",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), f"a {type(value).__name__}")


def _id_faults(ids: list[Any], name: str) -> list[Fault]:
    said = f"a text of 1 to {_LONGEST_ID} characters or an integer, once in a request"
    faults, seen = [], set()
    for at, value in enumerate(ids):
        if value is None:
            wrong = f"{name} is absent; it names the row in the answer and in the log"
        elif isinstance(value, bool) or not isinstance(value, str | int):
            wrong = f"{name} is {_kind(value)}"
        elif isinstance(value, str) and not (0 < len(value) <= _LONGEST_ID and _encodable(value)):
            wrong = f"{name} is no text of 1 to {_LONGEST_ID} characters"
        elif isinstance(value, int) and abs(value) >= _MOST_INTEGER:
            wrong = f"{name} is beyond 64 bits"
        elif str(value) in seen:
            wrong = f"{name} {shown(value)!r} is there twice"
        else:
            seen.add(str(value))
            continue
        faults.append(Fault(("records", at, name), wrong, shown(value), said))
    return faults


def _encodable(text: str) -> bool:
    """Tell whether a text is one in UTF-8, which half of a surrogate pair is not."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unknown(at: int, name: str, champion: Champion) -> Fault:
    names = (champion.served.id, *champion.loaded.features)
    if name == champion.served.label:
        message = f"{name} is what the model tells; leave it out"
    else:
        near = difflib.get_close_matches(name[:_LONGEST_ID], names, n=1)
        question = f"; did you mean {near[0]!r}?" if near else ""
        message = f"the model takes no {shown(name)!r}{question}"
    return Fault(("records", at, shown(name)), message, None, names)
