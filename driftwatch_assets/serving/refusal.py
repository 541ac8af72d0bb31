"""A request that is not answered with predictions, and what its sender is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

INVALID = 422
_SHOWN = 20
_LONGEST_SHOWN = 80
_MOST_VALUES = 40


class Refusal(Exception):  # noqa: N818 - named for what is done
    """An answer that is no prediction: a status, what is the matter, and what to do; `records` is how many it cost."""

    def __init__(self, status: int, detail: Any, headers: Mapping[str, str] | None = None, *, records: int = 1) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers, self.records = status, detail, dict(headers or {}), records


@dataclass(frozen=True)
class Fault:
    """What is wrong with one value of a request.

    Attributes
    ----------
    place
        Where it stands, as `("records", 3, "age")`.
    message
        What is wrong, in a sentence.
    found
        What was found there, shortened; None where nothing was.
    valid
        The valid values or, where these cannot be listed, what they are.

    """

    place: tuple[str | int, ...]
    message: str
    found: Any = None
    valid: Any = field(default=None)

    def as_dict(self) -> dict[str, Any]:
        """Give it in the shape in which FastAPI tells of a fault, with the field and the valid values besides."""
        told: dict[str, Any] = {"loc": ["body", *self.place], "msg": self.message, "type": "value_error"}
        if self.place and isinstance(self.place[-1], str):
            told["field"] = self.place[-1]
        if self.found is not None:
            told["found"] = self.found
        if self.valid is not None:
            told["valid"] = list(self.valid) if isinstance(self.valid, tuple) else self.valid
        return told


def refused_records(faults: list[Fault]) -> Refusal:
    """Give the answer 422 with the first faults and how many there are."""
    told = {"detail": [fault.as_dict() for fault in faults[:_SHOWN]], "faults": len(faults)}
    return Refusal(INVALID, told, records=max(1, len({fault.place[:2] for fault in faults})))


def shown(value: Any) -> Any:
    """Give a found value as it may be told: numbers and truth values as they are, everything else short."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def listed(values: tuple[str, ...]) -> str:
    """Name valid values in a sentence, the first ones of many."""
    more = f" and {len(values) - _MOST_VALUES} more" if len(values) > _MOST_VALUES else ""
    return ", ".join(repr(value) for value in values[:_MOST_VALUES]) + more
