"""What the README and its pages say is so: pieces of YAML load, commands, settings and messages exist."""

from __future__ import annotations

import ast
import re
import shlex
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
import yaml
from typer.main import get_command

from driftwatch_assets.command_line import app
from driftwatch_assets.components.models import monitored_models
from driftwatch_assets.declaration import Declaration
from driftwatch_assets.definitions import shared_definitions
from driftwatch_assets.settings import PROJECT, Settings
from driftwatch_assets_tests.readme import PAGES, blocks, commands, section
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS
from driftwatch_assets_tests.tour.pictures import ALL_BYTES, LARGEST_BYTES, PICTURES
from driftwatch_assets_tests.tour.runs import RUN_BY, RUN_IN_PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
    for line in commands():
        first, *rest = shlex.split(line)
        if first == "make":
            assert rest[0] in targets, line
        elif first == "driftwatch":
            command = program
            while hasattr(command, "commands"):
                name, *rest = rest
                command = command.commands[name]
            command.make_context(name, list(rest))


def test_every_command_is_run_by_a_test() -> None:
    run = {**RUN_BY, **RUN_IN_PARTS}
    assert set(commands()) == set(run)
    for place in set(run.values()):
        file, _, test = place.partition("::")
        text = (PROJECT / "driftwatch_assets_tests" / file).read_text()
        assert f"def {test or 'test_'}" in text, place


def test_the_tests_run_the_commands_as_they_stand() -> None:
    for command, place in RUN_BY.items():
        file, _, test = place.partition("::")
        if file == "tour/test_commands.py":
            text = (PROJECT / "driftwatch_assets_tests" / file).read_text()
            assert command in text or f"commands_of({test!r})" in text.replace('"', "'"), command


def _constants(package: Path) -> Iterator[str]:
    for file in package.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_the_table_of_settings_names_every_setting() -> None:
    told = set(re.findall(r"^\| `([A-Z_<>]+)` \|", section("Settings"), flags=re.MULTILINE))
    named = {text for text in _constants(PROJECT / "driftwatch_assets") if re.fullmatch("DRIFTWATCH_[A-Z_]+", text)}
    read = {name if not name.endswith("_") else f"{name}<MODEL>" for name in named}
    assert told == read | {"MLFLOW_TRACKING_URI", "DAGSTER_HOME", "DAGSTER_POSTGRES_URL"}


def _messages(package: Path) -> Iterator[str]:
    """Give every text of the source, with an ellipsis for what is put into it."""
    for file in package.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
                yield "".join(map(str, parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
                yield node.value if isinstance(node.value, str) else node.value.decode(errors="replace")


def test_messages_that_trouble_is_known_by_stand_in_the_source() -> None:
    rows = re.findall(r"^\|(?: [^|`]+ \|)? `([^`]+)` \|", section("Troubleshooting"), flags=re.MULTILINE)
    assert len(rows) == section("Troubleshooting").count("\n| ") - section("Troubleshooting").count("| message |")
    texts = list(_messages(PROJECT / "driftwatch_assets"))
    gone = [row for row in rows if not any(row in text for text in texts)]
    assert gone == []


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)]*)\)", PAGES[page]):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = (PROJECT / page).parent / file if file else PROJECT / page
        assert target.is_file(), link
        if anchor:
            assert anchor in _anchors(target.read_text(encoding="utf-8")), link


def test_every_picture_is_shown_and_small() -> None:
    shown = {
        link
        for text in PAGES.values()
        for link in re.findall(r"!\[[^\]]{20,}\]\((?:docs/)?pictures/(\w+)\.png\)", text)
    }
    files = {file.stem: file.stat().st_size for file in (PROJECT / "docs" / "pictures").iterdir()}
    assert shown == set(files) == set(PICTURES)
    assert max(files.values()) < LARGEST_BYTES
    assert sum(files.values()) < ALL_BYTES


def test_the_services_speed_is_the_measured_one() -> None:
    [said] = re.findall(
        r"(\d+) requests a second and p99 ([\d.]+) ms", section("What is measured, and how").replace("\n", " ")
    )
    measured = (PROJECT / "benchmarks" / "results.md").read_text()
    [row] = re.findall(r"^\| logistic regression \| 4 \| (.*) \|$", measured, flags=re.MULTILINE)
    requests, _, p99, *_ = (cell.strip() for cell in row.split("|"))
    assert said == (requests, p99)


def test_the_readme_can_be_skimmed() -> None:
    assert len(PAGES["README.md"].splitlines()) <= 450
