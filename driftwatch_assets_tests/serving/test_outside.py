"""Values outside of what training saw: they are answered, named in the answer, and counted."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pyarrow as pa
import pytest
from jsonschema import validate

from driftwatch_assets.serving.answers import ARROW
from driftwatch_assets.serving.records import Outside, rows_of
from driftwatch_assets.training import Field, Signature
from driftwatch_assets_tests.serving.conftest import iris_service
from driftwatch_assets_tests.serving.garden import FLOWER, LARGE, PREDICT
from driftwatch_assets_tests.serving.house import running
from driftwatch_assets_tests.serving.test_prediction import stream
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.steps import Watched

pytestmark = DAGSTERS_OWN_WARNINGS
FIELDS = (
    Field("age", "number", missing=True, low=18.0, high=80.0),
    Field("job", "text", missing=True, categories=("cook", "smith")),
    Field("street", "text", missing=False, categories=None),
    Field("member", "truth", missing=False),
    Field("never", "number", missing=True),
)
WITHIN = {"id": "1", "age": 30, "job": "cook", "street": "any", "member": True, "never": None}


def outside_of(record: dict[str, Any]) -> list[Outside]:
    served = SimpleNamespace(id="id", label="bad", beside=frozenset())
    champion: Any = SimpleNamespace(
        served=served, signature=Signature(FIELDS), loaded=SimpleNamespace(features=[one.name for one in FIELDS])
    )
    return rows_of([record], champion, most=1, new_categories=True).outside.get(0, [])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"age": 18, "job": "smith"}, []),
        ({"age": 80.0}, []),
        ({"age": None, "job": None}, []),
        ({"age": 80.001}, [Outside("age", 80.001, 18.0, 80.0)]),
        ({"age": -1}, [Outside("age", -1, 18.0, 80.0)]),
        ({"job": "pilot"}, [Outside("job", "pilot")]),
        ({"job": "p" * 500}, [Outside("job", "p" * 80 + "…")]),
        ({"age": 10**6, "job": ""}, [Outside("age", 10**6, 18.0, 80.0), Outside("job", "")]),
        ({"never": 5.0, "street": "another", "member": False}, []),
    ],
)
def test_a_number_beyond_the_range_and_a_text_never_met_are_outside(
    changed: dict[str, Any], said: list[Outside]
) -> None:
    assert outside_of(WITHIN | changed) == said


def test_an_answer_names_what_lies_outside_record_by_record(client: httpx.Client) -> None:
    far = {**FLOWER, "flower": "far", "petal_length": 1e6, "sepal_width": 0}
    told = client.post(PREDICT, json={"records": [FLOWER, far, LARGE]}).json()
    within, beyond, large = told["predictions"]
    assert "outside" not in within | large
    assert beyond["confidence"] > 0.99, "the model is sure of it, which is why it is said"
    assert beyond["outside"] == [
        {"field": "sepal_width", "found": 0, "low": 2.0, "high": 4.4},
        {"field": "petal_length", "found": 1e6, "low": 1.0, "high": 6.9},
    ]


def test_the_answer_is_as_its_document_says(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    answers = document["paths"]["/v1/models/{model}/predict"]["post"]["responses"]["200"]["content"]
    schema = answers["application/json"]["schema"]
    told = client.post(PREDICT, json={"records": [FLOWER, {**LARGE, "petal_length": -5}]}).json()
    validate(told, schema)
    values = schema["properties"]["predictions"]["items"]["properties"]["outside"]["items"]
    assert set(told["predictions"][1]["outside"][0]) == set(values["properties"])


def test_a_table_is_answered_with_the_names_of_the_fields(client: httpx.Client) -> None:
    table = pa.Table.from_pylist([FLOWER, {**LARGE, "petal_width": 100.0}])
    answer = client.post(PREDICT, content=stream(table), headers={"content-type": ARROW})
    assert pa.ipc.open_stream(answer.content).read_all()["outside"].to_pylist() == [[], ["petal_width"]]


def test_what_lies_outside_is_counted_by_model_and_field(garden: Watched, tmp_path: Path) -> None:
    with running(iris_service(garden, tmp_path)) as address:
        before = httpx.get(f"{address}/metrics").text
        records = [
            FLOWER,
            {**LARGE, "petal_width": 100, "petal_length": 100},
            {**LARGE, "flower": 3, "petal_width": -1},
        ]
        assert httpx.post(address + PREDICT, json={"records": records}).status_code == 200
        after = httpx.get(f"{address}/metrics").text
    assert 'driftwatch_outside_records_total{model="iris"} 0.0' in before
    assert 'driftwatch_outside_records_total{model="iris"} 2.0' in after
    assert 'driftwatch_outside_values_total{field="petal_width",model="iris"} 2.0' in after
    assert 'driftwatch_outside_values_total{field="petal_length",model="iris"} 1.0' in after


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('{"records": [%(a)s], "records": [%(b)s]}', ["records"]),
        ('{"records": [%(b)s], "records": [%(a)s], "records": []}', ["records"]),
        ('{"records": [%(a)s, {"flower": 1, "petal_width": 1, "petal_width": 2}]}', ["records", 1, "petal_width"]),
        (
            '{"records": [%(a)s, {"flower": 1, "petal_width": 1, "petal\\u005fwidth": 2}]}',
            ["records", 1, "petal_width"],
        ),
        ('{"records": [{"flower": "\\u003a", "flower": 2}]}', ["records", 0, "flower"]),
        ('{"records": [{"flower": {"deep": [{"x": 1, "x": 2}]}}]}', ["records", 0, "flower", "deep", 0, "x"]),
        ('{"records": [%(a)s], "more": 1, "more": 2}', ["more"]),
    ],
)
def test_a_key_that_is_there_twice_is_refused_by_name(client: httpx.Client, body: str, place: list[Any]) -> None:
    content = body % {"a": json.dumps(FLOWER), "b": json.dumps(LARGE)}
    answer = client.post(PREDICT, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    (fault,) = answer.json()["detail"]
    assert (fault["loc"], fault["msg"]) == (["body", *place], f"the key {place[-1]!r} is there twice")


@pytest.mark.parametrize("name", ["a:b", "12:30:00", "\\u003a", '\\"', "{:}", "é", "\\\\u003a"])
def test_colons_in_texts_are_no_keys(client: httpx.Client, name: str) -> None:
    body = json.dumps({"records": [FLOWER, LARGE]}).replace("a-1", name)
    answer = client.post(PREDICT, content=body.encode(), headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["predictions"][0]["id"] == json.loads(f'"{name}"')
