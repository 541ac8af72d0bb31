"""What a model takes: its features, their kinds and the values that training saw, kept with the model."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FieldKind = Literal["number", "text", "truth"]

_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "decimal"})
_MOST_VALUES = 1000


@dataclass(frozen=True)
class Field:
    """One feature as training saw it.

    Attributes
    ----------
    name
        The feature.
    kind
        `number`, `text` or `truth` (true or false).
    missing
        Whether a value was missing in some row.
    categories
        Of a text, the values in alphabetical order; None where there are more than a thousand and any text is taken.
    low, high
        Of a number, the smallest and the largest one; None where there was none.

    """

    name: str
    kind: FieldKind
    missing: bool
    categories: tuple[str, ...] | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def fit(cls, name: str, columns: Sequence[pd.Series[Any]]) -> Field:
        """Describe a feature by its column in each batch of the training window."""
        present = [column.dropna() for column in columns]
        missing = any(len(there) < len(column) for there, column in zip(present, columns, strict=True))
        filled = [column for column in present if len(column)]
        kinds = {_kind(column) for column in filled}
        if kinds == {"truth"}:
            return cls(name, "truth", missing)
        if kinds == {"number"}:
            numbers = [column.astype(float) for column in filled]
            return cls(
                name,
                "number",
                missing,
                low=float(min(column.min() for column in numbers)),
                high=float(max(column.max() for column in numbers)),
            )
        values = sorted({str(value) for column in filled for value in column.unique()})
        return cls(name, "text", missing, tuple(values) if len(values) <= _MOST_VALUES else None)


def _kind(column: pd.Series[Any]) -> FieldKind:
    if pd.api.types.is_bool_dtype(column.dtype):
        return "truth"
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "number"
    found = pd.api.types.infer_dtype(column)
    if found == "boolean":
        return "truth"
    return "number" if found in _NUMBERS else "text"


@dataclass(frozen=True)
class Signature:
    """The features of a model, in the order of fitting.

    Examples
    --------
    >>> batches = [pd.DataFrame({"age": [30.0, None], "job": ["cook", "smith"]})]
    >>> batches.append(pd.DataFrame({"age": [51], "job": ["cook"]}))
    >>> signature = Signature.fit(batches, ["age", "job"])
    >>> signature.fields[0]
    Field(name='age', kind='number', missing=True, categories=None, low=30.0, high=51.0)
    >>> signature.fields[1].categories
    ('cook', 'smith')
    >>> Signature.from_bytes(signature.to_bytes()) == signature
    True

    """

    fields: tuple[Field, ...]

    @classmethod
    def fit(cls, frames: Iterable[pd.DataFrame], features: Sequence[str]) -> Signature:
        """Describe the features of the batches of a training window."""
        batches = list(frames)
        return cls(tuple(Field.fit(name, [frame[name] for frame in batches]) for name in features))

    def to_bytes(self) -> bytes:
        """Give it as JSON."""
        return json.dumps([asdict(field) for field in self.fields], default=float, allow_nan=False).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> Signature:
        """Read what `to_bytes` gave."""
        told = json.loads(stored)
        return cls(tuple(Field(**{**one, "categories": _tuple(one["categories"])}) for one in told))

    def typical(self) -> dict[str, list[Any]]:
        """Give one made-up row that is within what training saw: the middle of numbers, the first of texts.

        Examples
        --------
        >>> Signature((Field("age", "number", False, low=30.0, high=50.0),)).typical()
        {'age': [40.0]}

        """
        return {field.name: [_typical(field)] for field in self.fields}


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)


def _typical(field: Field) -> Any:
    if field.kind == "truth":
        return False
    if field.kind == "number":
        middle = (field.low or 0.0) / 2 + (field.high or 0.0) / 2
        return middle if math.isfinite(middle) else 0.0
    return field.categories[0] if field.categories else None
