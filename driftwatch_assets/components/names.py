"""A model's name is its own: the first part of every asset's key."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]  # no stubs are installed

if TYPE_CHECKING:
    from pathlib import Path


class NameTaken(ValueError):  # noqa: N818 - named for what is the matter
    """Two declarations give their models one name."""


def check_name_is_free(name: str, folder: Path, root: Path) -> None:
    """Refuse a name that another declaration under `root` has as well.

    Raises
    ------
    NameTaken
        Naming both files.

    """
    for file in sorted(root.rglob("defs.yaml")):
        if file.parent != folder and name in _declared(file, file.stat().st_mtime_ns):
            files = " and ".join(str(one) for one in sorted((folder / "defs.yaml", file)))
            message = f"{files} both declare a model with attributes.name: {name}; give one of them another name"
            raise NameTaken(message)


@lru_cache(maxsize=256)
def _declared(file: Path, _: int) -> frozenset[Any]:
    """Give the names that a file declares; a file that cannot be read is told of where it is loaded itself."""
    try:
        documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError):
        return frozenset()
    attributes = [one.get("attributes") for one in documents if isinstance(one, dict)]
    return frozenset(str(one["name"]) for one in attributes if isinstance(one, dict) and "name" in one)
