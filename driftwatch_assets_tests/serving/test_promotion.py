"""A promotion while requests are in flight: the next requests are answered by the new champion, and none fails."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx
import pytest

from driftwatch_assets.registry import registry
from driftwatch_assets.serving.champions import Champions
from driftwatch_assets_tests.serving.conftest import iris_service
from driftwatch_assets_tests.serving.garden import FLOWER, PREDICT, garden_in, iris_served, promoted
from driftwatch_assets_tests.serving.house import running
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch_assets.steps import Watched

pytestmark = DAGSTERS_OWN_WARNINGS


@pytest.fixture
def growing(empty_store: Path, tmp_path: Path) -> Watched:
    """Give a garden of its own with one champion."""
    watched = garden_in(tmp_path / "garden", candidate="logistic_regression", store=empty_store)
    promoted(watched, "000001")
    return watched


class Asker:
    """Asks without a pause from several connections, and notes what came back and when."""

    def __init__(self, address: str, askers: int = 3) -> None:
        self._address, self._stop = address, threading.Event()
        self.answers: list[tuple[float, int, int | None]] = []
        self._threads = [threading.Thread(target=self._ask) for _ in range(askers)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        with httpx.Client(base_url=self._address, timeout=300) as client:
            while not self._stop.is_set():
                answer = client.post(PREDICT, json={"records": [FLOWER]})
                version = answer.json().get("version")
                self.answers.append((time.monotonic(), answer.status_code, version))

    def wait_for(self, version: int, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if any(one[2] == version for one in self.answers):
                return
            time.sleep(0.02)
        raise AssertionError(f"version {version} never answered")


def test_a_promotion_is_picked_up_while_it_answers_and_fails_no_request(growing: Watched, tmp_path: Path) -> None:
    with running(iris_service(growing, tmp_path / "spool")) as address, Asker(address) as asker:
        asker.wait_for(1)
        assert promoted(growing, "000002") == 2
        asker.wait_for(2)
        time.sleep(0.3)
    assert {status for _, status, _ in asker.answers} == {200}
    assert {version for _, _, version in asker.answers} == {1, 2}


def test_a_version_whose_files_are_damaged_replaces_nothing_until_they_are_restored(growing: Watched) -> None:
    failed: list[str] = []
    champions = Champions([iris_served(growing)], reload_seconds=3600, failed=failed.append)
    champions.look()
    assert champions.of("iris").version == 1
    promoted(growing, "000002")
    registry._loaded.clear()  # as in another process than the one that registered it
    newest = growing.registry.history("iris")[-1]
    artifacts = Path(growing.registry.tracking_uri.removeprefix("sqlite:///")).parent / "artifacts"
    (model,) = [path for path in artifacts.rglob("model.skops") if newest.model_id in str(path)]
    whole = model.read_bytes()
    model.write_bytes(whole[:-1])
    champions.look()
    assert (champions.of("iris").version, failed) == (1, ["iris"])
    assert "its stored files are not those that were registered" in champions.trouble("iris")
    model.write_bytes(whole)
    champions.look()
    assert (champions.of("iris").version, champions.trouble("iris")) == (2, "")


def test_a_registry_that_answers_with_errors_leaves_the_champion_answering(growing: Watched, tmp_path: Path) -> None:
    with running(iris_service(growing, tmp_path / "spool")) as address, Asker(address, 1) as asker:
        asker.wait_for(1)
        _execute(growing, "ALTER TABLE registered_models RENAME TO away")
        _until(lambda: _told(address)["trouble"] != "")
        told = _told(address)
        assert "driftwatch_champion_reload_failures_total" in httpx.get(f"{address}/metrics").text
        _execute(growing, "ALTER TABLE away RENAME TO registered_models")
        _until(lambda: _told(address)["trouble"] == "")
    assert {status for _, status, _ in asker.answers} == {200}
    assert told["version"] == 1


def _execute(watched: Watched, statement: str) -> None:
    with closing(sqlite3.connect(watched.registry.tracking_uri.removeprefix("sqlite:///"), timeout=20)) as store:
        store.execute(statement)


def _told(address: str) -> dict[str, Any]:
    return httpx.get(f"{address}/v1/models/iris").json()


def _until(said: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not said():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)
