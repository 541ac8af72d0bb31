"""A declaration that is no YAML, or has a tag that none has, is told in one line and without a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import typer
from dagster_shared.yaml_utils import parse_yamls_with_source_position
from typer.testing import CliRunner

from driftwatch_assets.command_line.faults import EXIT_STATUS, Commands

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "type: driftwatch_assets.components.MonitoredModel\nattributes:\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  name: !foreign x", "line 3, column 9: the tag '!foreign' is unknown"),
        ("  name: !!python/object/apply:os.system [id]", "line 3, column 9: the tag 'tag:yaml.org,2002:python/object/"),
        ("  tasks: [1, {a: !inner 2}]", "line 3, column 18: the tag '!inner' is unknown"),
        ("  name: 'open", "line 4, column 1: it cannot be read as YAML: found unexpected end of stream"),
        ("  name: a: b", "line 3, column 10: it cannot be read as YAML: mapping values are not allowed here"),
    ],
)
def test_file_line_and_tag_are_told(tmp_path: Path, line: str, said: str) -> None:
    """Dagster reads declarations with this function, whose errors it lets through."""
    file = tmp_path / "defs.yaml"
    file.write_text(f"{HEAD}{line}\n")
    app = typer.Typer(cls=Commands)

    @app.command()
    def first() -> None:
        parse_yamls_with_source_position(file.read_text(), filename=str(file))

    @app.command()
    def second() -> None:
        """A group has two."""

    result = CliRunner().invoke(app, ["first"])
    assert result.exit_code == EXIT_STATUS
    assert result.stderr.startswith(f"{file}, {said}")
    assert "Traceback" not in result.output
