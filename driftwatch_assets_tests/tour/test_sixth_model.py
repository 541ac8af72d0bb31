"""A stranger's model: the steps of the README, its very text, in a copy of the project."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests.readme import blocks, commands, section
from driftwatch_assets_tests.tour.copied import Copied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

TITLE = "Watch your own model"
START_SECONDS = 600
ASSETS = """{ assetNodes(group: {groupName: "my_model", repositoryName: "__repository__",
  repositoryLocationName: "driftwatch_assets"}) { assetKey { path } assetMaterializations(limit: 1) { runId } } }"""


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Copied:
    return Copied.into(tmp_path_factory.mktemp("stranger") / "project")


def model_folder(stranger: Copied) -> Path:
    return stranger.project / "driftwatch_assets" / "defs" / "my_model"


@pytest.fixture(scope="module")
def told(stranger: Copied) -> list[str]:
    """Give the commands of the section, after the first of them was run and passed the checks as it stands."""
    text = section(TITLE)
    scaffold, *others = commands(text)
    done = stranger.run(scaffold)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in model_folder(stranger).iterdir()) == [
        "__init__.py",
        "defs.yaml",
        "transforms.py",
    ]
    for command in ("dg check yaml", "dg check defs"):
        done = stranger.run(command)
        assert done.returncode == 0, done.stdout + done.stderr
    return others


@pytest.fixture(scope="module")
def watched(stranger: Copied, told: list[str]) -> dict[str, str]:
    """Fill the files with the README's text, run its commands but the last, and give what each printed."""
    text = section(TITLE)
    [declaration] = blocks("yaml", text)
    transforms, deliver = blocks("python", text)
    (model_folder(stranger) / "defs.yaml").write_text(declaration)
    (model_folder(stranger) / "transforms.py").write_text(transforms)
    (stranger.project / "deliver.py").write_text(deliver)
    *commands_to_run, last = told
    assert last == "driftwatch ui"
    printed = {}
    for command in commands_to_run:
        done = stranger.run(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        printed[command] = done.stdout
    return printed


def test_the_stub_explains_every_part_that_a_first_model_needs(stranger: Copied, told: list[str]) -> None:
    stub = (PROJECT / "driftwatch_assets" / "components" / "templates" / "defs.yaml.txt").read_text()
    keys = set(re.findall(r"^  (\w+):", stub, flags=re.MULTILINE))
    assert {"name", "task", "source", "quality", "training", "retraining"} <= keys


def test_the_declaration_takes_at_most_30_lines(stranger: Copied, watched: dict[str, str]) -> None:
    written = (model_folder(stranger) / "defs.yaml").read_text().splitlines()
    assert len([line for line in written if line.strip() and not line.strip().startswith("#")]) <= 30


def test_the_replay_does_what_the_readme_says(stranger: Copied, watched: dict[str, str]) -> None:
    done = stranger.run("driftwatch history my_model --json")
    records: list[dict[str, Any]] = json.loads(done.stdout)
    by_batch = {record["batch"]: record for record in records}
    text = section(TITLE)
    said = re.search(
        r"falls from (0\.\d\d) to (0\.\d\d);.*?with (0\.\d\d), where .*?reached\s(0\.\d\d)", text, re.DOTALL
    )
    assert said is not None
    measured = [by_batch[batch]["accuracy"] for batch in "456"] + [by_batch["6"]["frozen_accuracy"]]
    assert [float(figure) for figure in said.groups()] == pytest.approx(measured, abs=0.03)
    assert by_batch["5"]["drift_detected"]
    assert by_batch["5"]["retrained"]
    assert by_batch["5"]["promoted"]
    assert by_batch["6"]["champion_trained_through"] == "5"


def test_the_history_shows_every_batch(watched: dict[str, str]) -> None:
    table = watched["driftwatch history my_model"]
    assert "my_model: 6 batches" in table
    assert [line.split()[0] for line in table.splitlines() if re.match(r"\s+[1-6]\s", line)] == list("123456")


@pytest.fixture(scope="module")
def webserver(stranger: Copied, watched: dict[str, str]) -> Iterator[str]:
    """Start what `driftwatch ui` shows the graph with, and give its address."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    log = stranger.project / "webserver.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["dagster-webserver", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)],
            cwd=stranger.project,
            env=stranger.at(DAGSTER_HOME=str(stranger.project / "data" / "dagster")).environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _answering(f"http://127.0.0.1:{port}", process, log)
    finally:
        process.terminate()
        process.wait(30)


def _answering(url: str, process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{url}/server_info", timeout=10).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.5)
        else:
            return url
    raise AssertionError(f"the webserver does not answer\n{log.read_text(errors='replace')[-4000:]}")


def test_the_ui_lists_the_assets_each_with_what_was_materialized(webserver: str) -> None:
    answer = httpx.post(f"{webserver}/graphql", json={"query": ASSETS}, timeout=60).json()
    assert "errors" not in answer, answer
    nodes = answer["data"]["assetNodes"]
    assert {"/".join(node["assetKey"]["path"]) for node in nodes} == {
        "my_model/bronze/scans",
        "my_model/silver/scans",
        "my_model/gold/features",
        "my_model/predictions",
        "my_model/drift",
        "my_model/performance",
        "my_model/report",
        "my_model/dashboard",
        "my_model/monitoring",
        "my_model/model",
        "my_model/served",
    }
    unasked = {"/".join(node["assetKey"]["path"]) for node in nodes if not node["assetMaterializations"]}
    assert unasked == {"my_model/served"}, "nobody has asked the service yet"
