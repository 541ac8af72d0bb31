"""The pictures of the README and the tour, taken by Chromium of simulated data; `make pictures` keeps them."""

from __future__ import annotations

import csv
import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from driftwatch_assets_tests.chromium import chromium
from driftwatch_assets_tests.deployment.processes import answers
from driftwatch_assets_tests.tour.conftest import OF_THE_COMMANDS, SIZES, replay
from driftwatch_assets_tests.tour.copied import START_SECONDS, free_port
from driftwatch_assets_tests.tour.pictures import ALL_BYTES, LARGEST_BYTES, PICTURES, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from driftwatch_assets_tests.tour.copied import Copied

pytestmark = pytest.mark.soak

MEASURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
HOUR_BY_HAND = """
import dagster as dg
from driftwatch_assets.command_line.instance import open_instance
from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.settings import Settings

settings = Settings.from_environment()
keys, places = monitored_model("iris").keys, places_of(settings)
hours = places.lake().batches("iris/served")
with open_instance(settings) as instance:
    instance.add_dynamic_partitions(keys.served_hours.name, hours)
    for hour in hours:
        assert LocalDaemon(instance, defs(), places).run(keys.served_job, dg.RunRequest(partition_key=hour)).success
"""
"""Watches hours of served traffic that are not over yet, as a person does who launches the partition in the UI."""


@pytest.fixture(scope="module")
def asked(replayed: Copied) -> Copied:
    """Replay the other models; let the service answer what an iris of a drifted garden is, and tell it later."""
    for model in [name for name in SIZES if name not in OF_THE_COMMANDS]:
        replay(replayed, model)
    flowers = _flowers(replayed.project / "data" / "landing" / "iris" / "fetch-000006.csv")
    port = free_port()
    with replayed.server(f"driftwatch serve --port {port}") as server:
        url = f"http://127.0.0.1:{port}/v1/models/iris"
        server.until("the service answers", answers(f"http://127.0.0.1:{port}/ping"), START_SECONDS)
        server.until("iris has its champion", lambda: httpx.get(url, timeout=30).json().get("version"), START_SECONDS)
        records = [{name: flower[name] for name in ("flower", *MEASURES)} for flower in flowers]
        httpx.post(f"{url}/predict", json={"records": records}, timeout=60).raise_for_status()
    labels = "".join(f"{flower['flower']},{flower['species']}\n" for flower in flowers)
    (replayed.project / "labels.csv").write_text("flower,species\n" + labels)
    replayed.succeeds("driftwatch label iris labels.csv")
    (replayed.project / "hour_by_hand.py").write_text(HOUR_BY_HAND)
    replayed.succeeds("python hour_by_hand.py")
    return replayed


def _flowers(file: Path) -> list[dict[str, object]]:
    """Give the lines of a delivery that the service takes."""
    found = []
    with file.open(newline="") as lines:
        for number, (*lengths, species) in enumerate(line for line in csv.reader(lines) if len(line) == 5):
            try:
                values = [float(length) for length in lengths]
            except ValueError:
                continue
            name = species.removeprefix("Iris-")
            if min(values) > 0 and name in {"setosa", "versicolor", "virginica"}:
                found.append({"flower": f"f{number}", **dict(zip(MEASURES, values, strict=True)), "species": name})
    return found


@pytest.fixture(scope="module")
def servers(asked: Copied) -> Iterator[dict[str, str]]:
    """Start Dagster's webserver and the service, and give their addresses."""
    ports = {"dagster": free_port(), "service": free_port()}
    addresses = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    home = asked.at(DAGSTER_HOME=str(asked.project / "data" / "dagster"))
    webserver = f"dagster-webserver --workspace workspace.yaml --host 127.0.0.1 --port {ports['dagster']}"
    with ExitStack() as stack:
        service = stack.enter_context(asked.server(f"driftwatch serve --port {ports['service']}"))
        dagster = stack.enter_context(home.server(webserver))
        service.until("the service answers", answers(f"{addresses['service']}/ping"), START_SECONDS)
        dagster.until("Dagster answers", answers(f"{addresses['dagster']}/server_info"), START_SECONDS)
        yield addresses


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(ARGUMENTS) as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    wanted = os.environ.get("DRIFTWATCH_PICTURES")
    folder = Path(wanted) if wanted else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_what_its_page_says(
    browser: Browser, servers: dict[str, str], asked: Copied, folder: Path, name: str
) -> None:
    content = taken(browser, PICTURES[name], servers, str(asked.project.parents[1]))
    assert len(content) < LARGEST_BYTES
    (folder / f"{name}.png").write_bytes(content)


def test_the_pictures_together_are_small(folder: Path) -> None:
    assert sum(file.stat().st_size for file in folder.glob("*.png")) < ALL_BYTES
