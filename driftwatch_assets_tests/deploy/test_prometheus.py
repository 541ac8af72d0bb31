"""Prometheus: its own tool takes the configuration and the rules, and a real one scrapes and judges by them."""

from __future__ import annotations

import http.server
import re
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from prometheus_client import Gauge

from driftwatch_assets.serving.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

PROMETHEUS = Path(__file__).parents[2] / "deploy" / "prometheus"
TOKEN_FILE = "/run/secrets/driftwatch_token"  # noqa: S105 - a path
TOKEN = "not a secret: of one test"  # noqa: S105 - as it says
RULES: dict[str, Any] = yaml.safe_load((PROMETHEUS / "rules.yml").read_text())

OF_THE_MONITORING_DATABASE = {
    "driftwatch_open_alerts": ("model", "severity"),
    "driftwatch_metric": ("model", "name"),
    "driftwatch_batch_position": ("model",),
    "driftwatch_outbox_pending": (),
    "driftwatch_monitoring_database_up": (),
}


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed; it comes with the package prometheus")
    return subprocess.run([program, *arguments], check=False, capture_output=True, text=True, timeout=600)


def configured(folder: Path, **changed: str) -> Path:
    """Copy the configuration, with a token file that is there."""
    token = folder / "token"
    token.write_text(TOKEN)
    for name in ("rules.yml", "rules_test.yml"):
        shutil.copy(PROMETHEUS / name, folder)
    text = (PROMETHEUS / "prometheus.yml").read_text()
    for old, new in {TOKEN_FILE: str(token), **changed}.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / "prometheus.yml"
    path.write_text(text)
    return path


def test_promtool_takes_the_configuration_and_the_rules(tmp_path: Path) -> None:
    done = promtool("check", "config", configured(tmp_path))
    assert done.returncode == 0, done.stderr
    assert re.search(r"SUCCESS: \d+ rules found", done.stdout)


def test_every_alert_is_tested_and_fires_when_it_should() -> None:
    done = promtool("test", "rules", PROMETHEUS / "rules_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    tests = yaml.safe_load((PROMETHEUS / "rules_test.yml").read_text())["tests"]
    fired = {one["alertname"] for test in tests for one in test.get("alert_rule_test", ()) if one["exp_alerts"]}
    assert fired == {rule["alert"] for group in RULES["groups"] for rule in group["rules"] if "alert" in rule}


@pytest.mark.parametrize(
    ("file", "right", "wrong", "command"),
    [
        ("rules.yml", "histogram_quantile(0.99,", "histogram_quantil(0.99,", ("check", "rules")),
        ("rules.yml", "for: 2m", "for: two minutes", ("check", "rules")),
        ("rules.yml", "{{ $labels.instance }}", "{{ $labels.instance }", ("check", "rules")),
        ("prometheus.yml", "scrape_configs:", "scrape_config:", ("check", "config")),
        ("prometheus.yml", "scrape_timeout: 10s", "scrape_timeout: 20s", ("check", "config")),
        ("rules.yml", "driftwatch_outbox_pending > 0", "driftwatch_outbox_pending > 9", ("test", "rules")),
        ("rules.yml", "> 0.01", "> 0.5", ("test", "rules")),
    ],
)
def test_planted_faults_are_found(tmp_path: Path, file: str, right: str, wrong: str, command: tuple[str, str]) -> None:
    configured(tmp_path)
    path = tmp_path / file
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong))
    asked = tmp_path / "rules_test.yml" if command[0] == "test" else path
    assert promtool(*command, asked).returncode != 0


def service_metrics(*, database_up: bool = True) -> Metrics:
    """Give the service's own metrics after some requests, and those of the monitoring database."""
    metrics = Metrics()
    metrics.requests.labels("/v1/models/{model}/predict", "POST", "200").inc(10)
    metrics.seconds.labels("/v1/models/{model}/predict").observe(0.004)
    metrics.predictions.labels("iris", "3").inc(10)
    metrics.rejected.labels("iris").inc()
    metrics.champion.labels("iris").set(3)
    metrics.reload_failures.labels("iris").inc(0)
    metrics.unflushed.labels("iris").set(10)
    for name, labels in OF_THE_MONITORING_DATABASE.items():
        gauge = Gauge(name, name, labels, registry=metrics.registry)
        (gauge.labels(*("high" if label == "severity" else "iris" for label in labels)) if labels else gauge).set(1)
    return metrics


def names_told() -> set[str]:
    return set(re.findall(r"^(driftwatch_\w+)", service_metrics().text().decode(), re.MULTILINE))


def test_rules_and_their_tests_name_metrics_that_the_service_tells() -> None:
    asked = {
        name
        for group in RULES["groups"]
        for rule in group["rules"]
        for name in re.findall(r"(?<![\w:])driftwatch_\w+", rule["expr"])
    }
    assert len(asked) > 8
    assert asked <= names_told()
    recorded = {rule["record"] for group in RULES["groups"] for rule in group["rules"] if "record" in rule}
    used = {
        name
        for group in RULES["groups"]
        for rule in group["rules"]
        for name in re.findall(r"driftwatch:[\w:]+", rule["expr"])
    }
    assert used <= recorded


def test_no_token_is_written_down() -> None:
    (scrape,) = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["scrape_configs"]
    assert scrape["authorization"] == {"type": "Bearer", "credentials_file": TOKEN_FILE}
    assert "basic_auth" not in scrape


@contextmanager
def telling(metrics: Metrics) -> Iterator[int]:
    """Serve metrics to who has the token, and give the port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            allowed = self.path == "/metrics" and self.headers.get("Authorization") == f"Bearer {TOKEN}"
            self.send_response(200 if allowed else 401)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            if allowed:
                self.wfile.write(metrics.text())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextmanager
def prometheus(config: Path) -> Iterator[str]:
    """Run a Prometheus and give its address."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("Prometheus is not installed; it is the package prometheus")
    port = free_port()
    log = config.with_suffix(".log")
    with log.open("wb") as said:
        running = subprocess.Popen(
            [
                program,
                f"--config.file={config}",
                f"--storage.tsdb.path={config.parent / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=said,
            stderr=subprocess.STDOUT,
            cwd=config.parent,
        )
    try:
        yield f"http://127.0.0.1:{port}"
        assert running.poll() is None, log.read_text()[-2000:]
    finally:
        running.terminate()
        try:
            running.wait(10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def answer(url: str) -> Any:
    return httpx.get(url, timeout=5).raise_for_status().json()["data"]


def until(address: str, path: str, holds: Any, seconds: float = 40) -> Any:
    """Ask until an answer is as it should be."""
    deadline = time.monotonic() + seconds
    last: Any = None
    while time.monotonic() < deadline:
        try:
            last = answer(f"{address}{path}")
        except httpx.HTTPError as not_yet:
            last = not_yet
        else:
            if holds(last):
                return last
        time.sleep(0.2)
    raise AssertionError(f"{path} did not become as it should within {seconds} s: {last}")


@pytest.mark.slow
def test_a_real_prometheus_scrapes_with_the_token_and_evaluates_every_rule(tmp_path: Path) -> None:
    with telling(service_metrics()) as port:
        changed = {
            "predictions:3070": f"127.0.0.1:{port}",
            "scrape_interval: 15s": "scrape_interval: 1s",
            "scrape_timeout: 10s": "scrape_timeout: 1s",
            "evaluation_interval: 15s": "evaluation_interval: 1s",
        }
        with prometheus(configured(tmp_path, **changed)) as address:
            until(address, "/api/v1/query?query=up", lambda said: [one["value"][1] for one in said["result"]] == ["1"])
            stored = until(
                address,
                "/api/v1/label/__name__/values",
                lambda said: names_told() - set(said) <= {name for name in names_told() if name.endswith("_created")},
            )
            assert {"driftwatch_predictions_total", "driftwatch_request_seconds_bucket"} <= set(stored)
            groups = until(
                address,
                "/api/v1/rules",
                lambda said: all(rule["health"] == "ok" for group in said["groups"] for rule in group["rules"]),
            )["groups"]
            assert sum(len(group["rules"]) for group in groups) == sum(len(group["rules"]) for group in RULES["groups"])
            until(
                address,
                "/api/v1/alerts",
                lambda said: (
                    {one["labels"]["alertname"] for one in said["alerts"]}
                    == {"DriftwatchAlertOpen", "DriftwatchMessagesWait"}
                ),
            )


@pytest.mark.slow
def test_a_prometheus_with_another_token_sees_the_service_as_down(tmp_path: Path) -> None:
    with telling(service_metrics()) as port:
        changed = {"predictions:3070": f"127.0.0.1:{port}", "scrape_interval: 15s": "scrape_interval: 1s"}
        config = configured(tmp_path, **changed, **{"scrape_timeout: 10s": "scrape_timeout: 1s"})
        (tmp_path / "token").write_text("another")
        with prometheus(config) as address:
            (target,) = until(
                address,
                "/api/v1/targets",
                lambda said: [one["health"] for one in said["activeTargets"]] == ["down"],
            )["activeTargets"]
            assert "401" in target["lastError"]
