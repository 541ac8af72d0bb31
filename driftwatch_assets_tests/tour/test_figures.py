"""The figures of the README, reached by the commands that it names, on the real batches where they lie."""

from __future__ import annotations

import json
import re
import shutil
from functools import cache
from statistics import mean
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch_assets_tests.readme import section
from driftwatch_assets_tests.tour.copied import Copied

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Histories = Callable[[str], dict[str, dict[str, Any]]]

pytestmark = pytest.mark.soak

TOLERANCE = 0.006
"""Libraries of another release, or another processor, may move a figure by a few rows."""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory, real_data: Callable[[str], Path]) -> Histories:
    """Give a function that replays a model and tells what came of each batch."""

    @cache
    def replayed(model: str) -> dict[str, dict[str, Any]]:
        copied = Copied.into(tmp_path_factory.mktemp(model) / "project")
        if model != "iris":
            shutil.copytree(real_data(model), copied.project / "data" / "landing" / model)
        copied.succeeds(f"driftwatch replay {model}")
        told = json.loads(copied.succeeds(f"driftwatch history {model} --json"))
        return {record["batch"]: record for record in told}

    return replayed


def said(model: str) -> tuple[float, ...]:
    """Give the figures with decimals of a model's row in the second table of the README."""
    [row] = re.findall(rf"^\| `{model}` \| (?:real|simulated) \| (.*) \|$", section("Five models"), flags=re.MULTILINE)
    return tuple(float(found) for found in re.findall(r"\d+\.\d+", row))


def near(*figures: float) -> Any:
    return pytest.approx(figures, abs=TOLERANCE)


def test_gas_sensors_reaches_its_table(history: Histories) -> None:
    scored = [history("gas_sensors")[batch] for batch in ("7", "8", "9", "10")]
    text = section("What the loop reaches")
    for row, field in (("this loop", "accuracy"), ("its first champion, never retrained", "frozen_accuracy")):
        [cells] = re.findall(rf"^\| {row} \| (.*) \|$", text, flags=re.MULTILINE)
        figures = [float(cell.strip("* ")) for cell in cells.split("|")]
        reached = [record[field] for record in scored]
        assert tuple(figures) == near(*reached, mean(reached))
    assert said("gas_sensors") == near(
        mean(record["accuracy"] for record in scored), mean(record["frozen_accuracy"] for record in scored)
    )


def test_loan_default_reaches_its_figures(history: Histories) -> None:
    scored = [one for batch, one in history("loan_default").items() if "2024-01" <= batch <= "2025-01"]
    assert said("loan_default") == near(
        mean(record["value"] for record in scored), mean(record["frozen_value"] for record in scored)
    )


def test_loan_eligibility_reaches_its_figure(history: Histories) -> None:
    scored = [record for record in history("loan_eligibility").values() if record["value"] is not None]
    assert len(scored) == 4
    assert said("loan_eligibility") == near(mean(record["value"] for record in scored))
    assert not any(record["drift_detected"] for record in scored)


def test_traffic_accidents_reaches_its_figures(history: Histories) -> None:
    scored = [history("traffic_accidents")[str(year)] for year in range(2019, 2024)]
    shares = tuple(figure / 100 for figure in said("traffic_accidents"))
    reached = [record[field] for field in ("value", "frozen_value") for record in scored]
    assert shares == near(*reached)


def test_iris_reaches_its_figures(history: Histories) -> None:
    fourth, fifth = (history("iris")[batch] for batch in ("000004", "000005"))
    assert said("iris") == near(fourth["accuracy"], fifth["accuracy"], fifth["frozen_accuracy"])
