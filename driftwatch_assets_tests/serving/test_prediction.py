"""Predictions over HTTP: what the champion says, in JSON and Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from driftwatch_assets.serving.answers import ARROW
from driftwatch_assets_tests.serving.garden import FEATURES, FLOWER, LARGE, PREDICT, iris_gold
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    import httpx

    from driftwatch_assets.steps import Watched

pytestmark = DAGSTERS_OWN_WARNINGS


def stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def test_it_tells_that_it_runs(client: httpx.Client) -> None:
    assert client.get("/ping").json() == {"status": "ok"}


def test_an_answer_tells_who_said_it_and_gives_each_record_its_id_back(client: httpx.Client) -> None:
    answer = client.post(PREDICT, json={"records": [FLOWER, {**LARGE, "flower": 7}]})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["model"], told["version"], told["trained_through"]) == ("iris", 1, "000001")
    assert [(one["id"], one["predicted"]) for one in told["predictions"]] == [("a-1", "setosa"), (7, "virginica")]


def test_the_champion_says_of_each_record_what_it_says_of_a_batch(client: httpx.Client, garden: Watched) -> None:
    """Bit for bit, where it is asked of the same rows at once; rows alone go through another loop of the processor."""
    gold = iris_gold("000002").drop(columns="species")
    champion = garden.registry.load(garden.registry.history("iris")[-1])
    expected = champion.predict(gold)
    together = client.post(PREDICT, json={"records": gold.to_dict("records")}).json()["predictions"]
    assert [one["predicted"] for one in together] == expected["predicted"].tolist()
    assert [one["confidence"] for one in together] == expected["confidence"].tolist()
    for name in champion.classes:
        assert [one["scores"][name] for one in together] == expected[f"score_{name}"].tolist()
    for place, record in enumerate(gold.to_dict("records")[:20]):
        (alone,) = client.post(PREDICT, json={"records": [record]}).json()["predictions"]
        assert alone["predicted"] == expected["predicted"].iloc[place]
        assert alone["confidence"] == pytest.approx(expected["confidence"].iloc[place], rel=1e-12)


def test_a_table_as_an_arrow_stream_is_answered_with_one(client: httpx.Client, garden: Watched) -> None:
    gold = iris_gold("000002").drop(columns="species")
    body = stream(pa.Table.from_pandas(gold, preserve_index=False))
    answer = client.post(PREDICT, content=body, headers={"content-type": ARROW})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == ARROW
    told = pa.ipc.open_stream(answer.content).read_all()
    champion = garden.registry.load(garden.registry.history("iris")[-1])
    expected = champion.predict(gold)
    assert told["id"].to_pylist() == gold["flower"].tolist()
    for name in expected.columns:
        assert told[name].to_pylist() == expected[name].tolist()
    assert told.schema.metadata == {b"model": b"iris", b"version": b"1", b"trained_through": b"000001"}


@pytest.mark.parametrize(
    ("accept", "given"), [("application/json", "application/json"), (ARROW, ARROW), ("*/*", ARROW)]
)
def test_an_answer_comes_as_it_is_wanted(client: httpx.Client, accept: str, given: str) -> None:
    table = pa.table({name: pa.array([value]) for name, value in FLOWER.items()})
    answer = client.post(PREDICT, content=stream(table), headers={"content-type": ARROW, "accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, given)


def test_records_in_json_may_be_answered_with_a_table(client: httpx.Client) -> None:
    answer = client.post(PREDICT, json={"records": [FLOWER]}, headers={"accept": ARROW})
    assert pa.ipc.open_stream(answer.content).read_all()["predicted"].to_pylist() == ["setosa"]


def test_a_model_tells_what_it_takes_and_how_good_it_was(client: httpx.Client) -> None:
    told = client.get("/v1/models/iris").json()
    assert (told["id"], told["version"], told["trained_through"]) == ("flower", 1, "000001")
    assert [one["name"] for one in told["champion"]["features"]] == list(FEATURES)
    assert told["champion"]["features"][0]["valid"] == "a finite number (training saw 4.3 to 7.9)"
    assert 0.8 < told["champion"]["metrics"]["challenger"] <= 1
    assert client.get("/v1/models").json()["models"] == [told]


def test_the_api_is_described(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    predict = document["paths"]["/v1/models/{model}/predict"]["post"]
    assert predict["parameters"][0]["schema"]["enum"] == ["iris"]
    assert set(predict["requestBody"]["content"]) == {"application/json", ARROW}
    assert {"200", "401", "404", "413", "415", "422", "503"} <= set(predict["responses"])
