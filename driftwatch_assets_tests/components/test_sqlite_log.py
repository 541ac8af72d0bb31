"""Dagster's SQLite event log kept open: the same events, other processes see them, and nothing stays behind."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from driftwatch_assets.components.sqlite_log import kept_open

if TYPE_CHECKING:
    from collections.abc import Iterator

_READ = """
import sys
import dagster as dg
with dg.DagsterInstance.local_temp(sys.argv[1]) as instance:
    print(len(instance.all_logs(sys.argv[2])), len(instance.fetch_materializations(dg.AssetKey("table"), 10).records))
"""


@dg.asset
def table() -> dg.MaterializeResult[None]:
    """Materialize nothing."""
    return dg.MaterializeResult(metadata={"rows": 1})


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def _kinds(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    return [str(entry.dagster_event_type) for entry in instance.all_logs(run_id) if entry.is_dagster_event]


def test_an_open_log_holds_the_events_that_a_closed_one_holds(instance: dg.DagsterInstance) -> None:
    plain = dg.materialize([table], instance=instance)
    with kept_open(instance):
        kept = dg.materialize([table], instance=instance)
        inside = _kinds(instance, kept.run_id)
    assert inside == _kinds(instance, kept.run_id) == _kinds(instance, plain.run_id)
    assert "DagsterEventType.ASSET_MATERIALIZATION" in inside


def test_the_database_of_a_later_run_is_made_as_the_first_one_was(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    with kept_open(instance):
        runs = [dg.materialize([table], instance=instance).run_id for _ in range(3)]
    plain = dg.materialize([table], instance=instance).run_id
    [folder] = {path.parent for path in tmp_path.rglob(f"{plain}.db")}

    def made(run_id: str) -> tuple[object, ...]:
        path = folder / f"{run_id}.db"
        with closing(sqlite3.connect(path)) as database:
            tables = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
            [revision] = database.execute("SELECT version_num FROM alembic_version").fetchall()
            [mode] = database.execute("PRAGMA journal_mode").fetchall()
        return tables, revision, mode, path.stat().st_mode

    assert [made(run_id) for run_id in runs] == [made(plain)] * 3
    assert [_kinds(instance, run_id) for run_id in runs] == [_kinds(instance, plain)] * 3
    assert not list(folder.glob("*.new"))


def test_another_process_reads_what_is_written_while_the_log_is_open(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    with kept_open(instance):
        run = dg.materialize([table], instance=instance)
        told = subprocess.run(
            [sys.executable, "-c", _READ, str(tmp_path), run.run_id], capture_output=True, text=True, check=True
        )
    events, materialized = map(int, told.stdout.split())
    assert events == len(instance.all_logs(run.run_id))
    assert materialized == 1


def test_afterwards_the_instance_is_what_it_was_also_when_something_was_raised(instance: dg.DagsterInstance) -> None:
    before = dict(vars(instance.event_log_storage))
    with pytest.raises(dg.DagsterInvalidDefinitionError), kept_open(instance), kept_open(instance):
        dg.materialize([table], instance=instance, selection="nothing")
    assert vars(instance.event_log_storage).keys() == before.keys()
    assert dg.materialize([table], instance=instance).success


def _open_files() -> set[str]:
    """Give the databases that this process has open, with their WALs and indexes of those."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(descriptor.readlink().name)
    return {name for name in found if ".db" in name}


def test_the_database_of_a_run_is_closed_when_the_run_has_ended(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    before = _open_files()
    with kept_open(instance):
        for _ in range(3):
            with kept_open(instance):
                run_id = dg.materialize([table], instance=instance).run_id
                assert f"{run_id}.db" in _open_files()
            assert not list(tmp_path.rglob(f"{run_id}.db-wal")), "the WAL was written back"
        of_the_index = {name for name in _open_files() - before if "index.db" in name}
        assert _open_files() - before == of_the_index != set()
        assert _kinds(instance, run_id)
    assert _open_files() == before


def test_however_many_runs_are_read_only_a_few_databases_are_open(instance: dg.DagsterInstance) -> None:
    runs = [dg.materialize([table], instance=instance).run_id for _ in range(6)]
    before = _open_files()
    with kept_open(instance):
        assert all(_kinds(instance, run_id) for run_id in runs)
        opened = {name.split(".db")[0] for name in _open_files() - before} - {"index"}
        assert opened == {*runs[-4:]}


def test_where_the_log_is_not_in_sqlite_files_nothing_is_done() -> None:
    with dg.DagsterInstance.ephemeral() as ephemeral, kept_open(ephemeral):
        assert dg.materialize([table], instance=ephemeral).success
