"""What the service tells of all models: the first page, the numbers for Prometheus, the API's description."""

from __future__ import annotations

import datetime as dt
import html
import re
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from driftwatch_assets.alerting import AlertRule, spans
from driftwatch_assets.lake import Lake
from driftwatch_assets.monitoring import BatchRow, JobRow, MetricRow, VersionRow, open_monitoring
from driftwatch_assets.reporting import json_bytes, summary_json
from driftwatch_assets.serving.state import FirstPage, MonitoringState
from driftwatch_assets_tests.chromium import chromium
from driftwatch_assets_tests.serving.garden import FLOWER, PREDICT
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

pytestmark = DAGSTERS_OWN_WARNINGS


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Give a monitoring database that knows of one model with an alert and a failed run."""
    url = f"sqlite:///{tmp_path / 'monitoring.db'}"
    store = open_monitoring(url)
    rule = AlertRule(name="accuracy_low", metric="accuracy", condition="<", threshold=0.7, severity="high")
    store.record_rules("iris", [rule])
    store.record_batches("iris", [BatchRow(batch=str(at), position=at, state="done") for at in (0, 1)])
    store.record_metrics("iris", [MetricRow(batch=str(at), name="accuracy", value=0.8 - at / 5) for at in (0, 1)])
    version = VersionRow(
        version=3,
        trained_through="0",
        candidate="c",
        gate_result="promoted",
        is_champion=True,
        metric="accuracy",
        reason="",
        fingerprint="f",
        mlflow_run_id="r",
    )
    store.record_versions("iris", [version])
    ended = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    failed = JobRow(run_id="r", job="iris_batch", purpose="batch", status="FAILURE", ended_at=ended, error="boom")
    store.record_jobs("iris", [failed])
    found = spans(rule, [("0", 0.8, None), ("1", 0.6, None)])
    store.apply_alerts("iris", {rule: found}, {}, channels=["mail"])
    return url


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(str(tmp_path / "lake"))
    batches = [{"batch": "0", "rows": 150, "accuracy": 0.8}, {"batch": "1", "rows": 150, "accuracy": 0.6}]
    lake.write_file("iris/reports/summary.json", json_bytes(summary_json("iris", batches)))
    lake.write_file("iris/reports/summary.html", b"<p>all</p>")
    return lake


def samples(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value


def test_the_first_page_tells_batch_metric_alert_champion_and_failure(url: str, lake: Lake) -> None:
    page = FirstPage(lake, {"iris": "Iris", "idle": "Not yet"}, MonitoringState(url))().replace("<wbr>", "")
    assert '<a href="/iris/reports/summary.html">Iris</a>' in page
    for said in ("Not yet", "accuracy_low", "0.6, where &lt; 0.7 is told", "iris_batch: boom"):
        assert said in page


def test_the_first_page_says_when_the_monitoring_database_is_away(tmp_path: Path, lake: Lake) -> None:
    away = MonitoringState("postgresql://nobody@127.0.0.1:1/none")
    page = FirstPage(lake, {"iris": "Iris"}, away)()
    assert "Alerts and runs could not be read" in page
    assert '<a href="/iris/reports/summary.html">Iris</a>' in page
    assert [value for name, _, value in _collected(away) if name == "driftwatch_monitoring_database_up"] == [0.0]


def test_a_damaged_summary_costs_no_other_model(url: str, lake: Lake) -> None:
    lake.write_file("other/reports/summary.json", b"{")
    page = FirstPage(lake, {"iris": "Iris", "other": "Other"}, MonitoringState(url))()
    assert "The summary of Other could not be read." in page
    assert '<a href="/iris/reports/summary.html">Iris</a>' in page


def _collected(state: MonitoringState) -> list[tuple[str, dict[str, str], float]]:
    return [(one.name, one.labels, one.value) for family in state.collect() for one in family.samples]


def test_prometheus_is_told_of_alerts_metrics_and_what_waits(url: str) -> None:
    told = {(name, *labels.values()): value for name, labels, value in _collected(MonitoringState(url))}
    assert told["driftwatch_open_alerts", "iris", "high"] == 1
    assert told["driftwatch_open_alerts", "iris", "low"] == 0
    assert told["driftwatch_metric", "iris", "accuracy"] == pytest.approx(0.6)
    assert told["driftwatch_batch_position", "iris"] == 1
    assert told["driftwatch_outbox_pending",] >= 1
    assert told["driftwatch_monitoring_database_up",] == 1


def test_the_service_counts_requests_predictions_and_refused_records(client: httpx.Client) -> None:
    before = {(name, *labels.values()): value for name, labels, value in samples(client.get("/metrics").text)}
    client.post(PREDICT, json={"records": [FLOWER]})
    client.post(PREDICT, json={"records": [{"flower": "x"}]})
    client.get("/some/where/else")
    after = {(name, *labels.values()): value for name, labels, value in samples(client.get("/metrics").text)}
    grown = {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}
    path = "/v1/models/{model}/predict"
    assert grown["driftwatch_requests_total", "POST", path, "200"] == 1
    assert grown["driftwatch_requests_total", "POST", path, "422"] == 1
    assert grown["driftwatch_requests_total", "GET", "other", "404"] == 1
    assert grown["driftwatch_request_seconds_count", path] == 2
    assert grown["driftwatch_predictions_total", "iris", "1"] == 1
    assert grown["driftwatch_rejected_records_total", "iris"] == 1
    assert after["driftwatch_champion_version", "iris"] == 1
    assert ("driftwatch_champion_reload_failures_total", "iris") in after, "a counter is there from the start"


def test_promtool_accepts_what_prometheus_is_told(client: httpx.Client) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (apt package prometheus)")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=client.get("/metrics").content, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_the_api_has_a_page_of_its_own_that_asks_nobody(client: httpx.Client) -> None:
    answer = client.get("/docs")
    assert "POST /v1/models/{model}/predict" in answer.text
    assert "<script" not in answer.text
    assert "https://" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_the_pages_fit_a_narrow_and_a_wide_window(address: str, width: int) -> None:
    with chromium(["--no-sandbox"]) as browser:
        page = browser.new_page(viewport={"width": width, "height": 900})
        for where in ("/", "/docs"):
            page.goto(address + where)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, where


def test_the_call_on_the_page_of_the_api_is_one_that_is_answered(client: httpx.Client) -> None:
    shown = re.search(r"<pre>(.*?)</pre>", client.get("/docs").text, re.DOTALL)
    assert shown is not None
    curl, address, _, header, _, body = shlex.split(html.unescape(shown[1]).replace("\\\n", ""))
    name, _, value = header.partition(": ")
    assert curl == "curl"
    answer = client.post(address, content=body, headers={name: value})
    assert answer.status_code == 200, answer.text


def test_pages_are_served_with_their_headers_and_nothing_else_of_the_lake(client: httpx.Client) -> None:
    assert client.get("/").status_code == 200
    assert client.get("/iris/reports/none.html").status_code == 404
    assert client.get("/iris/gold/features/batch=000001/data.parquet").status_code == 404
