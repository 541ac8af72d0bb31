"""The Python files beside a declaration: a model's transforms and its simulator."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

from driftwatch_assets.steps import Transforms

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType


class CodeMissing(ValueError):  # noqa: N818 - named for what is the matter
    """A declaration names a Python file or function that is not there."""


def load_transforms(folder: Path, package: str, file: str) -> Transforms:
    """Load `silver` and `gold`, and the types of silver's columns where the file declares `SILVER_TYPES`.

    Raises
    ------
    CodeMissing
        When the file or one of the functions is missing.

    """
    module = _module(folder, package, file, "code")
    return Transforms(
        silver=_function(module, folder / file, "silver", "silver(bronze)"),
        gold=_function(module, folder / file, "gold", "gold(silver)"),
        silver_types=getattr(module, "SILVER_TYPES", None),
    )


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


def _function(module: ModuleType, path: Path, name: str, signature: str) -> Callable[..., Any]:
    function: Callable[..., Any] | None = getattr(module, name, None)
    if callable(function):
        return function
    found = [key for key, value in vars(module).items() if inspect.isfunction(value) and not key.startswith("_")]
    message = f"{path} has no function {signature}; it has {', '.join(sorted(found)) or 'none'}"
    raise CodeMissing(message)
