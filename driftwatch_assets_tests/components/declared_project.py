"""A Dagster project of its own with one shipped model, to be declared wrongly."""

from __future__ import annotations

from itertools import count
from shutil import copytree, ignore_patterns
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from driftwatch_assets.settings import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

LOADING = [
    # Dagster's own loader of definitions calls functions of its own that it marks as preview or beta.
    pytest.mark.filterwarnings("ignore::dagster.PreviewWarning"),
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning"),
    # So does its reader of YAML with a deprecated function of pydantic.
    pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20:dagster._utils.pydantic_yaml"),
]
DEFINITIONS = """
from pathlib import Path
import dagster as dg

@dg.definitions
def defs():
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
"""
SHIPPED = PROJECT / "driftwatch_assets" / "defs"
_numbers = count()


class Project:
    """A Dagster project of its own, with a copy of a shipped model."""

    def __init__(self, root: Path, model: str = "gas_sensors") -> None:
        # A module's name is taken once a process.
        self.package = f"wrongly_declared_{next(_numbers)}"
        self.root = root
        self.folder = root / self.package / "defs" / model
        copytree(SHIPPED / model, self.folder, ignore=ignore_patterns("__pycache__"))
        for package in (self.folder.parent, self.folder.parents[1]):
            (package / "__init__.py").touch()
        (root / self.package / "definitions.py").write_text(DEFINITIONS)
        (root / "pyproject.toml").write_text(
            '[tool.dg]\ndirectory_type = "project"\n'
            f'[tool.dg.project]\nroot_module = "{self.package}"\ncode_location_name = "{self.package}"\n'
        )

    @property
    def declared(self) -> Path:
        return self.folder / "defs.yaml"

    def change(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text()
        assert old in text, f"{old!r} is not in the shipped {file}: bring this test up to date"
        path.write_text(text.replace(old, new, 1))

    def load(self) -> dg.Definitions:
        return dg.ComponentTree.for_project(self.root).build_defs()


def told(project: Project) -> str:
    """Give what is said of a wrong declaration: the whole chain of errors, as `dg check defs` prints it."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - what kind it is, is Dagster's affair
        project.load()
    said, error = "", raised.value
    while error is not None:
        said += f"{error}\n"
        error = error.__cause__
    return said
