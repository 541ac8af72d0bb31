"""A database that is down, full, locked or lost stores nothing by halves, says so, and is used again afterwards."""

from __future__ import annotations

import os
import pickle
import resource
import secrets
import signal
import socket
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest
import sqlalchemy as sa

from driftwatch_assets.monitoring import (
    MetricRow,
    MonitoringRefused,
    MonitoringUnreachable,
    MonitoringUrlRefused,
    alerts,
    open_monitoring,
)
from driftwatch_assets.monitoring.database import connect
from driftwatch_assets_tests.monitoring.child import FORKS, ended
from driftwatch_assets_tests.monitoring.examples import LOW, whole
from driftwatch_assets_tests.monitoring.test_alerts import BAD, judge
from driftwatch_assets_tests.monitoring.test_recording import everything

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.monitoring import Monitoring

pytestmark = pytest.mark.filterwarnings(FORKS)


def die_in_a_transaction(url: str) -> None:
    """Die when the alert is inserted and its message is not."""
    alerts.announce = lambda *_given: os.kill(os.getpid(), signal.SIGKILL)
    judge(open_monitoring(url), {"1": BAD})


def write_until_the_disk_is_full(store: Monitoring, said: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    try:
        store.record_metrics("club", [MetricRow(batch=str(n), name="accuracy" * 9, value=n) for n in range(5000)])
    except MonitoringUnreachable as full:
        said.write_text(str(full))


def address_of(store: Monitoring) -> str:
    return store.database.engine.url.render_as_string(hide_password=False)


def test_a_server_that_is_down_is_told_at_once_and_without_the_password() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        with pytest.raises(MonitoringUnreachable) as down:
            open_monitoring(f"postgresql://watch:hunter2@127.0.0.1:{port}/monitoring")
    said = str(down.value)
    assert said.startswith(f"postgresql://watch@127.0.0.1:{port}/monitoring cannot be used while")
    assert "DRIFTWATCH_MONITORING_URL" in said
    assert "hunter2" not in said
    assert str(pickle.loads(pickle.dumps(down.value))) == said  # noqa: S301 - its own


def test_a_wrong_password_or_database_is_told_without_the_password(postgres: str) -> None:
    url = sa.make_url(postgres)
    for wrong, said in ((url.set(password="hunter2"), "password"), (url.set(database="absent"), "does not exist")):  # noqa: S106 - wrong
        with pytest.raises(MonitoringUnreachable, match=said) as refused:
            open_monitoring(wrong.render_as_string(hide_password=False))
        assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://u:hunter2@db/x", "hunter2", ""])
def test_an_address_that_names_no_database_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(MonitoringUrlRefused, match="expected sqlite:///path or postgresql://") as refused:
        open_monitoring(url)
    assert "hunter2" not in str(refused.value)


def test_other_ways_to_write_the_address_of_postgresql_come_to_the_same(shared: str) -> None:
    for kind in ("postgresql+psycopg", "postgresql+psycopg2", "postgresql"):
        open_monitoring(shared.replace("postgresql", kind, 1)).overview()


def test_a_connection_that_is_lost_in_the_middle_stores_nothing_and_the_next_one_all(shared: str) -> None:
    store = open_monitoring(shared)
    store.forget("club")
    before = everything(store)

    def lose() -> None:
        with store.database.writing("club was recorded") as connection:
            own = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
            connection.exec_driver_sql(
                "INSERT INTO metrics VALUES ('club', '1', 'auc', 0.5, now())",
            )
            with psycopg.connect(shared) as other:
                other.execute("SELECT pg_terminate_backend(%s)", (own,))
            connection.exec_driver_sql("INSERT INTO metrics VALUES ('club', '2', 'auc', 0.5, now())")

    with pytest.raises(MonitoringUnreachable, match="while club was recorded"):
        lose()
    assert everything(store) == before
    store.record("club", whole())
    assert store.read("club").batches == whole().batches
    store.forget("club")


def test_a_process_that_is_killed_between_an_alert_and_its_message_leaves_neither(store: Monitoring) -> None:
    assert ended(die_in_a_transaction, address_of(store)) == -signal.SIGKILL
    assert store.alerts() == []
    assert store.overview().outbox_pending == 0
    judge(store, {"1": BAD})
    assert (len(store.alerts()), store.overview().outbox_pending) == (1, 1)


def test_a_disk_that_is_full_stores_nothing_of_it_and_keeps_what_was_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/monitoring.db"
    store = open_monitoring(url)
    store.record("club", whole())
    before = everything(store)
    assert ended(write_until_the_disk_is_full, store, tmp_path / "said") == 0
    said = (tmp_path / "said").read_text()
    assert "cannot be used while club was recorded" in said
    assert "Nothing of it was stored" in said
    assert everything(store) == before


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "monitoring.db").write_bytes(b"no database " * 500)
    with pytest.raises(MonitoringUnreachable, match="file is not a database"):
        open_monitoring(f"sqlite:///{tmp_path}/monitoring.db")


def test_a_file_that_another_program_keeps_locked_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwatch_assets.monitoring.database._WAIT_SECONDS", 0.1)
    store = open_monitoring(f"sqlite:///{tmp_path}/monitoring.db")
    with closing(sqlite3.connect(tmp_path / "monitoring.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(MonitoringUnreachable, match="locked"):
            store.record("club", whole())
    store.record("club", whole())


def test_a_lock_that_is_never_released_is_told(shared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwatch_assets.monitoring.database._WAIT_SECONDS", 1)
    store = open_monitoring(shared)
    with (
        store.database.writing("another one works", alone_for="club"),
        pytest.raises(MonitoringUnreachable, match="lock timeout"),
    ):
        store.record_metrics("club", [MetricRow(batch="1", name="auc", value=0.5)])


def test_a_user_who_may_not_make_tables_is_told(postgres: str) -> None:
    name = f"stranger_{secrets.token_hex(4)}"
    url = sa.make_url(postgres).set(username=name, password="x")  # noqa: S106 - of this test's server
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'")
        try:
            with pytest.raises(MonitoringRefused, match="does not let this user"):
                open_monitoring(url.render_as_string(hide_password=False))
        finally:
            admin.execute(f"DROP ROLE {name}")


def test_writers_of_one_model_take_turns(store: Monitoring) -> None:
    """Each of several writers finds what the others stored: no error, no alert twice."""
    url = address_of(store)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            mine = open_monitoring(url, clock=store.clock)
            for _ in range(3):
                mine.record("club", whole())
                judge(mine, {"1": BAD})
        except BaseException as failed:  # noqa: BLE001 - a thread's failure is the test's
            errors.append(failed)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert store.read("club").batches == whole().batches
    assert len(store.alerts()) == 1
    assert store.overview().outbox_pending == 1


def test_a_store_may_be_used_by_a_process_that_was_forked(store: Monitoring) -> None:
    store.record("club", whole())
    assert ended(store.record_rules, "club", [LOW]) == 0
    assert store.read("club").rules == (LOW,)


def test_a_reader_sees_one_moment_while_a_writer_writes(shared: str) -> None:
    store = open_monitoring(shared)
    store.forget("club")
    with store.database.reading("a page is made") as reader:
        count = sa.text("SELECT count(*) FROM batches WHERE model = 'club'")
        assert reader.execute(count).scalar_one() == 0
        store.record("club", whole())
        assert reader.execute(count).scalar_one() == 0
    assert len(store.read("club").batches or ()) == 2
    store.forget("club")


def test_a_faulty_statement_is_no_database_that_is_down(store: Monitoring) -> None:
    with (
        pytest.raises((sa.exc.OperationalError, sa.exc.ProgrammingError)),
        store.database.reading("the test errs") as connection,
    ):
        connection.exec_driver_sql("SELECT nothing_like_it FROM batches")


def test_a_claim_lasts_longer_than_a_delivery_may_take() -> None:
    from driftwatch_assets.alerting import delivery  # noqa: PLC0415 - the other half of a promise
    from driftwatch_assets.monitoring import outbox  # noqa: PLC0415 - as above

    assert timedelta(seconds=2 * delivery.BUDGET_SECONDS) < outbox.CLAIM
    assert outbox.LONGEST_WAIT >= delivery.LONGEST_BACK_OFF


def test_the_address_is_shown_without_its_password() -> None:
    assert connect("postgresql://watch:hunter2@db/monitoring").shown == "postgresql://watch@db/monitoring"
    assert "hunter2" not in repr(connect("postgresql://watch:hunter2@db/monitoring"))
