"""The commands of the README and its pages, as they stand, in a copy of the project."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import psycopg2
import pytest

from driftwatch_assets.alerting import AlertRule, spans
from driftwatch_assets.monitoring import open_monitoring
from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests.deployment.composition import compose, secrets_of
from driftwatch_assets_tests.deployment.processes import answers
from driftwatch_assets_tests.postgres import database, postgres_server
from driftwatch_assets_tests.readme import commands
from driftwatch_assets_tests.severities import documented, stored
from driftwatch_assets_tests.sources.archive_server import Publication, archive_of, serve
from driftwatch_assets_tests.tour.conftest import deliver
from driftwatch_assets_tests.tour.copied import START_SECONDS, Copied, free_port, is_free
from driftwatch_assets_tests.tour.runs import RUN_BY

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

WEBSERVER_PORT = 3000
READER = "grafana_reader"


def commands_of(test: str) -> list[str]:
    """Give the commands that a test runs, in the order of the pages."""
    found = [one for one in dict.fromkeys(commands()) if RUN_BY.get(one, "").endswith(f"::{test}")]
    assert found, f"no page has a command for {test}"
    return found


@pytest.fixture
def copied(tmp_path: Path) -> Copied:
    """Give a copy that nothing has been done in."""
    return Copied.into(tmp_path / "project")


def test_the_demo_replays_what_lies_there(demo: tuple[Copied, dict[str, str]]) -> None:
    told = demo[1]["make demo"]
    assert "gas_sensors: 10 simulated (seed 42) batches lie in" in told
    assert "frozen model (the first champion, never retrained)" in told
    assert "Retraining through batch 7 bought" in told
    assert "Reports:" in told


def test_the_frozen_forest_is_measured(replayed: Copied) -> None:
    assert re.search(r"mean: 0\.\d{3}", replayed.succeeds("make frozen"))


def test_commands_over_a_replayed_model_succeed(replayed: Copied) -> None:
    before = history(replayed)
    for command in commands_of("test_commands_over_a_replayed_model_succeed"):
        assert replayed.succeeds(command).strip()
    assert history(replayed) == before, "nothing was learned or forgotten"


def history(copied: Copied, model: str = "gas_sensors") -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(copied.succeeds(f"driftwatch history {model} --json"))
    return told


def test_the_service_answers_as_the_readme_asks(replayed: Copied) -> None:
    start, *asked, label = commands_of("test_the_service_answers_as_the_readme_asks")
    port = free_port()
    (replayed.project / "labels.csv").write_text("flower,species\na,setosa\n")
    with replayed.server(f"{start} --port {port}") as server:
        server.until("the service answers", answers(f"http://127.0.0.1:{port}/ping"), START_SECONDS)
        url = f"http://127.0.0.1:{port}/v1/models/iris"
        server.until("iris has its champion", lambda: httpx.get(url, timeout=30).json().get("version"), START_SECONDS)
        model, predicted = [json.loads(replayed.succeeds(one.replace(":3070", f":{port}"))) for one in asked]
        assert model["version"] == predicted["version"]
        [row] = predicted["predictions"]
        assert (row["id"], row["predicted"]) == ("a", "setosa")
    # What was answered is in the lake when the service has ended.
    assert "labels of 1 served ids" in replayed.succeeds(label)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, marks=[pytest.mark.soak] if command == "make ui" else [])
        for command in commands_of("test_the_live_system_starts_by_its_command_and_stops")
    ],
)
def test_the_live_system_starts_by_its_command_and_stops(replayed: Copied, command: str) -> None:
    port, reports = WEBSERVER_PORT, f"http://127.0.0.1:{free_port()}"
    if command == "driftwatch ui":
        port = free_port()
        command = f"{command} --port {port}"
    elif not is_free(port):
        pytest.skip(f"port {port}, which make ui listens on, is taken on this machine")
    with replayed.at(DRIFTWATCH_REPORTS_URL=reports).server(command) as server:
        server.until("Dagster answers", answers(f"http://127.0.0.1:{port}/server_info"), START_SECONDS)
        server.until("the service answers", answers(f"{reports}/ping"), START_SECONDS)
        page = httpx.get(reports).text
        family = server.family()
        # A person's Ctrl-C goes to every process.
        for one in family:
            one.send_signal(signal.SIGINT)
        deadline = time.monotonic() + START_SECONDS
        while any(one.is_running() for one in family) and time.monotonic() < deadline:
            assert server.process is not None
            server.process.poll()
            time.sleep(0.2)
        assert not any(one.is_running() for one in family)
    for title in ("Gas sensors", "Iris"):
        assert title in page


@pytest.mark.soak
def test_make_checks_and_tests_a_copy_of_the_project(copied: Copied) -> None:
    copied.succeeds("make check")
    chosen = copied.at(PYTEST_ADDOPTS="driftwatch_assets_tests/command_line/test_commands.py -k not_waited_for_long")
    assert re.search(r"\d+ passed", chosen.succeeds("make test-slow"))
    chosen = copied.at(PYTEST_ADDOPTS="driftwatch_assets_tests/retraining")
    assert re.search(r"\d+ passed", chosen.succeeds("make test"))


def test_dashboards_that_are_written_anew_are_those_that_are_kept(copied: Copied) -> None:
    dashboards = copied.project / "deploy" / "grafana"
    kept = {path: path.read_bytes() for path in dashboards.rglob("*.json")}
    assert kept
    copied.succeeds("make dashboards")
    assert {path: path.read_bytes() for path in dashboards.rglob("*.json")} == kept


def test_the_benchmark_runs_without_its_peers(copied: Copied) -> None:
    lines = copied.succeeds("make --dry-run bench").splitlines()
    parts = [line for line in lines if "-m benchmarks." in line]
    assert parts
    for part in parts:
        assert "usage:" in copied.succeeds(f"{part} --help")


def test_clean_leaves_what_has_landed(copied: Copied) -> None:
    files = deliver("iris", copied.project / "data" / "landing" / "iris")
    copied.succeeds("driftwatch history iris")
    kept = {"README.md", "landing"}
    assert {path.name for path in (copied.project / "data").iterdir()} > kept
    copied.succeeds("make clean")
    assert {path.name for path in (copied.project / "data").iterdir()} == kept
    assert all(file.exists() for file in files)


@pytest.mark.soak
def test_what_was_packed_is_there_again(replayed: Copied) -> None:
    pack, unpack, rebuild = (
        "tar --create --gzip --file driftwatch.tar.gz data",
        "tar --extract --gzip --file driftwatch.tar.gz",
        "driftwatch monitoring rebuild",
    )
    before = history(replayed)
    replayed.succeeds(pack)
    shutil.rmtree(replayed.project / "data")
    replayed.succeeds(unpack)
    shutil.rmtree(replayed.project / "data" / "monitoring")
    told = replayed.succeeds(rebuild)
    assert "gas_sensors: 10 batches recorded" in told
    assert history(replayed) == before
    assert "accuracy_low" in replayed.succeeds("driftwatch alerts list --state open")
    again = replayed.succeeds("driftwatch replay gas_sensors")
    assert "gas_sensors: 10 simulated" in again
    assert history(replayed) == before, "nothing was taken in or trained again"


def test_the_grades_of_the_simulated_flowers_are_those_of_the_documented_table(replayed: Copied) -> None:
    assert stored(replayed.project / "data" / "lake", "iris") == documented("iris")


@pytest.mark.soak
def test_a_lost_instance_is_filled_again_and_nothing_is_trained_twice(replayed: Copied, tmp_path: Path) -> None:
    before, versions = history(replayed, "iris"), registered(replayed)
    elsewhere = replayed.at(DAGSTER_HOME=str(tmp_path / "dagster"))
    elsewhere.succeeds("driftwatch replay iris")
    assert history(elsewhere, "iris") == before
    assert registered(replayed) == versions


def registered(copied: Copied) -> list[tuple[str, int]]:
    """Give every registered version of every model."""
    with closing(sqlite3.connect(copied.project / "data" / "mlflow" / "mlflow.db")) as store:
        return store.execute("SELECT name, version FROM model_versions ORDER BY name, version").fetchall()


def test_every_store_is_brought_to_this_version(replayed: Copied) -> None:
    for command in commands_of("test_every_store_is_brought_to_this_version"):
        replayed.succeeds(command)
        replayed.succeeds(command)


def test_the_readers_password_is_changed(copied: Copied) -> None:
    with postgres_server() as server, database(server) as url:
        for password in ("the-first-of-two-passwords", "the-second-of-two-passwords"):
            at = copied.at(DRIFTWATCH_MONITORING_URL=url, DRIFTWATCH_READER_PASSWORD=password)
            at.succeeds("driftwatch monitoring grant grafana_reader")
        address = re.sub(r"//[^@]*@", f"//{READER}:{{}}@", url)
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(address.format("the-first-of-two-passwords"))
        with psycopg2.connect(address.format("the-second-of-two-passwords")) as reader, reader.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM alerts")
            assert cursor.fetchall() == [(0,)]
        reader.close()


def test_what_waits_for_a_channel_is_let_go(copied: Copied) -> None:
    url = f"sqlite:///{copied.project}/data/monitoring/monitoring.db"
    rule = AlertRule(name="accuracy_low", metric="accuracy", condition="<", threshold=0.7, severity="high")
    store = open_monitoring(url)
    store.apply_alerts("iris", {rule: spans(rule, [("6", 0.3, None)])}, channels=["ops"])
    assert store.waiting() == {"ops": 1}
    copied.succeeds("driftwatch alerts drop ops")
    assert store.waiting() == {}
    copied.succeeds("driftwatch alerts deliver")
    assert "accuracy_low" in copied.succeeds("driftwatch alerts list --state open")


def test_the_publishers_archive_is_fetched(copied: Copied) -> None:
    files = deliver("gas_sensors", copied.project / "delivered")
    content = {file.name: file.read_bytes() for file in files}
    folder = copied.project / "driftwatch_assets" / "defs" / "gas_sensors"
    sums = [f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in content.items()]
    (folder / "checksums.txt").write_text("\n".join(sums) + "\n")
    with serve(Publication(archive_of({f"Dataset/{name}": data for name, data in content.items()}))) as publication:
        text = (folder / "defs.yaml").read_text()
        text = re.sub(r"url: https://archive\S+", f"url: {publication.url}", text)
        text = re.sub(r"\n *lines: .*", "", text)
        (folder / "defs.yaml").write_text(text)
        copied.succeeds("driftwatch fetch gas_sensors")
    landed = copied.project / "data" / "landing" / "gas_sensors"
    assert {path.name: path.read_bytes() for path in landed.glob("*.dat")} == content


def test_another_address_is_fetched(copied: Copied) -> None:
    [file, *_] = deliver("iris", copied.project / "delivered")
    (copied.project / "iris.data").write_bytes(file.read_bytes())
    port = free_port()
    [command] = commands_of("test_another_address_is_fetched")
    with copied.server(f"python -m http.server --bind 127.0.0.1 {port}") as server:
        server.until("the address answers", answers(f"http://127.0.0.1:{port}/iris.data"), START_SECONDS)
        copied.succeeds(command.replace(":8000", f":{port}"))
    landed = copied.project / "data" / "landing" / "iris"
    assert [path.read_bytes() for path in landed.glob("*.csv")] == [file.read_bytes()]


def test_compose_starts_once_every_secret_has_a_value(copied: Copied) -> None:
    copied.succeeds("cp .env.example .env")
    assert (copied.project / ".env").read_text() == (PROJECT / ".env.example").read_text()
    names = secrets_of(copied.project / ".env")
    assert compose({}, "config", "--quiet").returncode != 0
    make = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
    made = {name: copied.succeeds(make).strip() for name in names}
    done = compose(made, "config", "--quiet")
    assert done.returncode == 0, done.stderr
