"""The dashboards of a model that was really replayed, over an MLflow server and a monitoring database on PostgreSQL."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psycopg
import pytest

from deploy.grafana import build
from deploy.grafana.panels import MLFLOW, MONITORING
from driftwatch_assets_tests.deploy.test_grafana_queries import READER, Databases, as_reader, reader_grants
from driftwatch_assets_tests.deploy.test_prometheus import free_port
from driftwatch_assets_tests.postgres import database, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.soak

START_SECONDS = 600
DRIFTWATCH = Path(sys.executable).parent / "driftwatch"

NO_RUN_HAS_FAILED = ["model", "started", "job", "purpose", "batch", "status", "duration", "error"]


@contextmanager
def tracking_server(backend: str, folder: Path) -> Iterator[str]:
    """Run MLflow's server over a database, as it is run in production."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", backend, "--artifacts-destination", str(folder / "artifacts")]
    log = folder / "server.log"
    with log.open("w") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if httpx.get(f"{url}/health", timeout=2).status_code == httpx.codes.OK:
                    break
            except httpx.TransportError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
        try:
            yield url
        finally:
            process.terminate()
            process.wait(timeout=300)


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    home = tmp_path_factory.mktemp("replayed")
    password = secrets.token_hex(12)
    with (
        postgres_server() as server,
        database(server) as monitoring,
        database(server) as backend,
        tracking_server(backend, home) as tracking,
    ):
        environment = {
            **os.environ,
            "DRIFTWATCH_LANDING": str(home / "landing"),
            "DRIFTWATCH_LAKE": str(home / "lake"),
            "DAGSTER_HOME": str(home / "dagster"),
            "DRIFTWATCH_MONITORING_URL": monitoring,
            "DRIFTWATCH_READER_PASSWORD": password,
            "MLFLOW_TRACKING_URI": tracking,
            "COLUMNS": "120",
        }
        for command in (["replay", "iris"], ["monitoring", "grant", READER]):
            done = subprocess.run(
                [DRIFTWATCH, *command], env=environment, check=False, capture_output=True, text=True, timeout=600
            )
            assert done.returncode == 0, done.stdout + done.stderr
        with psycopg.connect(backend, autocommit=True) as connection:
            connection.execute(reader_grants())
        try:
            yield Databases({MONITORING.uid: as_reader(monitoring, password), MLFLOW.uid: as_reader(backend, password)})
        finally:
            for url in (monitoring, backend):
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(f"DROP OWNED BY {READER}")
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"DROP ROLE {READER}")


@pytest.mark.parametrize(
    ("file", "by_right"),
    [
        ("driftwatch.json", {"Open alerts": ["acknowledged by"], "Failed runs": NO_RUN_HAS_FAILED}),
        ("driftwatch-iris.json", {"Open alerts": ["acknowledged by"], "Recent runs": ["error"]}),
    ],
)
def test_no_panel_of_a_replayed_model_is_empty(replayed: Databases, file: str, by_right: dict[str, list[str]]) -> None:
    """Nothing but what a person or a failure would have to bring: the simulated last fetch does leave an alert open."""
    empty: dict[str, list[str]] = {}
    for panel in json.loads((build.DASHBOARDS / file).read_text())["panels"]:
        for target in panel.get("targets", ()):
            answer = replayed.ask(target["datasource"]["uid"], target["rawSql"])
            holes = [name for name in answer.columns if all(value is None for value in answer.column(name))]
            if holes:
                empty[panel["title"]] = holes
    assert empty == by_right
