"""Replays that are interrupted at chosen and at random events, let finish, equal the one that met no fault."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SEED = 20260301
KINDS = ("kill", "kill", "kill", "term", "interrupt", "stop", "full", "descriptors")
STORES = (20, 120, 400, 700)
"""Events at which stores are being made: Dagster's first, then MLflow's."""

Told = dict[str, Any]


def drawn(count: int) -> list[Told]:
    """Draw stories: those that end a process while it makes stores, then of every kind in turn, up to three faults."""
    chance = random.Random(SEED)  # noqa: S311 - nothing is kept secret by it
    made: list[Told] = [{"name": f"making-{at}", "faults": [["kill", at]]} for at in STORES]
    for number in range(count - len(made)):
        kind = KINDS[number % len(KINDS)]
        times = chance.choice((1, 1, 2, 3))
        faults = [[kind, round(chance.uniform(0.02, 0.99), 3)] for _ in range(times)]
        made.append({"name": f"{number}-{kind}-{times}", "faults": faults})
    return made


FEW: list[Told] = [{"name": "making-and-working", "faults": [["kill", 400], ["kill", 0.55]]}]


def may_mount() -> bool:
    return os.geteuid() == 0


@pytest.fixture(
    scope="module",
    params=[pytest.param(FEW, id="few"), pytest.param(drawn(100), id="hundred", marks=pytest.mark.soak)],
)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Told]:
    """Tell the story without faults, then the others."""
    folder = tmp_path_factory.mktemp("stories")
    only = os.environ.get("DRIFTWATCH_STORIES", "")
    asked = [one for one in request.param if only in one["name"]]
    asked = [one for one in asked if may_mount() or all(kind != "full" for kind, _ in one["faults"])]
    command = [sys.executable, "-m", "driftwatch_assets_tests.interruptions.lives", str(folder), json.dumps(asked)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found: list[Told] = json.loads((folder / "told.json").read_text())
    assert len(found) == len(asked) + 1
    return found


def test_every_story_ends_as_the_one_without_faults(told: list[Told]) -> None:
    whole, *others = told
    assert whole["found"]["versions"]
    assert whole["found"]["unfinished runs"] == []
    different = {
        story["name"]: {
            "differs": sorted(
                name for name in whole["found"] if (story["found"] or {}).get(name) != whole["found"][name]
            ),
            "found": {
                name: value
                for name, value in (story["found"] or {}).items()
                if value != whole["found"][name] and name not in {"history", "stored"}
            },
            "said": [end["said"] and end["said"]["text"][-1500:] for end in story["lives"]],
            "signals": [end["signal"] for end in story["lives"]],
            "errors": story["errors"][-3000:],
        }
        for story in others
        if story["found"] != whole["found"]
    }
    assert different == {}, json.dumps(different, indent=1)


def test_every_fault_came(told: list[Told]) -> None:
    missed = [
        (story["name"], number)
        for story in told
        for number, end in enumerate(story["lives"])
        if end["fault"] is not None and end["said"] is not None and end["said"]["events"] < end["fault"]
    ]
    assert missed == []


def test_the_life_after_the_last_fault_needs_no_person(told: list[Told]) -> None:
    for story in told:
        last = story["lives"][-1]
        assert last["signal"] is None, story["name"]
        assert last["said"]["status"] == 0, story["name"]
