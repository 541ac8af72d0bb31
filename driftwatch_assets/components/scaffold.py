"""What `dg scaffold defs` writes for a new model: a commented declaration and two functions."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template
from typing import Any

import click
import dagster as dg

_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_DEFS = "defs"


class ScaffoldRefused(click.ClickException):
    """A model cannot be scaffolded as asked; `dg` shows the message alone, and ends with status 1."""


class MonitoredModelScaffolder(dg.Scaffolder[Any]):
    """Writes what a new model needs: `defs.yaml` with its keys explained, `transforms.py` with two functions."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        """Write the files of a new model into its folder.

        Raises
        ------
        ScaffoldRefused
            When it is asked for as Python, under a name that no model can have, or outside of the project's `defs`. The
            empty folder, which `dg` makes beforehand, is removed again.

        """
        name = request.target_path.name
        refusal = _refusal(name, request)
        if refusal is not None:
            if request.target_path.is_dir() and not any(request.target_path.iterdir()):
                request.target_path.rmdir()
            raise ScaffoldRefused(refusal)
        values = {"name": name, "title": name.replace("_", " ").capitalize(), "type": request.type_name}
        request.target_path.mkdir(parents=True, exist_ok=True)
        for file in ("defs.yaml", "transforms.py"):
            text = Template((_TEMPLATES / f"{file}.txt").read_text(encoding="utf-8")).substitute(values)
            (request.target_path / file).write_text(text, encoding="utf-8")
        (request.target_path / "__init__.py").write_text(f'"""The monitored model {name}."""\n', encoding="utf-8")
        click.echo(
            f"Next: fill {name}/defs.yaml and {name}/transforms.py, run `dg check defs`, put files into the landing "
            f"folder ({name}/ in data/landing, or in DRIFTWATCH_LANDING), and run `driftwatch replay {name}`."
        )


def _refusal(name: str, request: dg.ScaffoldRequest[Any]) -> str | None:
    if request.scaffold_format != "yaml" or request.append:
        return "a monitored model is declared in a defs.yaml of its own; leave --format away"
    outside = _outside(request)
    if outside is not None:
        return outside
    if _NAME.fullmatch(name) is None:
        near = re.sub(r"\W+", "_", name.lower()).strip("_0123456789")
        hint = f"; try {near}" if _NAME.fullmatch(near) else ""
        return f"{name!r} cannot name a model: expected a-z first, then a-z, 0-9 and _{hint}"
    return None


def _outside(request: dg.ScaffoldRequest[Any]) -> str | None:
    """Say why a folder is refused that would lie elsewhere: a name is a name and no way through folders."""
    target = request.target_path
    root = (request.project_root or Path.cwd()).resolve()
    place = target.resolve()
    within = place.is_relative_to(root) and _DEFS in place.relative_to(root).parts[:-1]
    if ".." not in target.parts and within:
        return None
    return (
        f"{place} lies outside of the folder `{_DEFS}` of {root}, in which models are declared: give a name alone, "
        f"such as `dg scaffold {_DEFS} {request.type_name} my_model`"
    )
