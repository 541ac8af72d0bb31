"""A dashboard's role reads the tables and can do nothing else."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import psycopg
import pytest
import sqlalchemy as sa

from driftwatch_assets.monitoring import Monitoring, MonitoringRefused, open_monitoring
from driftwatch_assets.monitoring.database import connect
from driftwatch_assets.monitoring.grants import grant_reading, reading_sql
from driftwatch_assets_tests.monitoring.examples import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = 'it\'s a "pass\\word" with 100 % é'  # noqa: S105 - of this test's server


@pytest.fixture
def filled(shared: str) -> Monitoring:
    store = open_monitoring(shared)
    store.record("club", whole())
    return store


@pytest.fixture
def role(shared: str) -> Iterator[str]:
    name = f"reader_{secrets.token_hex(4)}"
    yield name
    with psycopg.connect(shared, autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone():
            admin.execute(f'DROP OWNED BY "{name}"')
            admin.execute(f'DROP ROLE "{name}"')


def as_role(shared: str, role: str, password: str = PASSWORD) -> psycopg.Connection:
    found = sa.make_url(shared)
    return psycopg.connect(
        host=found.host, port=found.port, dbname=found.database, user=role, password=password, autocommit=True
    )


def test_the_role_reads_every_table(filled: Monitoring, shared: str, role: str) -> None:
    assert grant_reading(filled.database, role, PASSWORD)
    with as_role(shared, role) as reader:
        for table in (
            "model_versions",
            "batches",
            "metrics",
            "feature_drift",
            "alert_rules",
            "alerts",
            "jobs",
            "outbox",
        ):
            reader.execute(f"SELECT * FROM {table}")  # noqa: S608 - names of this test
        assert reader.execute("SELECT count(*) FROM batches WHERE model = 'club'").fetchone() == (2,)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM batches",
        "UPDATE alerts SET state = 'resolved'",
        "INSERT INTO metrics VALUES ('club', '9', 'auc', 1, now())",
        "TRUNCATE outbox",
        "DROP TABLE jobs",
        "CREATE TABLE mine (id int)",
        "CREATE ROLE another",
        "SELECT * FROM private_to_others",
        "SELECT * FROM pg_authid",
    ],
)
def test_the_role_can_do_nothing_else_even_if_it_asks_to_write(
    filled: Monitoring, shared: str, role: str, statement: str
) -> None:
    grant_reading(filled.database, role, PASSWORD)
    with filled.database.writing("another program keeps its own here") as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS private_to_others (id int)")
    with as_role(shared, role) as reader:
        reader.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(statement)


def test_granting_again_changes_the_password(filled: Monitoring, shared: str, role: str) -> None:
    assert grant_reading(filled.database, role, "the first")
    assert not grant_reading(filled.database, role, PASSWORD)
    as_role(shared, role).close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        as_role(shared, role, "the first")


def test_a_role_that_may_do_more_is_not_made_a_reader(filled: Monitoring, shared: str) -> None:
    owner = str(sa.make_url(shared).username)
    with pytest.raises(MonitoringRefused, match="may do more than read"):
        grant_reading(filled.database, owner, PASSWORD)
    open_monitoring(shared).overview()


@pytest.mark.parametrize("name", ["", "a b", 'x"; DROP ROLE y', "Grafana", "pg_monitor", "x" * 64])
def test_a_name_that_cannot_be_a_role_is_refused(name: str) -> None:
    database = connect("postgresql://db/monitoring")
    with pytest.raises(MonitoringRefused, match="cannot be the name of a role"):
        grant_reading(database, name, PASSWORD)
    with pytest.raises(MonitoringRefused, match="cannot be the name of a role"):
        reading_sql(database, name)


def test_a_role_needs_a_password() -> None:
    with pytest.raises(MonitoringRefused, match="needs a password"):
        grant_reading(connect("postgresql://db/monitoring"), "grafana", "")


def test_a_file_has_no_roles() -> None:
    with pytest.raises(MonitoringRefused, match="has no roles"):
        grant_reading(connect("sqlite:////tmp/monitoring.db"), "grafana", PASSWORD)


def test_the_printed_statements_do_the_same(filled: Monitoring, shared: str, role: str) -> None:
    """Each statement but psql's own runs; the password is then set as psql would."""
    with psycopg.connect(shared, autocommit=True) as admin:
        for line in reading_sql(filled.database, role).splitlines():
            if not line.startswith("\\"):
                admin.execute(line)
        verifier = admin.pgconn.encrypt_password(PASSWORD.encode(), role.encode(), b"scram-sha-256").decode()
        admin.execute(f"ALTER ROLE \"{role}\" PASSWORD '{verifier}'")
    with as_role(shared, role) as reader:
        reader.execute("SELECT * FROM batches")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.execute("CREATE TEMP TABLE mine (id int)")
