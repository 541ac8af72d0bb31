"""Keeping the monitoring database: its tables, and who may read them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from driftwatch_assets.monitoring import MonitoringRefused
from driftwatch_assets.monitoring.database import connect
from driftwatch_assets.monitoring.grants import grant_reading, reading_sql
from driftwatch_assets.monitoring.upgrading import upgrade as upgrade_tables
from driftwatch_assets.settings import Settings, monitoring_url

if TYPE_CHECKING:
    from rich.console import Console

PASSWORD = "DRIFTWATCH_READER_PASSWORD"  # noqa: S105 - the name of a setting
"""The environment variable that holds a new role's password; it has no default."""


def upgrade(console: Console) -> int:
    """Create the tables of the monitoring database, or bring them to this version."""
    database = connect(_url())
    done = upgrade_tables(database)
    console.print(f"{database.shown}: {'upgraded' if done else 'up to date'}", soft_wrap=True, highlight=False)
    return 0


def grant(role: str, console: Console, *, print_only: bool = False) -> int:
    """Let a role read the monitoring database, or print the SQL by which an administrator does.

    Raises
    ------
    MonitoringRefused
        No password is set, the database has no roles, or the user may not create one.
    """
    database = connect(_url())
    if print_only:
        console.print(reading_sql(database, role), soft_wrap=True, highlight=False, markup=False)
        return 0
    password = os.environ.get(PASSWORD, "")
    if not password:
        raise MonitoringRefused(
            f"{PASSWORD} is not set: set it to the password that the role {role} gets, or print the SQL with --print"
        )
    upgrade_tables(database)
    new = grant_reading(database, role, password)
    did = "may log in and read" if new else "has the new password and may read"
    console.print(f"{database.shown}: {role} {did}", soft_wrap=True, highlight=False)
    return 0


def _url() -> str:
    return monitoring_url(Settings.from_environment().monitoring_file)
