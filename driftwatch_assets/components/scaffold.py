"""What `dg scaffold defs` writes for a new model: a commented declaration and two functions."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template
from typing import Any

import dagster as dg

_TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class ScaffoldRefused(ValueError):  # noqa: N818 - named for what happened
    """A model cannot be scaffolded as asked."""


class MonitoredModelScaffolder(dg.Scaffolder[Any]):
    """Writes what a new model needs: `defs.yaml` with its keys explained, `transforms.py` with two functions."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        """Write the files of a new model into its folder.

        Raises
        ------
        ScaffoldRefused
            When it is asked for as Python, or under a name that no model can have.

        """
        name = request.target_path.name
        if request.scaffold_format != "yaml" or request.append:
            message = "a monitored model is declared in a defs.yaml of its own; leave --format away"
            raise ScaffoldRefused(message)
        if _NAME.fullmatch(name) is None:
            message = f"{name!r} cannot name a model: expected a lower-case letter, then letters, digits and _"
            raise ScaffoldRefused(message)
        values = {"name": name, "title": name.replace("_", " ").capitalize(), "type": request.type_name}
        request.target_path.mkdir(parents=True, exist_ok=True)
        for file in ("defs.yaml", "transforms.py"):
            text = Template((_TEMPLATES / f"{file}.txt").read_text(encoding="utf-8")).substitute(values)
            (request.target_path / file).write_text(text, encoding="utf-8")
        (request.target_path / "__init__.py").write_text(f'"""The monitored model {name}."""\n', encoding="utf-8")
