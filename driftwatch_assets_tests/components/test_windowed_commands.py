"""The commands on a model of monthly windows: what they do, and what they say when there is nothing to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from shutil import rmtree
from typing import TYPE_CHECKING

import dagster as dg
import mlflow
import pytest
from typer.testing import CliRunner

from driftwatch_assets.command_line import app
from driftwatch_assets.definitions import places_of, shared_definitions
from driftwatch_assets_tests.components.club.declared import model, put, settings
from driftwatch_assets_tests.components.club.deliveries import tables, text
from driftwatch_assets_tests.components.small import environment
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from driftwatch_assets.components import MonitoredModel
    from driftwatch_assets.steps import Watched

pytestmark = DAGSTERS_OWN_WARNINGS
COMMANDS = "driftwatch_assets.command_line"


@dataclass(frozen=True)
class Terminal:
    """The club as the only model of a project, and its commands."""

    folder: Path
    component: MonitoredModel

    @property
    def watched(self) -> Watched:
        return self.component.watch(places_of(settings(self.folder)))

    def deliver(self, through: int) -> None:
        for table, lines in tables(through).items():
            put(self.watched, f"{table}.csv", text(table, lines))

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    def written(self) -> dict[str, int]:
        lake = self.folder / "lake"
        return {str(path): path.stat().st_mtime_ns for path in sorted(lake.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    folder, component = tmp_path_factory.mktemp("club"), model()

    def defs() -> dg.Definitions:
        own = component.build_defs(dg.ComponentTree.for_test().load_context)
        return dg.Definitions.merge(shared_definitions(settings(folder)), own)

    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**environment(folder), "COLUMNS": "2000"}.items():
            patch.setenv(name, value)
        for command in ("replay", "backfill", "history"):
            patch.setattr(f"{COMMANDS}.{command}.monitored_model", {"club": component}.__getitem__)
        for command in ("replay", "backfill"):
            patch.setattr(f"{COMMANDS}.{command}.defs", defs)
        yield Terminal(folder, component)
    while mlflow.active_run() is not None:
        mlflow.end_run()


@pytest.fixture
def terminal(shared: Terminal) -> Terminal:
    """Give the commands with an empty landing folder."""
    rmtree(shared.watched.landing, ignore_errors=True)
    return shared


class TestReplay:
    def test_where_nothing_has_arrived_says_why(self, terminal: Terminal) -> None:
        done = terminal.run("replay", "club")
        assert done.exit_code == 1
        assert "nothing was taken in: members.csv, visits.csv: not there" in done.output

    def test_where_one_file_is_missing_names_it(self, terminal: Terminal) -> None:
        put(terminal.watched, "members.csv", text("members", tables(1)["members"]))
        done = terminal.run("replay", "club")
        assert done.exit_code == 1
        assert "nothing was taken in: visits.csv: not there" in done.output

    def test_where_all_lies_outside_of_the_declared_time_says_so(self, terminal: Terminal) -> None:
        for table, lines in tables(1).items():
            put(terminal.watched, f"{table}.csv", text(table, [line.replace("2024-01", "2023-01") for line in lines]))
        done = terminal.run("replay", "club")
        assert done.exit_code == 1
        assert "nothing was taken in: 2023-01: outside of the declared start and end" in done.output

    def test_of_a_bad_file_tells_the_line_without_a_traceback(self, terminal: Terminal) -> None:
        terminal.deliver(1)
        lines = tables(1)["visits"]
        put(terminal.watched, "visits.csv", text("visits", [*(line + ",5" for line in lines[:9]), *lines[9:]]))
        done = terminal.run("replay", "club")
        assert done.exit_code == 2
        assert "club, table visits" in done.output
        assert "visits.csv, line 2: 9 of 60 rows belong to no batch" in done.output
        assert "Traceback" not in done.output


@pytest.mark.parametrize("bounds", [(), ("--from", "2024-01")])
def test_a_backfill_before_anything_was_taken_in_says_so_and_fails(terminal: Terminal, bounds: tuple[str, ...]) -> None:
    terminal.deliver(2)
    done = terminal.run("backfill", "club", *bounds)
    assert done.exit_code == 1
    assert "club: no batch was taken in yet" in done.output
    assert "run `driftwatch replay club`" in done.output
    assert "materialized again;" in done.output


@pytest.mark.slow
def test_two_months_are_replayed_told_and_made_again(terminal: Terminal) -> None:
    terminal.deliver(2)
    replayed = terminal.run("replay", "club")
    assert replayed.exit_code == 0, replayed.output
    assert "club: 2 real batches lie in" in replayed.output
    told = json.loads(terminal.run("history", "club", "--json").stdout)
    assert [(record["batch"], record["rows"], record["metric"]) for record in told] == [
        ("2024-01", 60, "auc"),
        ("2024-02", 60, "auc"),
    ]
    assert "club: 2 batches" in terminal.run("history", "club").output

    before = terminal.written()
    assert terminal.run("replay", "club").exit_code == 0
    assert terminal.written() == before, "a second replay adds nothing"
    again = terminal.run("backfill", "club", "--from", "2024-02")
    assert again.exit_code == 0, again.output
    assert "1 of 1 batches were materialized again" in again.output
    assert terminal.written() == before, "nor does a backfill"

    unknown = terminal.run("backfill", "club", "--from", "../2024-02")
    assert unknown.exit_code == 2
    assert "there is no batch '../2024-02' to backfill; known batches are 2024-01, 2024-02" in unknown.output
    (terminal.watched.landing / "visits.csv").unlink()
    terminal.watched.lake.drop("club/bronze/visits", "2024-01")
    lost = terminal.run("backfill", "club", "--to", "2024-01")
    assert lost.exit_code == 1
    assert "bronze of batch 2024-01 was asked for, but" in lost.output
    assert "visits.csv is not there and nothing is stored" in lost.output
