"""What is no request that the model can answer is refused in words: the field, what was found, the valid values."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pyarrow as pa
import pytest

from driftwatch_assets.serving import Limits
from driftwatch_assets.serving.answers import ARROW
from driftwatch_assets.serving.champions import Champions
from driftwatch_assets.serving.refusal import Refusal
from driftwatch_assets_tests.serving.conftest import iris_service
from driftwatch_assets_tests.serving.garden import FLOWER, PREDICT, garden_in, iris_served
from driftwatch_assets_tests.serving.house import running
from driftwatch_assets_tests.serving.test_prediction import stream
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.steps import Watched

pytestmark = DAGSTERS_OWN_WARNINGS


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in FLOWER.items() if key != name}


@pytest.mark.parametrize(
    ("record", "field", "message"),
    [
        (without("petal_width"), "petal_width", "petal_width is absent"),
        ({**FLOWER, "petal_width": None}, "petal_width", "null, and training saw no row without a value"),
        ({**FLOWER, "petal_width": "0.2"}, "petal_width", "is a text, where a number is expected"),
        ({**FLOWER, "petal_width": True}, "petal_width", "is a truth value, where a number is expected"),
        ({**FLOWER, "petal_width": [1]}, "petal_width", "is a list, where a number is expected"),
        ({**FLOWER, "petal_width": 10**30}, "petal_width", "beyond 64 bits"),
        ({**FLOWER, "petal_with": 1.0}, "petal_with", "did you mean 'petal_width'?"),
        ({**FLOWER, "species": "setosa"}, "species", "is what the model tells; leave it out"),
        (without("flower"), "flower", "flower is absent"),
        ({**FLOWER, "flower": 1.5}, "flower", "flower is a number"),
        ({**FLOWER, "flower": ""}, "flower", "no text of 1 to 200 characters"),
        ({**FLOWER, "flower": "x" * 201}, "flower", "no text of 1 to 200 characters"),
    ],
)
def test_a_wrong_value_is_told_with_its_field_and_the_valid_values(
    client: httpx.Client, record: dict[str, Any], field: str, message: str
) -> None:
    answer = client.post(PREDICT, json={"records": [FLOWER | {"flower": "fine"}, record]})
    assert answer.status_code == 422, answer.text
    (fault,) = answer.json()["detail"]
    assert (fault["loc"], fault["field"]) == (["body", "records", 1, field], field)
    assert message in fault["msg"]
    assert fault["valid"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", 'the body is an object: {"records": [...]}'),
        (b"{}", "records is a list of objects"),
        (b'{"records": {}}', "records is a list of objects"),
        (b'{"records": []}', "a request has 1 to 10000 records; this one has 0"),
        (b'{"records": [1]}', "a record is an object with 'flower' and the features"),
        (b'{"record": [], "records": [{}]}', "there is no such key"),
    ],
)
def test_a_wrong_body_is_told(client: httpx.Client, body: bytes, message: str) -> None:
    answer = client.post(PREDICT, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert message in answer.json()["detail"][0]["msg"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"records": [{"petal_width": NaN}]}', b'{"records": ["\\ud800"]}'],
)
def test_what_is_no_json_is_told(client: httpx.Client, body: bytes) -> None:
    answer = client.post(PREDICT, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert "the body is no JSON" in answer.json()["detail"]


def test_a_number_that_json_can_write_and_no_float_can_hold_is_refused(client: httpx.Client) -> None:
    text = '{"records":[{"flower":1,"sepal_length":1e400,"sepal_width":1,"petal_length":1,"petal_width":1}]}'
    answer = client.post(PREDICT, content=text, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["msg"] == "sepal_length is not finite"


def test_numbers_for_which_the_model_has_no_finite_score_are_told(client: httpx.Client) -> None:
    far = {name: value if name == "flower" else 1.7e308 for name, value in FLOWER.items()}
    far["petal_length"] = -1.7e308
    answer = client.post(PREDICT, json={"records": [far]})
    assert answer.status_code == 422
    assert "version 1" in answer.json()["detail"]


def test_two_records_of_one_id_are_refused(client: httpx.Client) -> None:
    answer = client.post(PREDICT, json={"records": [FLOWER, FLOWER]})
    assert answer.status_code == 422
    assert "is there twice" in answer.json()["detail"][0]["msg"]


def test_of_many_faults_the_first_are_told_and_all_are_counted(client: httpx.Client) -> None:
    records = [{**FLOWER, "flower": at, "petal_width": "x"} for at in range(50)]
    told = client.post(PREDICT, json={"records": records}).json()
    assert (len(told["detail"]), told["faults"]) == (20, 50)


@pytest.mark.parametrize("body", [b"", b"no table", b"\x00" * 64])
def test_what_is_no_arrow_stream_is_told(client: httpx.Client, body: bytes) -> None:
    answer = client.post(PREDICT, content=body, headers={"content-type": ARROW})
    assert answer.status_code == 400
    assert "no Arrow stream" in answer.json()["detail"]


def test_a_damaged_arrow_stream_costs_no_more_than_its_own_request(client: httpx.Client) -> None:
    whole = stream(pa.table({name: pa.array([value]) for name, value in FLOWER.items()}))
    for place in range(8, len(whole), 7):
        damaged = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        for body in (damaged, whole[:place]):
            answer = client.post(PREDICT, content=body, headers={"content-type": ARROW})
            assert answer.status_code in {200, 400, 422}, (place, answer.text)
    assert client.get("/ping").status_code == 200


def test_a_column_of_an_arrow_table_that_is_no_plain_value_is_told(client: httpx.Client) -> None:
    columns = {name: pa.array([value]) for name, value in FLOWER.items()} | {"petal_width": pa.array([[1.0]])}
    answer = client.post(PREDICT, content=stream(pa.table(columns)), headers={"content-type": ARROW})
    assert answer.status_code == 422
    assert "column 'petal_width' has the type list" in answer.json()["detail"][0]["msg"]


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_another_content_type_is_refused(client: httpx.Client, kind: str) -> None:
    answer = client.post(PREDICT, content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 415
    assert "send application/json" in answer.json()["detail"]


def test_a_compressed_body_is_refused(client: httpx.Client) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert client.post(PREDICT, content=b"x", headers=headers).status_code == 415


def test_an_unknown_model_is_answered_with_the_nearest_name(client: httpx.Client) -> None:
    for answer in (client.get("/v1/models/irsi"), client.post("/v1/models/irsi/predict", json={})):
        assert answer.status_code == 404
        assert answer.json()["detail"].endswith("did you mean 'iris'? models are: iris")


def test_a_wrong_parameter_is_told_with_its_valid_values(client: httpx.Client) -> None:
    answer = client.post(PREDICT, params={"new_categories": "perhaps"}, json={"records": [FLOWER]})
    assert answer.status_code == 422
    assert "'refuse' or 'accept'" in answer.json()["detail"][0]["msg"]


def test_a_longer_body_than_is_allowed_is_refused_whether_its_length_is_told_or_not(
    garden: Watched, tmp_path: Path
) -> None:
    with running(iris_service(garden, tmp_path, limits=Limits(body_bytes=1000))) as address:
        told = httpx.post(address + PREDICT, content=b"x" * 1001, headers={"content-type": "application/json"})
        parts = (b"x" * 400 for _ in range(3))
        untold = httpx.post(address + PREDICT, content=parts, headers={"content-type": "application/json"})
        fits = httpx.post(address + PREDICT, json={"records": [FLOWER]})
    assert (told.status_code, untold.status_code, fits.status_code) == (413, 413, 200)
    assert "longer than 1000 bytes" in told.json()["detail"]


def test_more_records_than_are_allowed_are_refused(garden: Watched, tmp_path: Path) -> None:
    with running(iris_service(garden, tmp_path, limits=Limits(records=2))) as address:
        records = [{**FLOWER, "flower": at} for at in range(3)]
        answer = httpx.post(address + PREDICT, json={"records": records})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["valid"] == "1 to 2 records"


def test_a_body_that_comes_too_slowly_and_one_request_too_many_are_refused(garden: Watched, tmp_path: Path) -> None:
    limits = Limits(requests=1, body_seconds=3)
    with running(iris_service(garden, tmp_path, limits=limits)) as address:
        where = urlsplit(address)
        with socket.create_connection((where.hostname, where.port), timeout=60) as slow:
            head = f"POST {PREDICT} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\n"
            slow.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
            begun, busy = time.monotonic(), httpx.post(address + PREDICT, json={"records": [FLOWER]})
            while busy.status_code == 200 and time.monotonic() - begun < limits.body_seconds:  # it did not arrive yet
                busy = httpx.post(address + PREDICT, json={"records": [FLOWER]})
            assert httpx.get(f"{address}/ping").status_code == 200
            assert b" 408 " in slow.recv(4096).partition(b"\r\n")[0]
        again = httpx.post(address + PREDICT, json={"records": [FLOWER]})
    assert (busy.status_code, busy.headers["retry-after"], again.status_code) == (503, "1", 200)
    assert "1 requests are under way, as many as may be" in busy.json()["detail"]


def test_a_model_without_a_champion_says_so_and_the_service_goes_on(empty_store: Path, tmp_path: Path) -> None:
    untrained = garden_in(tmp_path / "garden", store=empty_store)
    with running(iris_service(untrained, tmp_path / "spool")) as address:
        answer = httpx.post(address + PREDICT, json={"records": [FLOWER]})
        told = httpx.get(f"{address}/v1/models/iris").json()
    assert (answer.status_code, told["version"], told["champion"]) == (503, None, None)
    assert "it has no champion yet: train it first" in answer.json()["detail"]


def test_a_champion_that_is_being_loaded_is_not_said_to_be_missing(garden: Watched) -> None:
    with pytest.raises(Refusal) as refused:
        Champions([iris_served(garden)], reload_seconds=60).of("iris")
    assert refused.value.status == 503
    assert "its champion is being loaded" in str(refused.value.detail)


def test_a_request_whose_rows_the_model_refuses_costs_none_that_is_scored_with_it(client: httpx.Client) -> None:
    far = {name: value if name == "flower" else -1.7e308 for name, value in FLOWER.items()}
    far["petal_length"] = 1.7e308

    async def ask() -> list[int]:
        async with httpx.AsyncClient(base_url=client.base_url, timeout=300) as asking:
            sent = [asking.post(PREDICT, json={"records": [far if at % 4 == 0 else FLOWER]}) for at in range(40)]
            return [answer.status_code for answer in await asyncio.gather(*sent)]

    assert asyncio.run(ask()) == [422 if at % 4 == 0 else 200 for at in range(40)]
    assert threading.active_count() > 1
