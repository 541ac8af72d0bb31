"""Imports run one way, the core knows no Dagster, shared code knows no system; and no room is left out of that."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from driftwatch_assets.settings import PROJECT

PACKAGE = PROJECT / "driftwatch_assets"
WITH_DAGSTER = {"command_line", "components", "definitions", "defs", "resources"}


@pytest.fixture(scope="module")
def contracts() -> dict[str, dict[str, Any]]:
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    return {contract["name"]: contract for contract in declared["tool"]["importlinter"]["contracts"]}


@pytest.fixture(scope="module")
def rooms() -> set[str]:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    return folders | {path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__"}


def lint(folder: Path, *, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = str(Path(sys.executable).with_name("lint-imports"))
    return subprocess.run([command, "--no-cache", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_the_contracts_are_kept() -> None:
    ran = lint(PROJECT)
    assert ran.returncode == 0, ran.stdout
    assert "3 kept, 0 broken" in ran.stdout


def test_every_room_has_its_layer(contracts: dict[str, dict[str, Any]], rooms: set[str]) -> None:
    layers = contracts["Imports run one way"]["layers"]
    assert {room.strip() for layer in layers for room in layer.split("|")} == rooms


def test_every_room_below_the_components_is_kept_from_dagster(
    contracts: dict[str, dict[str, Any]], rooms: set[str]
) -> None:
    named = set(contracts["The core knows nothing of Dagster"]["source_modules"])
    assert named == {f"driftwatch_assets.{room}" for room in rooms - WITH_DAGSTER}


def test_every_room_is_kept_from_the_systems(contracts: dict[str, dict[str, Any]], rooms: set[str]) -> None:
    named = set(contracts["Shared code knows no system"]["source_modules"])
    assert named == {f"driftwatch_assets.{room}" for room in rooms - {"defs"}}


def test_an_import_the_wrong_way_is_found(tmp_path: Path, contracts: dict[str, dict[str, Any]]) -> None:
    package = tmp_path / "house"
    for room in ("drift", "components"):
        (package / room).mkdir(parents=True)
        (package / room / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "drift" / "verdict.py").write_text("import house.components\n")
    layers = [layer for layer in contracts["Imports run one way"]["layers"] if layer in {"drift", "components"}]
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_package = house\n"
        "[importlinter:contract:1]\nname = One way\ntype = layers\ncontainers = house\nlayers =\n"
        + "".join(f"    {layer}\n" for layer in layers)
    )
    ran = lint(tmp_path)
    assert ran.returncode == 1
    assert "house.drift is not allowed to import house.components" in ran.stdout


@pytest.mark.parametrize(("given", "kept"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_of_a_fit_wait_without_spinning_unless_told_to(given: str | None, kept: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment |= {} if given is None else {"OMP_WAIT_POLICY": given}
    code = "import driftwatch_assets, os, sys; print(os.environ['OMP_WAIT_POLICY'], 'sklearn' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [kept, "False"]
