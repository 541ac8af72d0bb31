"""A process that is killed while it makes a store leaves none, or one that the next process replaces."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from driftwatch_assets.command_line.instance import open_instance
from driftwatch_assets.components.dagster_stores import make_stores
from driftwatch_assets.registry.store import open_client
from driftwatch_assets.settings import PROJECT, Settings
from driftwatch_assets.sqlite_files import tables_of

if TYPE_CHECKING:
    from pathlib import Path

# A life: the statement before which it ends, counted over all connections, and what it does until then.
_LIFE = """
import os, signal, sys
import sqlalchemy as sa
left = int(sys.argv[1])
@sa.event.listens_for(sa.Engine, "before_cursor_execute")
def counted(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
"""
_MLFLOW = """
from driftwatch_assets.registry.store import open_client
open_client(f"sqlite:///{sys.argv[2]}")
"""
_MLFLOWS_OWN = """
from mlflow.store.db.utils import _initialize_tables
_initialize_tables(sa.create_engine(f"sqlite:///{sys.argv[2]}"))
"""
_DAGSTER = """
from pathlib import Path
from driftwatch_assets.components.dagster_stores import make_stores
make_stores(Path(sys.argv[2]))
"""
_DAGSTERS_OWN = """
import dagster
with dagster.DagsterInstance.from_config(sys.argv[2]):
    pass
"""


def _killed(life: str, statement: int, place: Path) -> None:
    command = [sys.executable, "-c", _LIFE + life, str(statement), str(place)]
    ended = subprocess.run(command, check=False, env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"})
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("life", [_MLFLOW, pytest.param(_MLFLOWS_OWN, id="_MLFLOWS_OWN")])
def test_mlflows_store(tmp_path: Path, life: str) -> None:
    store = tmp_path / "mlflow.db"
    _killed(life, 60, store)
    if life is _MLFLOW:
        assert not store.exists()
    else:
        with closing(sqlite3.connect(store)) as half:
            assert 0 < len(tables_of(half)) < 59
    client = open_client(f"sqlite:///{store}")
    assert client.create_experiment("iris")
    client.create_registered_model("iris")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlflow.db", "mlflow.db.lock"]


@pytest.mark.parametrize("statement", [pytest.param(30, marks=pytest.mark.soak), 120])
@pytest.mark.parametrize("life", [_DAGSTER, _DAGSTERS_OWN], ids=["ours", "its own"])
def test_dagsters_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, life: str, statement: int) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text((PROJECT / "dagster.yaml").read_text())
    _killed(life, statement, tmp_path)
    _is_used()
    assert not list(tmp_path.rglob("*.making"))
    assert make_stores(tmp_path) == []


def test_dagsters_index_that_is_empty_or_lacks_its_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    index = tmp_path / "history" / "runs" / "index.db"
    index.parent.mkdir(parents=True)
    index.touch()
    _is_used()
    assert make_stores(tmp_path) == []


def _is_used() -> None:
    with open_instance(Settings.from_environment()) as instance:

        @dg.asset
        def table() -> None:
            """Stand for a table."""

        assert dg.materialize([table], instance=instance).success
        assert instance.fetch_materializations(dg.AssetKey("table"), limit=2).records
        assert instance.event_log_storage.has_secondary_index("asset_key_table")
    with open_instance(Settings.from_environment()) as instance:
        assert instance.get_runs_count() == 1
