"""The Python files beside a declaration: a model's transforms and its simulator."""

from __future__ import annotations

import functools
import importlib
import inspect
import traceback
from typing import TYPE_CHECKING, Any

from driftwatch_assets.steps import Transforms

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from driftwatch_assets.declaration import Declaration


EARLIER = "earlier"
"""The second argument by which gold(silver, earlier) asks for the silver rows of the earlier batches, by batch."""


class CodeMissing(ValueError):  # noqa: N818 - named for what is the matter
    """A declaration names a Python file or function that is not there."""


class TransformFailed(RuntimeError):  # noqa: N818 - named for what happened
    """A function of a model raised an error on the rows that it was given."""


def load_transforms(folder: Path, package: str, declaration: Declaration) -> Transforms:
    """Load the functions of a model, and the types of silver's columns where the file declares `SILVER_TYPES`.

    Raises
    ------
    CodeMissing
        When the file or one of the functions is missing, or one asks for a table that is not declared.

    """
    file, tables = declaration.code, declaration.source.table_names
    module, path = _module(folder, package, file, "code"), folder / file
    types = getattr(module, "SILVER_TYPES", None) or {}
    if len(tables) == 1:
        (table,) = tables
        of_one = _function(module, path, "gold", "gold(silver)")
        asks = EARLIER in inspect.signature(of_one).parameters
        return Transforms(
            silver={table: _function(module, path, "silver", "silver(bronze)")},
            gold=lambda silver, earlier: of_one(silver[table], earlier) if asks else of_one(silver[table]),
            earlier=asks,
            **_labels(module, path, declaration),
            silver_types={table: types} if types else {},
        )
    of_many = _function(module, path, "gold", f"gold(*, {', '.join(tables)})")
    _check_takes_all(of_many, path, tables)
    return Transforms(
        silver={name: _function(module, path, f"silver_{name}", f"silver_{name}(bronze)") for name in tables},
        gold=lambda silver, _: of_many(**silver),
        **_labels(module, path, declaration),
        silver_types=types,
    )


def _check_takes_all(gold: Callable[..., Any], path: Path, tables: tuple[str, ...]) -> None:
    """Refuse a gold() that does not take every table by its name, or asks for another."""
    parameters = inspect.signature(gold).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return
    asked = [one.name for one in parameters if one.default is one.empty]
    taken = [one.name for one in parameters if one.kind is not one.POSITIONAL_ONLY]
    unknown = [name for name in asked if name not in tables]
    lacking = [name for name in tables if name not in taken]
    if unknown or lacking:
        what = f"asks for {unknown[0]!r}, which is no source table" if unknown else f"does not take {lacking[0]!r}"
        message = f"{path}: gold() {what}; write it as gold(*, {', '.join(tables)})"
        raise CodeMissing(message)


def _labels(module: ModuleType, path: Path, declaration: Declaration) -> dict[str, Any]:
    if not declaration.task.known_after:
        return {}
    tables = declaration.source.table_names
    function = _function(module, path, "labels", f"labels(*, {', '.join(tables)}), or with some of these tables")
    asked = tuple(inspect.signature(function).parameters)
    unknown = [name for name in asked if name not in tables]
    if unknown:
        message = f"{path}: labels() asks for {unknown[0]!r}, which is no source table; tables are {', '.join(tables)}"
        raise CodeMissing(message)
    return {"labels": lambda silver: function(**{name: silver[name] for name in asked}), "label_tables": asked}


def load_simulator(folder: Path, package: str, file: str) -> Callable[..., list[Path]]:
    """Load `simulate(folder, seed)`.

    Raises
    ------
    CodeMissing
        When the file or the function is missing.

    """
    module = _module(folder, package, file, "simulator")
    return _function(module, folder / file, "simulate", "simulate(folder, seed)")


def _module(folder: Path, package: str, file: str, key: str) -> ModuleType:
    path = folder / file
    if not path.is_file():
        found = ", ".join(sorted(item.name for item in folder.glob("*.py"))) or "no Python file"
        message = f"{folder / 'defs.yaml'}: {key} names {file!r}, which is not there; the folder has {found}"
        raise CodeMissing(message)
    return importlib.import_module(f"{package}.{path.stem}")


def _locating(function: Callable[..., Any], path: Path, name: str) -> Callable[..., Any]:
    """Let an error of a function say in which file and line of the model it was raised."""

    @functools.wraps(function)
    def called(*given: Any, **named: Any) -> Any:
        try:
            return function(*given, **named)
        except Exception as error:
            own = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
            line = f", line {own[-1]}" if own else ""
            message = f"{path}{line}: {name}() failed: {type(error).__name__}: {error}"
            raise TransformFailed(message) from error

    return called


def _function(module: ModuleType, path: Path, name: str, signature: str) -> Callable[..., Any]:
    function: Callable[..., Any] | None = getattr(module, name, None)
    if callable(function):
        return _locating(function, path, name)
    found = [key for key, value in vars(module).items() if inspect.isfunction(value) and not key.startswith("_")]
    message = f"{path} has no function {signature}; it has {', '.join(sorted(found)) or 'none'}"
    raise CodeMissing(message)
