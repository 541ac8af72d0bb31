"""What a person is told of a wrong declaration: the key, what was found there, and what is valid."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from driftwatch_assets.quality.suite import KINDS

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

_FORM = re.compile(r"(literal|constrained-|function-|tuple|list|dict)\b.*")
"""How pydantic names a member of a union of plain values, such as all or a number."""

_SIMPLE_FORM = re.compile(r"str|int|float|bool|date")
"""The same; a key may be called so too, and it is no key only beside another form."""


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
    faults: list[dict[str, Any]] = [dict(fault) for fault in error.errors()]
    faults = [fault for fault in faults if not _follows(fault, faults)]
    told: list[InitErrorDetails] = []
    unions: list[tuple[str | int, ...]] = []
    for fault in faults:
        union = _union(fault["loc"], faults)
        if union is None:
            told.append(_told(fault, model))
        elif union not in unions:
            unions.append(union)
            told.append(_told_of_union(union, faults, model))
    return ValidationError.from_exception_data(error.title, told)


def at(place: Sequence[str | int], found: Any, message: str) -> InitErrorDetails:
    """Make a fault of a place in a declaration."""
    return {"type": "value_error", "loc": tuple(place), "input": found, "ctx": {"error": ValueError(message)}}


def _told(fault: Mapping[str, Any], model: type[BaseModel]) -> InitErrorDetails:
    place, found, kind = _written(fault["loc"]), fault["input"], fault["type"]
    if kind == "value_error":
        return at(place, found, str(fault["msg"]).removeprefix("Value error, "))
    parents, field = _walked(fault["loc"], model)
    if kind == "union_tag_invalid":
        # The discriminator is a function that is named for the key that it reads.
        key, chosen = fault["ctx"]["discriminator"].strip("_()'"), fault["ctx"]["tag"]
        valid = [one.strip(" '") for one in fault["ctx"]["expected_tags"].split(",")]
        return at((*place, key), chosen, f"{chosen!r} is none of its values; {_valid(chosen, valid, 'values')}")
    if kind == "extra_forbidden":
        message = f"unknown key {str(place[-1])!r}; {_valid(place[-1], _keys(parents), 'keys')}"
    elif kind == "missing":
        given = ", ".join(map(str, found)) if isinstance(found, dict) else repr(found)
        message = f"the key {str(place[-1])!r} is missing{_described(field)}; found: {given or 'no key'}"
    elif kind in {"tuple_type", "list_type"}:
        message = f"expected a list, found {_shown(found)}{_described(field)}"
    elif kind in {"model_type", "dict_type", "model_attributes_type"}:
        keys = _keys(_models_in(field.annotation)) if field is not None else []
        listed = f" with the keys {', '.join(keys)}" if keys else ""
        message = f"expected a mapping{listed}, found {_shown(found)}{_described(field)}"
    elif kind == "string_pattern_mismatch":
        message = f"{_shown(found)} does not match {fault['ctx']['pattern']}{_described(field)}"
    else:
        message = f"{fault['msg']}, found {_shown(found)}{_described(field)}"
        choices = _choices(field)
        if kind == "literal_error" and choices:
            message = f"{_shown(found)} is none of its values; {_valid(found, choices, 'values')}{_described(field)}"
    return at(place, found, message)


def _follows(fault: Mapping[str, Any], faults: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a list is only too short because items of it are wrong, which is told of them."""
    place = fault["loc"]
    return fault["type"] == "too_short" and any(
        len(one["loc"]) > len(place) and one["loc"][: len(place)] == place for one in faults
    )


def _union(place: Sequence[str | int], faults: Sequence[Mapping[str, Any]]) -> tuple[str | int, ...] | None:
    """Give the place of the union of plain values within which a fault was found; None where there is none."""
    for before, step in enumerate(place):
        above = tuple(place[:before])
        if _is_form(_FORM, step):
            return above
        if _is_form(_SIMPLE_FORM, step) and any(
            fault["loc"][:before] == above and len(fault["loc"]) > before and _is_form(_FORM, fault["loc"][before])
            for fault in faults
        ):
            return above
    return None


def _is_form(form: re.Pattern[str], step: str | int) -> bool:
    return isinstance(step, str) and form.fullmatch(step) is not None


def _told_of_union(
    union: tuple[str | int, ...], faults: Sequence[Mapping[str, Any]], model: type[BaseModel]
) -> InitErrorDetails:
    """Tell once what several members of a union have to say of one value."""
    within = [fault for fault in faults if fault["loc"][: len(union)] == union]
    # The member that could look into the value is the one that was meant.
    deeper = [fault for fault in within if len(fault["loc"]) > len(union) + 1]
    if deeper:
        fault = {**deeper[0], "loc": (*union, *deeper[0]["loc"][len(union) + 1 :])}
        return _told(fault, model)
    found = within[0]["input"]
    _, field = _walked(union, model)
    forms = dict.fromkeys(_form(fault) for fault in within)
    return at(
        _written(union), found, f"{_shown(found)} is none of its values; valid: {' or '.join(forms)}{_described(field)}"
    )


def _form(fault: Mapping[str, Any]) -> str:
    """Say what a member of a union takes."""
    kind, context = str(fault["type"]), fault.get("ctx", {})
    if kind == "literal_error":
        return str(context["expected"]).replace("'", "")
    if kind.startswith("int"):
        return "a whole number"
    if kind == "greater_than":
        return f"a whole number above {context['gt']}"
    return {"string_type": "a text", "tuple_type": "a list", "dict_type": "a mapping"}.get(kind, str(fault["msg"]))


def _shown(found: Any) -> str:
    shown = repr(found)
    return shown if len(shown) <= _LONGEST_FOUND else f"{shown[:_LONGEST_FOUND]}…"


def _is_no_key(before: str | int | None, step: str | int) -> bool:
    """Whether pydantic, and no file, has this step: a union's chosen member, an expectation's kind, a key's fault."""
    chosen = step in _MEMBERS.get(before, ()) or (isinstance(before, int) and step in KINDS)
    return chosen or step == "[key]" or _is_form(_FORM, step)


def _written(place: Sequence[str | int]) -> tuple[str | int, ...]:
    """Leave out the steps that no file has."""
    return tuple(step for before, step in zip((None, *place), place, strict=False) if not _is_no_key(before, step))


def _walked(place: Sequence[str | int], model: type[BaseModel]) -> tuple[list[type[BaseModel]], FieldInfo | None]:
    """Follow a place to the models that may hold its last key, and to the innermost field on the way.

    Positions in a list are steps that no model knows; a chosen member of a union leaves those models that it may be.
    """
    holders, models, field = [model], [model], None
    for before, step in zip((None, *place), place, strict=False):
        if _is_no_key(before, step):
            models = [one for one in models if _has_choice(one, step)] or models
            continue
        holders = models
        owners = [one for one in models if step in one.model_fields]
        if owners:
            field = owners[0].model_fields[str(step)]
            models = _models_in(field.annotation)
    return holders, field


def _has_choice(model: type[BaseModel], chosen: str | int) -> bool:
    return any(chosen in get_args(field.annotation) for field in model.model_fields.values())


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
