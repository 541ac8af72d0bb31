"""`driftwatch monitoring`: the tables are brought up to date, and a role is let in."""

from __future__ import annotations

import io
import secrets
from typing import TYPE_CHECKING

import psycopg
import pytest
from rich.console import Console

from driftwatch_assets.command_line import monitoring
from driftwatch_assets.monitoring import MonitoringRefused
from driftwatch_assets_tests.postgres import database, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    with postgres_server() as server, database(server) as url:
        yield url


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=60)


def said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_tables_are_made_once(console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWATCH_MONITORING_URL", f"sqlite:///{tmp_path}/new/monitoring.db")
    assert monitoring.upgrade(console) == 0
    assert monitoring.upgrade(console) == 0
    shown = f"sqlite:///{tmp_path}/new/monitoring.db"
    assert said(console) == f"{shown}: upgraded\n{shown}: up to date\n"


def test_a_role_is_let_in_with_the_password_of_the_environment(
    console: Console, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTWATCH_MONITORING_URL", shared)
    monkeypatch.setenv("DRIFTWATCH_READER_PASSWORD", "of the environment")
    role = f"grafana_{secrets.token_hex(4)}"
    try:
        assert monitoring.grant(role, console) == 0
        assert monitoring.grant(role, console) == 0
        assert f"{role} may log in and read\n" in said(console)
        assert f"{role} has the new password and may read\n" in said(console)
        assert "of the environment" not in said(console)
        with psycopg.connect(shared, user=role, password="of the environment") as reader:  # noqa: S106 - a test's
            assert reader.execute("SELECT count(*) FROM alerts").fetchone() == (0,)
    finally:
        with psycopg.connect(shared, autocommit=True) as admin:
            admin.execute(f"DROP OWNED BY {role}")
            admin.execute(f"DROP ROLE {role}")


def test_no_password_no_role(console: Console, shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWATCH_MONITORING_URL", shared)
    monkeypatch.delenv("DRIFTWATCH_READER_PASSWORD", raising=False)
    with pytest.raises(MonitoringRefused, match="DRIFTWATCH_READER_PASSWORD is not set"):
        monitoring.grant("grafana", console)


def test_the_sql_is_printed_as_it_can_be_run(console: Console, shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWATCH_MONITORING_URL", shared)
    assert monitoring.grant("grafana", console, print_only=True) == 0
    lines = said(console).splitlines()
    assert lines[:2] == ['CREATE ROLE "grafana" LOGIN;', "\\password grafana"]
    assert lines[-1].startswith("GRANT SELECT ON alert_rules, alerts, batches,")
    assert all(line.endswith(";") or line.startswith("\\") for line in lines)
