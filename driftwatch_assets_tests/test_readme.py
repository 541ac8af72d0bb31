"""What the README says is so: its pieces of YAML load, its commands and settings exist."""

from __future__ import annotations

import re
import shlex
from typing import Any

import dagster as dg
import pytest
import yaml
from typer.main import get_command

from driftwatch_assets.command_line import app
from driftwatch_assets.components.models import monitored_models
from driftwatch_assets.declaration import Declaration
from driftwatch_assets.definitions import shared_definitions
from driftwatch_assets.settings import PROJECT, Settings
from driftwatch_assets_tests.readme import blocks, commands, section
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

pytestmark = DAGSTERS_OWN_WARNINGS

PIECES = [piece for piece in blocks("yaml", section("What can be declared")) if not piece.startswith("ops:")]
SOURCE = {
    "pattern": "batch-(?P<batch>[0-9]+)",
    "table": "rows",
    "reader": {"format": "csv", "columns": ["amount", "label"]},
}
CLASSIFIER = {"name": "forest", "estimator": "sklearn.ensemble.RandomForestClassifier"}
DETECTOR = {"name": "forest", "estimator": "sklearn.ensemble.IsolationForest"}


def declared(piece: dict[str, Any]) -> Declaration:
    """Complete a piece with the least that every declaration needs."""
    task = piece.get("task", {"id": "row", "label": "label", "classes": ["a", "b"]})
    candidate = DETECTOR if task.get("kind") == "anomaly" else CLASSIFIER
    rest = {"name": "piece", "title": "Piece", "task": task, "source": SOURCE, "training": {"candidates": [candidate]}}
    return Declaration.model_validate({**rest, **piece})


@pytest.mark.parametrize("text", PIECES, ids=[piece.split("\n")[0][:40] for piece in PIECES])
def test_a_piece_of_a_declaration_loads(text: str) -> None:
    piece = yaml.safe_load(text)
    loaded = declared(piece)
    assert piece.keys() <= Declaration.model_fields.keys()
    for key in piece:
        assert getattr(loaded, key) is not None


def test_every_part_of_a_declaration_is_shown() -> None:
    shown = {key for piece in PIECES for key in yaml.safe_load(piece)}
    shown |= yaml.safe_load(blocks("yaml", section("Watch your own model"))[0])["attributes"].keys()
    unshown = {"owners", "code", "arrivals", "performance", "initial_batches"}
    assert shown | unshown == set(Declaration.model_fields)


def test_the_declaration_of_the_sixth_model_has_at_most_30_lines_and_loads() -> None:
    [text] = blocks("yaml", section("Watch your own model"))
    lines = [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(lines) <= 30
    assert Declaration.model_validate(yaml.safe_load(text)["attributes"]).name == "my_model"


def test_the_run_configuration_fits_the_training_of_iris() -> None:
    [text] = [piece for piece in blocks("yaml") if piece.startswith("ops:")]
    model = monitored_models()["iris"]
    definitions = dg.Definitions.merge(
        shared_definitions(Settings.from_environment({})),
        model.build_defs(dg.ComponentTree.for_test().load_context),
    )
    job = definitions.resolve_job_def(model.keys.training_job)
    assert dg.validate_run_config(job, yaml.safe_load(text))


def test_the_tables_of_models_name_every_model() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section("Five models"), flags=re.MULTILINE)
    models = monitored_models()
    described, figures = rows[: len(models)], rows[len(models) :]
    for table in (described, figures):
        assert sorted(name for name, _ in table) == sorted(models)
    for name, row in described:
        assert models[name].declaration.task.kind in row


def test_every_command_exists_with_its_options() -> None:
    program: Any = get_command(app)
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), flags=re.MULTILINE))
    seen = set()
    for line in commands():
        first, *rest = shlex.split(line)
        seen.add(first)
        if first == "make":
            assert rest[0] in targets, line
        elif first == "driftwatch":
            command = program.commands[rest[0]]
            command.make_context(rest[0], list(rest[1:]))
        else:
            assert first in {"dg", "python"}, f"no test knows how to run {line!r}"
    assert {"make", "driftwatch", "dg", "python"} == seen


def test_the_table_of_settings_names_every_setting() -> None:
    told = set(re.findall(r"^\| `([A-Z_<>]+)` \|", section("Settings"), flags=re.MULTILINE))
    source = (PROJECT / "driftwatch_assets" / "settings.py").read_text()
    read = set(re.findall(r"(?:values\.get\(f?|_address\(values, )\"([A-Z_]+)", source))
    assert told == {name if not name.endswith("_") else f"{name}<MODEL>" for name in read}


def test_links_within_the_readme_lead_somewhere() -> None:
    text = (PROJECT / "README.md").read_text()
    anchors = {
        title.lower().replace(",", "").replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }
    for anchor in re.findall(r"\]\(#([^)]*)\)", text):
        assert anchor in anchors
