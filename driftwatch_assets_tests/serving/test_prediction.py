"""Predictions over HTTP: what the champion says, in JSON and Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from driftwatch_assets_tests.serving.garden import FLOWER, LARGE
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    import httpx

    from driftwatch_assets.steps import Watched

pytestmark = DAGSTERS_OWN_WARNINGS
PREDICT = "/v1/models/iris/predict"


def test_it_tells_that_it_runs(client: httpx.Client) -> None:
    assert client.get("/ping").json() == {"status": "ok"}


def test_the_champion_says_of_each_record_what_it_says_of_a_batch(client: httpx.Client, garden: Watched) -> None:
    answer = client.post(PREDICT, json={"records": [FLOWER, LARGE]})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["model"], told["version"], told["trained_through"]) == ("iris", 1, "000001")
    assert [(one["id"], one["predicted"]) for one in told["predictions"]] == [("a-1", "setosa"), ("a-2", "virginica")]
    first = told["predictions"][0]
    assert first["confidence"] == first["scores"]["setosa"]
    assert sum(first["scores"].values()) == pytest.approx(1)
