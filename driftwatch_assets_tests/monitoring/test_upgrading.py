"""The tables are what the models say, they are made once, whole or not at all, and can be taken back."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from driftwatch_assets.monitoring import MonitoringRefused, open_monitoring
from driftwatch_assets.monitoring.database import Database, connect
from driftwatch_assets.monitoring.tables import Base
from driftwatch_assets.monitoring.upgrading import configuration, upgrade
from driftwatch_assets_tests.monitoring.child import FORKS, ended
from driftwatch_assets_tests.monitoring.examples import whole

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(FORKS)


def die_in_a_migration(url: str) -> None:
    op.create_index = lambda *_given, **_named: os._exit(9)
    open_monitoring(url)


def tables(database: Database) -> set[str]:
    return set(sa.inspect(database.engine).get_table_names())


def differences(database: Database) -> list[object]:
    with database.reading("the test compares") as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Base.metadata))


def test_the_migrations_come_to_what_the_models_say(url: str) -> None:
    database = connect(url)
    assert upgrade(database)
    assert differences(database) == []
    assert not upgrade(database)


def test_a_model_that_has_no_migration_is_found(url: str) -> None:
    database = connect(url)
    upgrade(database)
    with database.writing("the test plants a fault") as connection:
        connection.exec_driver_sql("ALTER TABLE batches ADD COLUMN planted TEXT")
    assert len(differences(database)) == 1


def test_each_migration_can_be_taken_back_and_made_again(url: str) -> None:
    database = connect(url)
    upgrade(database)
    revisions = [each.revision for each in ScriptDirectory.from_config(configuration()).walk_revisions()]
    for _ in revisions:
        with database.alone("the test takes one back") as connection:
            command.downgrade(configuration(connection), "-1")
    assert tables(database) <= {"alembic_version"}
    for _ in revisions:
        with database.alone("the test makes one") as connection:
            command.upgrade(configuration(connection), "+1")
    assert differences(database) == []


def test_values_that_no_state_has_are_refused_by_the_tables(url: str) -> None:
    store = open_monitoring(url)
    store.record("club", whole())
    wrong = {
        "model_versions": "gate_result",
        "alert_rules": "severity",
    }
    for table, column in wrong.items():
        with (
            pytest.raises(sa.exc.IntegrityError, match=f"ck_{table}_{column}"),
            store.database.writing("the test plants a fault") as connection,
        ):
            connection.exec_driver_sql(f"UPDATE {table} SET {column} = 'perhaps'")  # noqa: S608 - names of this test


def test_many_who_open_a_new_database_at_once_take_turns(url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(open_monitoring, [url] * 8))
    assert len(stores) == 8
    assert differences(stores[0].database) == []


def test_an_upgrade_that_dies_half_way_has_made_nothing_and_the_next_one_all(url: str) -> None:
    assert ended(die_in_a_migration, url) == 9
    database = connect(url)
    assert tables(database) == set()
    assert upgrade(database)
    assert differences(database) == []


def test_tables_of_a_newer_version_are_left_alone_and_it_says_what_to_do(url: str) -> None:
    store = open_monitoring(url)
    store.record("club", whole())
    with store.database.writing("a newer version was here") as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(MonitoringRefused, match="revision 9999, which this version of the project does not know"):
        open_monitoring(url)
    assert store.read("club").batches == whole().batches


def test_a_folder_that_cannot_be_made_says_which_setting_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(MonitoringRefused, match="DRIFTWATCH_MONITORING_URL"):
        open_monitoring(f"sqlite:///{tmp_path}/file/monitoring.db")
