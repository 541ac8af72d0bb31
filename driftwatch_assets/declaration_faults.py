"""What a person is told of a wrong declaration: the key, what was found there, and what is valid."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic.fields import FieldInfo
    from pydantic_core import InitErrorDetails

_LONGEST_FOUND = 80
_SUITES = frozenset({"suite", "by table"})
_MEMBERS: dict[str | int | None, frozenset[str]] = {
    "task": frozenset({"multiclass", "binary", "anomaly"}),
    "source": frozenset({"files", "windowed_files", "sql"}),
    "reader": frozenset({"libsvm", "csv"}),
    "bronze": _SUITES,
    "silver": _SUITES,
}
"""By key, the names under which pydantic tells of the members of the union that stands there."""


def explained(error: ValidationError, model: type[BaseModel]) -> ValidationError:
    """Say of each fault what is valid in its place; the places stay, so that Dagster adds file and line.

    Parameters
    ----------
    error
        What pydantic found.
    model
        The model that was validated.

    Examples
    --------
    >>> class Rule(BaseModel, extra="forbid"):
    ...     alpha: float = 0.05
    >>> class Plan(BaseModel, extra="forbid"):
    ...     features: Rule
    >>> try:
    ...     Plan.model_validate({"features": {"alhpa": 0.1}})
    ... except ValidationError as error:
    ...     print(explained(error, Plan))
    1 validation error for Plan
    features.alhpa
      Value error, unknown key 'alhpa'; did you mean 'alpha'? valid keys: alpha [type=value_error, ...

    """
    return ValidationError.from_exception_data(error.title, [_told(dict(fault), model) for fault in error.errors()])


def at(place: Sequence[str | int], found: Any, message: str) -> InitErrorDetails:
    """Make a fault of a place in a declaration."""
    return {"type": "value_error", "loc": tuple(place), "input": found, "ctx": {"error": ValueError(message)}}


def _told(fault: Mapping[str, Any], model: type[BaseModel]) -> InitErrorDetails:
    place, found = _written(fault["loc"]), fault["input"]
    if fault["type"] == "value_error":
        return at(place, found, str(fault["msg"]).removeprefix("Value error, "))
    parents, field = _walked(place, model)
    if fault["type"] == "extra_forbidden":
        message = f"unknown key {str(place[-1])!r}; {_valid(place[-1], _keys(parents), 'keys')}"
    elif fault["type"] == "missing":
        given = ", ".join(map(str, found)) if isinstance(found, dict) else repr(found)
        message = f"the key {str(place[-1])!r} is missing{_described(field)}; found: {given or 'no key'}"
    else:
        shown = repr(found)
        shown = shown if len(shown) <= _LONGEST_FOUND else f"{shown[:_LONGEST_FOUND]}…"
        message = f"{fault['msg']}, found {shown}{_described(field)}"
        choices = _choices(field)
        if fault["type"] == "literal_error" and choices:
            message = f"{shown} is none of its values; {_valid(found, choices, 'values')}{_described(field)}"
    return at(place, found, message)


def _written(place: Sequence[str | int]) -> tuple[str | int, ...]:
    """Leave out the steps by which pydantic names the chosen member of a union, which no file has."""
    return tuple(
        step for before, step in zip((None, *place), place, strict=False) if step not in _MEMBERS.get(before, ())
    )


def _walked(place: Sequence[str | int], model: type[BaseModel]) -> tuple[list[type[BaseModel]], FieldInfo | None]:
    """Follow a place to the models that may hold its last key, and to the innermost field on the way.

    Positions in a list, and pydantic's names for the members of a union, are steps that no model knows.
    """
    holders, models, field = [model], [model], None
    for step in place:
        holders = models
        owners = [one for one in models if step in one.model_fields]
        if owners:
            field = owners[0].model_fields[str(step)]
            models = _models_in(field.annotation)
    return holders, field


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        root = annotation.model_fields.get("root")
        return [annotation] if root is None else _models_in(root.annotation)
    return [model for argument in get_args(annotation) for model in _models_in(argument)]


def _keys(models: Iterable[type[BaseModel]]) -> list[str]:
    return list(dict.fromkeys(name for model in models for name in model.model_fields))


def _choices(field: FieldInfo | None) -> list[str]:
    if field is None:
        return []
    found: list[str] = []
    pending = [field.annotation]
    while pending:
        annotation = pending.pop(0)
        arguments = get_args(annotation)
        pending += [one for one in arguments if get_args(one)]
        found += [one for one in arguments if isinstance(one, str)]
    return list(dict.fromkeys(found))


def _described(field: FieldInfo | None) -> str:
    return f" ({field.description.rstrip('.')})" if field is not None and field.description else ""


def _valid(found: Any, valid: Sequence[str], what: str) -> str:
    near = difflib.get_close_matches(str(found), valid, n=1)
    question = f"did you mean {near[0]!r}? " if near else ""
    return f"{question}valid {what}: {', '.join(valid) or 'none'}"
