"""The commands on a system that has seen eight batches, and on places that cannot be used."""

from __future__ import annotations

import json
from shutil import copytree, ignore_patterns
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from driftwatch_assets.command_line import app
from driftwatch_assets.command_line.history import FIELDS
from driftwatch_assets.command_line.landing import simulate_into
from driftwatch_assets.command_line.replay import _simulated
from driftwatch_assets.components import models
from driftwatch_assets.components.instance_lock import at_work
from driftwatch_assets.settings import PROJECT
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, MODEL, House

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

pytestmark = DAGSTERS_OWN_WARNINGS
PROMISED = [
    "batch",
    "rows",
    "champion_trained_through",
    "accuracy",
    "f1_macro",
    "frozen_accuracy",
    "drift_detected",
    "severity",
    "drifted_features",
    "checks_failed",
    "retrained",
    "promoted",
    "metric",
    "value",
    "value_low",
    "value_high",
    "frozen_value",
]


def run(house: House, *arguments: str, **changed: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**house.environment, **changed}.items():
            patch.setenv(name, value)
        return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def nowhere(tmp_path: Path) -> House:
    return House(tmp_path)


class TestHistory:
    @pytest.fixture
    def records(self, through8: House) -> list[dict[str, Any]]:
        done = run(through8, "history", MODEL, "--json")
        assert done.exit_code == 0, done.output
        told: list[dict[str, Any]] = json.loads(done.stdout)
        return told

    def test_has_exactly_the_promised_fields_in_batch_order(self, records: list[dict[str, Any]]) -> None:
        assert list(FIELDS) == PROMISED
        assert [list(record) for record in records] == [PROMISED] * 8
        assert [record["batch"] for record in records] == [str(batch) for batch in range(1, 9)]

    def test_tells_nothing_of_batches_before_there_was_a_champion(self, records: list[dict[str, Any]]) -> None:
        for record in records[:6]:
            unjudged = ("champion_trained_through", "accuracy", "frozen_accuracy", "drift_detected", "severity")
            assert {record[field] for field in unjudged} == {None}
            assert not record["retrained"]
        assert [record["promoted"] for record in records[:6]] == [False] * 5 + [True]

    def test_tells_what_is_stored_of_those_after(self, through8: House, records: list[dict[str, Any]]) -> None:
        for record in records[6:]:
            folder = through8.folder / "lake" / MODEL / "evidence" / record["batch"]
            drift, performance = (
                json.loads((folder / f"{kind}.json").read_text()) for kind in ("drift", "performance")
            )
            assert record["rows"] == drift["rows"]
            assert record["accuracy"] == performance["metrics"]["accuracy"]
            assert record["f1_macro"] == performance["metrics"]["f1_macro"]
            assert record["frozen_accuracy"] == performance["frozen_accuracy"]
            assert record["drifted_features"] == drift["data_drift"]["drifted_features"]
            assert record["drift_detected"] is True
            assert record["severity"] in {"low", "medium", "high"}
            assert "data_drift" in record["checks_failed"]
            assert record["retrained"] is True
        assert [record["champion_trained_through"] for record in records[6:]] == ["6", "7"]
        assert records[6]["accuracy"] == records[6]["frozen_accuracy"], "the first champion is the frozen one"

    def test_is_a_table_for_people(self, through8: House) -> None:
        done = run(through8, "history", MODEL)
        assert done.exit_code == 0
        assert "gas_sensors: 8 batches" in done.stdout
        assert "no drift" not in done.stdout


def test_a_damaged_verdict_is_named_with_what_to_do(house8: House) -> None:
    path = house8.watched.tables.evidence("8", "drift")
    whole = house8.watched.lake.read_file(path)
    house8.watched.lake.write_file(path, whole[: len(whole) // 2])
    done = run(house8, "history", MODEL)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"cannot read the result at {path}: it is no JSON")
    assert "Materialize the asset that writes it again" in done.stderr
    assert "Traceback" not in done.output


class TestReplay:
    def test_as_a_process_shows_the_history_and_adds_nothing_twice(self, house8: House) -> None:
        files = house8.files()
        done = house8.command("replay", MODEL)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"{MODEL}: 8 real batches lie in {house8.landing}" in done.stdout
        assert f"{MODEL}: 8 batches" in done.stdout
        assert "frozen model (the first champion, never retrained)" in done.stdout
        assert "Retraining through batch 7 bought" in done.stdout
        assert f"Reports: {house8.folder / 'lake'}/{MODEL}/reports/summary.html" in done.stdout
        assert "make ui" in done.stdout
        assert house8.files() == files

    def test_says_when_the_batches_are_the_simulators(self, house8: House) -> None:
        (house8.landing / ".simulated.json").write_text('{"seed": 5, "files": []}')
        done = run(house8, "replay", MODEL)
        assert done.exit_code == 0
        assert f"{MODEL}: 8 simulated (seed 5) batches lie in {house8.landing}" in done.stdout

    def test_names_no_report_where_no_batch_has_landed(self, nowhere: House) -> None:
        nowhere.deliver("notes.txt", "no batch")
        done = run(nowhere, "replay", MODEL)
        assert done.exit_code == 1, done.output
        assert "nothing was taken in: notes.txt: " in done.stdout
        assert "Reports: " not in done.stdout

    def test_ends_with_1_when_a_run_failed_and_says_why(self, house8: House) -> None:
        house8.deliver("batch9.dat", "1 1:0.5\n2 1:0.")
        done = run(house8, "replay", MODEL)
        assert done.exit_code == 1
        assert "batch 9 failed:" in done.stdout
        assert "the file ends within the line" in done.stdout
        assert "Traceback" not in done.output


def test_simulated_batches_that_were_not_all_put_there_are_completed(tmp_path: Path) -> None:
    whole, halved = tmp_path / "whole", tmp_path / "halved"
    simulate_into("iris", whole, seed=3)
    halved.mkdir()
    copytree(whole, halved / ".simulating")
    first = min(path for path in (halved / ".simulating").iterdir() if not path.name.startswith("."))
    first.replace(halved / first.name)
    put = _simulated("iris", halved, seed=3)
    assert {path.name for path in put} == {path.name for path in whole.iterdir() if not path.name.startswith(".")}
    assert {path.name: path.read_bytes() for path in whole.iterdir()} == {
        path.name: path.read_bytes() for path in halved.iterdir()
    }


class TestAnInstanceThatSomebodyIsAtWorkOn:
    @pytest.mark.parametrize("command", ["replay", "backfill", "reset"])
    def test_is_left_to_who_is(self, nowhere: House, command: str) -> None:
        with nowhere.instance() as instance, at_work(instance, "driftwatch ui", tell=pytest.fail):
            done = run(nowhere, command, MODEL)
        assert done.exit_code == 2, done.output
        assert done.stderr.startswith(f"driftwatch {command} {MODEL} would run steps beside driftwatch ui (process ")
        assert "Traceback" not in done.output
        assert not nowhere.landing.exists(), "nothing was done yet"


class TestPlacesThatCannotBeUsed:
    """Each is told in one message that names the setting, with exit status 2 and no traceback."""

    def told(self, done: Result) -> str:
        assert done.exit_code == 2, done.output
        assert "Traceback" not in done.output
        return done.stderr

    def test_a_landing_folder_that_is_a_file(self, nowhere: House) -> None:
        nowhere.landing.parent.mkdir(parents=True)
        nowhere.landing.touch()
        said = self.told(run(nowhere, "replay", MODEL))
        assert said.startswith(f"the landing folder {nowhere.landing} cannot be made (File exists)")
        assert "DRIFTWATCH_LANDING" in said

    def test_a_home_of_dagster_that_is_a_file(self, nowhere: House) -> None:
        (nowhere.folder / "dagster").touch()
        said = self.told(run(nowhere, "history", MODEL))
        assert said.startswith(f"DAGSTER_HOME is {nowhere.folder / 'dagster'}, which cannot be used (File exists)")

    def test_a_lake_of_an_unknown_kind(self, nowhere: House) -> None:
        said = self.told(run(nowhere, "history", MODEL, DRIFTWATCH_LAKE="nonsense://lake"))
        assert said.startswith("the lake 'nonsense://lake' cannot be opened: Protocol not known: nonsense")
        assert "Set DRIFTWATCH_LAKE" in said

    def test_a_store_of_models_that_cannot_be_made(self, nowhere: House) -> None:
        (nowhere.folder / "file").touch()
        uri = f"sqlite:///{nowhere.folder / 'file' / 'mlflow.db'}"
        said = self.told(run(nowhere, "history", MODEL, MLFLOW_TRACKING_URI=uri))
        assert said.startswith(f"cannot open MLflow's store {uri}")
        assert "Check MLFLOW_TRACKING_URI" in said

    @pytest.mark.slow
    def test_a_server_of_models_that_does_not_answer_is_not_waited_for_long(self, tmp_path: Path) -> None:
        done = Elsewhere(tmp_path).command("history", MODEL, timeout=300)
        assert done.returncode == 2
        assert done.stderr.startswith("cannot open MLflow's store http://127.0.0.1:9")
        assert "Traceback" not in done.stderr


class Elsewhere(House):
    """A house whose models are on a server that is not there."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}


def test_a_wrong_declaration_is_told_with_file_line_and_what_is_valid(
    nowhere: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = nowhere.folder / "project"
    folder = root / "told_on_the_command_line" / "defs" / MODEL
    copytree(PROJECT / "driftwatch_assets" / "defs" / MODEL, folder, ignore=ignore_patterns("__pycache__"))
    for package in (folder.parent, folder.parents[1]):
        (package / "__init__.py").touch()
    (root / "pyproject.toml").write_text('[tool.dg.project]\nroot_module = "told_on_the_command_line"\n')
    declared = folder / "defs.yaml"
    declared.write_text(declared.read_text().replace("initial_batches:", "initial_batchs:"))
    monkeypatch.syspath_prepend(str(root))
    monkeypatch.setattr(models, "PROJECT", root)
    models.monitored_models.cache_clear()
    try:
        done = run(nowhere, "history", MODEL)
    finally:
        models.monitored_models.cache_clear()
    assert done.exit_code == 2
    assert f"attributes.initial_batchs at {declared}:" in done.stderr
    assert "unknown key 'initial_batchs'; did you mean 'initial_batches'? valid keys: name, title" in done.stderr
    assert "Traceback" not in done.output
