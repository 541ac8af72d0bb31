"""A champion in memory: quicker than as it was registered, and with the same answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import joblib
import pytest
import sklearn.ensemble._forest as sklearns

from driftwatch_assets.registry import champion_among
from driftwatch_assets.serving.champion import Champion
from driftwatch_assets.serving.records import Rows
from driftwatch_assets.serving.scoring import answer
from driftwatch_assets_tests.serving.garden import FEATURES, garden_in, iris_gold, iris_served, promoted

if TYPE_CHECKING:
    from pathlib import Path


def test_a_served_forest_makes_no_task_of_a_tree_and_says_what_the_registered_one_says(
    empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    garden = garden_in(tmp_path / "g", candidate="random_forest", store=empty_store)
    promoted(garden, "000001")
    newest = champion_among(garden.registry.history("iris"))
    assert newest is not None
    gold = iris_gold("000002")
    with joblib.parallel_config(backend="sequential"):
        expected = garden.registry.load(newest).predict(gold)
    champion = Champion.of(iris_served(garden), garden.registry.load(newest))
    monkeypatch.setattr(sklearns, "Parallel", lambda **_: pytest.fail("a task was made of each tree"))
    rows = Rows(gold["flower"].tolist(), {name: gold[name].tolist() for name in FEATURES})
    [said] = answer([(rows, "a")], champion)
    assert said.predicted == expected["predicted"].tolist()
    assert said.scores == {name: expected[f"score_{name}"].tolist() for name in ("setosa", "versicolor", "virginica")}
