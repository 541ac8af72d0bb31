"""Each shipped model served: its records are answered as its batches are, texts that training did not see refused."""

from __future__ import annotations

import difflib
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from driftwatch_assets.command_line.landing import simulate_into
from driftwatch_assets.command_line.serve import served_model
from driftwatch_assets.serving import Limits, service
from driftwatch_assets.serving.champion import Champion
from driftwatch_assets.steps import clean, ingest, learn, look, make_features
from driftwatch_assets_tests.serving.house import running
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from driftwatch_assets.steps import Watched

pytestmark = [*DAGSTERS_OWN_WARNINGS, pytest.mark.slow]
ROWS = 200


def trained(house: House) -> Watched:
    """Let simulated batches become gold, and train one candidate, the one with the most steps, until it is promoted."""
    simulate_into(house.model, house.landing, seed=1)
    watched = house.watched
    task, training = watched.declaration.task, watched.declaration.training
    candidate = max(training.candidates, key=lambda one: len(one.steps or ()))
    gates = training.gates.model_copy(update={"minimum": None, "must_beat_champion": False})
    training = training.model_copy(update={"candidates": (candidate,), "gates": gates})
    watched = replace(watched, declaration=watched.declaration.model_copy(update={"training": training}))
    batches = [one.batch for one in look(watched, settle_seconds=0).landed]
    for batch in batches[: watched.declaration.initial_batches + (task.known_after or 0) + 1]:
        for step in (ingest, clean):
            for name, outcome in step(watched, batch).items():
                assert not outcome.refused, (batch, name, outcome.refused)
        made = make_features(watched, batch)
        assert not made.refused, made.refused
    with watched.registry.run(f"through {batch}"):
        told = learn(watched, batch)
    assert told.facts.get("promoted"), told
    return watched


def records_of(gold: pd.DataFrame, kept: list[str], whole: set[str]) -> list[dict[str, Any]]:
    """Give rows as a client sends them: with null for what is missing."""

    def plain(name: str, value: Any) -> Any:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        return str(value) if name in whole else getattr(value, "item", lambda: value)()

    return [{name: plain(name, row[name]) for name in kept} for row in gold[kept].to_dict("records")]


@pytest.mark.parametrize("model", ["gas_sensors", "iris", "loan_default", "loan_eligibility", "traffic_accidents"])
def test_a_record_is_answered_as_a_batch_would_be(model: str, tmp_path: Path) -> None:
    watched = trained(House(tmp_path / "house", model))
    tables = watched.tables
    gold = watched.lake.read(tables.gold, watched.lake.batches(tables.gold)[-1]).head(ROWS)
    assert len(gold) > 20
    champion = watched.registry.load(watched.registry.history(model)[-1])
    full = [one.name for one in Champion.of(served_model(watched), champion).signature.fields if not one.missing]
    gold = gold.dropna(subset=full)  # what training never saw is refused, below and in test_refusals.py
    said = champion.predict(gold)
    app = service(
        [served_model(watched)],
        watched.lake,
        tmp_path / "spool",
        index=lambda: "",
        hosts=("127.0.0.1",),
        limits=Limits(reload_seconds=0.5, flush_seconds=3600),
    )
    predict = f"/v1/models/{model}/predict"
    with running(app) as address, httpx.Client(base_url=address, timeout=60) as client:
        takes = client.get(f"/v1/models/{model}").json()
        fields = {one["name"]: one for one in takes["champion"]["features"]}
        records = records_of(gold, [takes["id"], *fields], {takes["id"]})
        answer = client.post(predict, json={"records": records})
        assert answer.status_code == 200, answer.text
        predictions = answer.json()["predictions"]
        strength = "score" if watched.declaration.task.kind == "anomaly" else "confidence"
        assert [one["predicted"] for one in predictions] == said["predicted"].tolist()
        assert [one[strength] for one in predictions] == pytest.approx(said[strength].tolist(), rel=1e-9)
        for name in [column.removeprefix("score_") for column in said.columns if column.startswith("score_")]:
            assert [one["scores"][name] for one in predictions] == pytest.approx(said[f"score_{name}"], rel=1e-9)

        for name, field in fields.items():
            if not isinstance(field["valid"], list):
                continue
            texts = [one for one in field["valid"] if one is not None]
            refused = client.post(predict, json={"records": [{**records[0], name: f"{texts[0]}_"}]})
            (fault,) = refused.json()["detail"]
            assert (refused.status_code, fault["field"], fault["valid"]) == (422, name, field["valid"])
            assert repr(difflib.get_close_matches(f"{texts[0]}_", texts, n=1)[0]) in fault["msg"]
            accepted = client.post(
                predict, params={"new_categories": "accept"}, json={"records": [{**records[0], name: "never seen"}]}
            )
            assert accepted.status_code == 200, accepted.text
    assert len(watched.lake.read(f"{model}/served", watched.lake.batches(f"{model}/served")[-1])) >= len(records)
