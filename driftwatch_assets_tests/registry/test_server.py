"""The registry on an MLflow server that is reached by URL."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from driftwatch_assets.registry import ModelRegistry, RegistryUnreachable
from driftwatch_assets_tests.registry.trees import MODEL, REFERENCES, TRUSTED, training

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch_assets.training import TrainingOutcome

START_SECONDS = 600


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/server.db", "--artifacts-destination", f"{tmp_path}/kept"]
    with (tmp_path / "server.log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if httpx.get(f"{url}/health", timeout=2).status_code == 200:
                    break
            except httpx.TransportError:
                assert time.monotonic() < deadline, (tmp_path / "server.log").read_text()
                assert process.poll() is None, (tmp_path / "server.log").read_text()
                time.sleep(0.2)
        yield url
        process.terminate()
        process.wait(timeout=300)


@pytest.mark.slow
def test_a_server_keeps_versions_champions_and_files(server: str, through_3: TrainingOutcome) -> None:
    registry = ModelRegistry(server, MODEL, trusted_modules=TRUSTED)
    with registry.run("through 3", {"dagster_run_id": "abc"}):
        first = registry.register(MODEL, through_3, references=REFERENCES)
    champion = registry.load(first)
    assert champion.references == REFERENCES
    with registry.run("through 5"):
        second = registry.register(MODEL, training("5", champion=champion), references=REFERENCES)
        assert registry.register(MODEL, through_3, references=REFERENCES) == first
    assert second.champion_compared == first.version
    assert registry.champion_as_of(MODEL, "4") == first
    assert [one.trained_through for one in registry.history(MODEL)] == ["3", "5"]
    assert registry.fail("abc", "later found wanting")
    assert registry.reconcile(lambda _: False) == []


def test_a_server_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(RegistryUnreachable, match=r"cannot open MLflow's store http://127\.0\.0\.1:\d+: "):
        ModelRegistry(f"http://127.0.0.1:{free_port()}", MODEL).prepare()
