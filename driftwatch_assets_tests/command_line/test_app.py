"""The commands as a user calls them: what they print, and how they end."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette
from typer.testing import CliRunner

from driftwatch_assets.command_line import app
from driftwatch_assets.lake import Lake
from driftwatch_assets.serving.reports import plain_index, report_routes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DRIFTWATCH_LANDING", str(tmp_path / "landing"))
    monkeypatch.setenv("DRIFTWATCH_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow' / 'mlflow.db'}")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    return tmp_path


def test_a_misspelt_model_is_answered_with_the_nearest_name_and_no_traceback() -> None:
    done = run(app, ["history", "gas_sensor"])
    assert done.exit_code == 2
    assert done.stderr == (
        "no monitored model is called 'gas_sensor'; did you mean 'gas_sensors'? models are: gas_sensors, "
        "iris, loan_default, loan_eligibility, traffic_accidents\n"
    )


def test_a_setting_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWATCH_REPORTS_URL", "localhost")
    done = run(app, ["history", "gas_sensors"])
    assert done.exit_code == 2
    assert "DRIFTWATCH_REPORTS_URL is 'localhost'; it must begin with http:// or https://" in done.stderr


def test_a_backfill_before_anything_was_taken_in_says_what_to_do_first() -> None:
    done = run(app, ["backfill", "gas_sensors", "--from", "77"])
    assert done.exit_code == 1
    assert "gas_sensors: no batch was taken in yet" in done.output
    assert "driftwatch replay gas_sensors" in done.output


def test_the_history_of_a_model_that_has_seen_nothing_is_an_empty_list() -> None:
    done = run(app, ["history", "gas_sensors", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == []


def test_simulated_batches_are_the_same_for_the_same_seed(places: Path) -> None:
    folders = [places / "one", places / "other"]
    for folder in folders:
        done = run(app, ["simulate", "gas_sensors", "--to", str(folder), "--seed", "3"])
        assert done.exit_code == 0, done.output
        assert len(done.stdout.splitlines()) == 10
    one, other = ({path.name: path.read_bytes() for path in folder.glob("*.dat")} for folder in folders)
    assert one == other


def test_a_fetch_leaves_simulated_batches_alone(places: Path) -> None:
    folder = places / "landing" / "gas_sensors"
    run(app, ["simulate", "gas_sensors", "--to", str(folder)])
    before = {path: path.read_bytes() for path in folder.iterdir()}
    done = run(app, ["fetch", "gas_sensors"])
    assert done.exit_code == 1
    assert "holds simulated batches" in " ".join(done.stdout.split()), "a long path wraps the line"
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.fixture
def get(places: Path) -> Callable[[str], httpx.Response]:
    lake = Lake(str(places / "lake"))
    lake.write_file("gas_sensors/reports/summary.html", b"<p>all batches</p>")
    lake.write_file("gas_sensors/secret.txt", b"not a page")
    titles = {"gas_sensors": "Gas <b>sensors</b>", "other": "Other"}
    server = httpx.ASGITransport(Starlette(routes=report_routes(lake, lambda: plain_index(lake, titles))))

    async def ask(path: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=server, base_url="http://127.0.0.1") as client:
            return await client.get(path)

    return lambda path: asyncio.run(ask(path))


def test_the_first_page_lists_the_models_that_have_reports_with_escaped_titles(
    get: Callable[[str], httpx.Response],
) -> None:
    page = get("/").text
    assert "Gas &lt;b&gt;sensors&lt;/b&gt;" in page
    assert "Other" not in page


def test_pages_come_with_a_policy_that_lets_them_ask_nobody(get: Callable[[str], httpx.Response]) -> None:
    answer = get("/gas_sensors/reports/summary.html")
    assert answer.text == "<p>all batches</p>"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "path",
    [
        "/gas_sensors/reports/batch-99.html",
        "/gas_sensors/reports/..%2Fsecret.txt",
        "/gas_sensors/reports/%2E%2E%2Fsecret.txt",
        "/..%2F..%2Fetc/reports/passwd",
        "/gas_sensors/secret.txt",
    ],
)
def test_what_is_no_page_is_not_served(get: Callable[[str], httpx.Response], path: str) -> None:
    assert get(path).status_code == 404
