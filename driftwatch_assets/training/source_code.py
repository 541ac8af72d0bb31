"""What the source of an estimator tells without importing it: where it is, and what its parameters are called."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch_assets.training.errors import CandidateInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = re.compile(r"[A-Za-z_]\w*")
_NEAREST = 3
_DEEPEST = 12
_ROOTS = frozenset({"object", "ABC", "BaseEstimator"})


def parts(path: str) -> tuple[str, str]:
    """Split an import path into its module and its class.

    Raises
    ------
    CandidateInvalid
        It is none.

    """
    module, _, name = path.rpartition(".")
    if not all(_NAME.fullmatch(part) for part in (*module.split("."), name)):
        raise CandidateInvalid(f"{path!r} is no import path; write it like 'sklearn.ensemble.ExtraTreesClassifier'")
    return module, name


def locate(path: str) -> Path:
    """Follow an import path on disk and give the file of its module.

    The last part must occur as a name in the module's source, where there is one.

    Raises
    ------
    CandidateInvalid
        A package is not installed, or a module or class cannot be found in it.

    """
    module, class_name = parts(path)
    packages = module.split(".")
    spec = importlib.util.find_spec(packages[0])
    if spec is None or spec.origin is None:
        raise CandidateInvalid(f"the package {packages[0]!r} of {path} is not installed")
    source = Path(spec.origin)
    for depth, part in enumerate(packages[1:], start=1):
        folder = source.parent
        source = _module_file(folder, part) or Path()
        if source == Path():
            there = {
                one.name.split(".")[0]
                for one in folder.iterdir()
                if not one.name.startswith("_") and (one.suffix == ".py" or (one / "__init__.py").is_file())
            }
            raise CandidateInvalid(f"there is no {part!r} in {'.'.join(packages[:depth])}; {nearest(part, there)}")
    if source.suffix == ".py":
        names = set(_NAME.findall(source.read_text(encoding="utf-8")))
        if class_name not in names:
            near = nearest(class_name, {one for one in names if one[0].isupper()})
            raise CandidateInvalid(f"there is no {class_name!r} in {module}; {near}")
    return source


def parameter_names(path: str) -> tuple[str, ...] | None:
    """Read the names of an estimator's constructor parameters from its source.

    scikit-learn asks of every estimator that it names all its parameters in the signature of `__init__`. The class is
    followed through `from … import …` and, where it has no `__init__`, to its bases.

    Returns
    -------
    tuple of str or None
        None where the source does not tell: compiled modules, `*args` and `**kwargs`, names made at run time.

    Examples
    --------
    >>> parameter_names("sklearn.preprocessing.PowerTransformer")
    ('method', 'standardize', 'copy')

    """
    _, class_name = parts(path)
    return _signature(locate(path), class_name, _DEEPEST)


def ancestors(path: str) -> frozenset[str] | None:
    """Read the names of an estimator's base classes from its source, those of the bases too.

    Returns
    -------
    frozenset of str or None
        None where the source does not tell of all of them.

    Examples
    --------
    >>> sorted(name for name in ancestors("sklearn.ensemble.IsolationForest") if name.endswith("Mixin"))
    ['MetaEstimatorMixin', 'OutlierMixin']

    """
    _, class_name = parts(path)
    found = _bases(locate(path), class_name, _DEEPEST)
    return None if found is None else frozenset(found)


def nearest(name: str, valid: Iterable[str]) -> str:
    """Give the names nearest to one, or all valid ones where none is near."""
    names = sorted(valid)
    near = difflib.get_close_matches(name, names, n=_NEAREST, cutoff=0.4)
    return f"nearest: {', '.join(near)}" if near else f"valid: {', '.join(names)}"


def _module_file(folder: Path, name: str) -> Path | None:
    found = [folder / name / "__init__.py", folder / f"{name}.py", *folder.glob(f"{name}.*.so")]
    return next((one for one in found if one.is_file()), None)


@lru_cache(maxsize=64)
def _parsed(source: Path) -> ast.Module | None:
    if source.suffix != ".py":
        return None
    try:
        return ast.parse(source.read_bytes())
    except SyntaxError:
        return None


def _signature(source: Path, class_name: str, deepest: int) -> tuple[str, ...] | None:
    module = _parsed(source)
    if module is None or deepest == 0:
        return None
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            return _constructor(source, node, deepest)
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == class_name:
                    origin = _imported_from(source, node)
                    return None if origin is None else _signature(origin, alias.name, deepest - 1)
    return None


def _bases(source: Path, class_name: str, deepest: int) -> set[str] | None:
    module = _parsed(source)
    if module is None or deepest == 0:
        return None
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            found: set[str] = set()
            for base in node.bases:
                if not isinstance(base, ast.Name):
                    return None
                found.add(base.id)
                above = set() if base.id in _ROOTS else _bases(source, base.id, deepest - 1)
                if above is None:
                    return None
                found |= above
            return found
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == class_name:
                    origin = _imported_from(source, node)
                    return None if origin is None else _bases(origin, alias.name, deepest - 1)
    return None


def _constructor(source: Path, declared: ast.ClassDef, deepest: int) -> tuple[str, ...] | None:
    for node in declared.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            given = node.args
            if given.vararg is not None or given.kwarg is not None:
                return None
            return tuple(one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs))[1:]
    for base in declared.bases:
        if isinstance(base, ast.Name):
            found = _signature(source, base.id, deepest - 1)
            if found is not None:
                return found
    return None


def _imported_from(source: Path, node: ast.ImportFrom) -> Path | None:
    names = (node.module or "").split(".") if node.module else []
    if node.level == 0:
        spec = importlib.util.find_spec(names[0])
        if spec is None or spec.origin is None:
            return None
        at, names = Path(spec.origin), names[1:]
    else:
        at = source.parents[node.level - 1] / "__init__.py"
    for name in names:
        below = _module_file(at.parent, name)
        if below is None:
            return None
        at = below
    return at
