"""What a database can do wrong, through the graph: the run fails with words, nothing is stored, a later one works."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg
import psycopg
import pytest
import sqlalchemy as sa

from driftwatch_assets.arrivals import ArrivalPolicy
from driftwatch_assets.components import records
from driftwatch_assets.defs.loan_eligibility.simulate import simulate
from driftwatch_assets.steps import ingest
from driftwatch_assets_tests.loan_eligibility.lending import MODEL, connected, execute, lending, load
from driftwatch_assets_tests.postgres import GIVEN, postgres_server
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from driftwatch_assets.components import MonitoredModel
    from driftwatch_assets_tests.loan_eligibility.lending import Lending

pytestmark = DAGSTERS_OWN_WARNINGS

WEEK, NEXT_WEEK, EMPTY_WEEK = "2015-04-13", "2015-04-20", "2015-05-18"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    simulate(folder, seed=3, days=6, scale=0.3)
    return folder


@pytest.fixture(scope="module")
def whole(simulated: Path) -> Path:
    """Give a SQLite database with nothing wrong in it."""
    file = simulated / "whole.sqlite"
    load(f"sqlite:///{file}", simulated)
    return file


@pytest.fixture(scope="module")
def lent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lending]:
    """Give one instance for all faults; each test has a database of its own."""
    house = House(tmp_path_factory.mktemp("lent"), MODEL)
    house.landing.mkdir(parents=True)
    with lending(house) as lent:
        yield lent


@pytest.fixture
def url(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give a copy of the database, set as the model's."""
    copy = tmp_path / "source.sqlite"
    shutil.copy(whole, copy)
    url = f"sqlite:///{copy}"
    monkeypatch.setenv(f"DRIFTWATCH_DATABASE_{MODEL.upper()}", url)
    return url


def stored(lent: Lending) -> list[str]:
    lake = lent.watched.lake
    tables = [f"{MODEL}/{layer}/{name}" for layer in ("bronze", "silver") for name in lent.watched.sources]
    return [f"{table}/{batch}" for table in [*tables, f"{MODEL}/gold/features"] for batch in lake.batches(table)]


def with_query(component: MonitoredModel, table: str, change: Callable[[str], str]) -> MonitoredModel:
    """Declare another query for a table."""
    source: Any = component.declaration.source
    tables = dict(source.tables)
    tables[table] = tables[table].model_copy(update={"query": change(tables[table].query)})
    declaration = component.declaration.model_copy(update={"source": source.model_copy(update={"tables": tables})})
    return replace(component, declaration=declaration)


FAULTS = {
    "missing column": (
        "ALTER TABLE customer_details DROP COLUMN no_of_cars",
        ["table customer_details, window 2015-04-13 from sqlite:///", "no such column: no_of_cars"],
    ),
    "missing table": (
        "DROP TABLE credit_details",
        ["table credit_details, window 2015-04-13", "no such table: credit_details"],
    ),
    "wrong type": (
        "UPDATE loan_details SET current_loan_amount = 'much'",
        [
            "table loan_details, window 2015-04-13",
            "can be read; the first: row 1, column current_loan_amount: found 'much', expected a",
        ],
    ),
    "no time": (
        "UPDATE loan_details SET application_time = '2015-04-16 noon'",
        ["table loan_details", "row 1, column application_time: found '2015-04-16 noon', expected"],
    ),
    "duplicate key": (
        "UPDATE loan_details SET loan_id = (SELECT min(loan_id) FROM loan_details)",
        ["loan_eligibility/silver/loan_details, batch 2015-04-13, may not go on", "loan_id '", "comes again"],
    ),
    "duplicate customer": (
        "INSERT INTO customer_details SELECT customer_id, home_ownership, 1.0, '1 year', 0, 0, 0 FROM customer_details",
        ["loan_eligibility/silver/customer_details, batch 2015-04-13, may not go on", "customer_id '", "comes again"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_data_stops_the_batch_with_its_place(lent: Lending, url: str, fault: str) -> None:
    statement, said = FAULTS[fault]
    execute(url, statement)
    told = lent.why(lent.materialize(WEEK, "bronze", "silver"))
    for words in said:
        assert words in told
    assert not [name for name in stored(lent) if "/silver/" in name or "/gold/" in name]
    if "duplicate" not in fault:
        assert stored(lent) == []
    _forget(lent)


def test_a_single_wrong_value_is_set_aside_with_row_and_column(lent: Lending, url: str) -> None:
    execute(
        url,
        "UPDATE loan_details SET current_loan_amount = 'much' "
        "WHERE loan_id = (SELECT loan_id FROM loan_details ORDER BY application_time, loan_id LIMIT 1 OFFSET 2)",
    )
    assert lent.materialize(WEEK, "bronze", "silver").success
    (reason,) = lent.watched.lake.read(f"{MODEL}/quarantine/loan_details", WEEK)["reason"]
    assert reason.startswith("row 3, column current_loan_amount: found 'much', expected a")
    _forget(lent)


def test_a_column_more_in_the_database_changes_nothing_and_in_the_query_is_refused(lent: Lending, url: str) -> None:
    execute(url, "ALTER TABLE loan_details ADD COLUMN note TEXT")
    assert lent.materialize(WEEK, "bronze").success
    _forget(lent)
    asking = with_query(
        lent.component,
        "loan_details",
        lambda query: query.replace("no_of_properties FROM", "no_of_properties, note FROM"),
    )
    told = lent.why(lent.with_model(asking).materialize(WEEK, "bronze"))
    assert "table loan_details, window 2015-04-13" in told
    assert "has column 'note', which is not declared" in told
    assert stored(lent) == []


def test_a_window_without_rows_is_no_batch(lent: Lending, url: str) -> None:
    assert url
    told = lent.why(lent.materialize(EMPTY_WEEK))
    assert f"table loan_details, window {EMPTY_WEEK}" in told
    assert "the query gives no rows" in told
    assert stored(lent) == []


def test_a_query_that_writes_is_refused_and_writes_nothing(lent: Lending, url: str) -> None:
    deleting = with_query(
        lent.component,
        "customer_details",
        lambda query: f"WITH gone AS (DELETE FROM credit_details RETURNING 1) {query}",  # noqa: S608 - that it is refused
    )
    told = lent.why(lent.with_model(deleting).materialize(WEEK, "bronze"))
    assert "table customer_details, window 2015-04-13" in told
    assert counted(url, "credit_details") > 0
    assert stored(lent) == []


class TestInjection:
    EVIL = "2015-04-13'; DROP TABLE loan_details; --"

    @pytest.mark.parametrize("key", [EVIL, "2015-04-13; DROP TABLE loan_details", "../../2015-04-13", "%27 OR 1=1"])
    def test_a_partition_key_that_is_no_window_gets_nowhere(self, lent: Lending, url: str, key: str) -> None:
        before = counted(url, "loan_details")
        with pytest.raises(dg.DagsterUnknownPartitionError, match=re.escape(key)):
            lent.materialize(key, "bronze")
        with pytest.raises(ValueError, match="is no week; keys are written like 2015-04-13"):
            ingest(lent.watched, key)
        assert counted(url, "loan_details") == before
        assert stored(lent) == []

    def test_values_that_look_like_statements_are_values(self, lent: Lending, url: str) -> None:
        execute(url, "UPDATE loan_details SET purpose = '''; DROP TABLE loan_details; --'")
        assert lent.materialize(WEEK, "bronze").success
        read = lent.watched.lake.read(f"{MODEL}/bronze/loan_details", WEEK)
        assert set(read["purpose"]) == {"'; DROP TABLE loan_details; --"}
        assert counted(url, "loan_details") > len(read) > 0
        _forget(lent)


def test_a_database_that_is_down_is_told_from_an_empty_one(
    lent: Lending, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    down = f"postgresql://etl:hush@127.0.0.1:{port}/loans"
    monkeypatch.setenv(f"DRIFTWATCH_DATABASE_{MODEL.upper()}", down)
    told = lent.why(lent.materialize(WEEK))
    assert f"postgresql://etl@127.0.0.1:{port}/loans cannot be reached while it was opened" in told
    assert "not the same as no rows" in told
    assert "hush" not in told
    with pytest.raises(dg.Failure, match="cannot be reached while it was opened"):
        lent.arrivals()
    assert stored(lent) == []

    execute(url, "DELETE FROM loan_details")
    monkeypatch.setenv(f"DRIFTWATCH_DATABASE_{MODEL.upper()}", url)
    assert "the database holds no row yet" in lent.arrivals().note


# SQLAlchemy leaves the cursor of a connection that is lost to the collector, of which psycopg warns.
@pytest.mark.filterwarnings("ignore:<psycopg.ServerCursor:ResourceWarning")
def test_a_server_that_is_killed_in_the_middle_leaves_nothing_and_a_later_run_succeeds(
    lent: Lending, simulated: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.environ.get(GIVEN):
        pytest.skip("the given server is not one that the tests may kill")
    with postgres_server() as url:
        load(url, simulated)
        execute(
            url,
            "ALTER TABLE customer_details RENAME TO customers",
            "CREATE VIEW customer_details AS SELECT * FROM customers WHERE pg_sleep(0.2)::text = ''",
        )
        monkeypatch.setenv(f"DRIFTWATCH_DATABASE_{MODEL.upper()}", url)
        killer = threading.Thread(target=_kill_while_customers_are_read, args=(url,))
        killer.start()
        told = lent.why(lent.materialize(WEEK))
        killer.join()
    assert "cannot be reached while table customer_details, window 2015-04-13 was extracted, after 0 rows" in told
    assert stored(lent) == [], "loan_details had come whole, and is not stored either"

    monkeypatch.setenv(f"DRIFTWATCH_DATABASE_{MODEL.upper()}", f"sqlite:///{whole}")
    assert lent.materialize(WEEK).success
    assert f"{MODEL}/gold/features/{WEEK}" in stored(lent)


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore:<psycopg.ServerCursor:ResourceWarning")
def test_a_server_that_dies_in_the_middle_again_and_again_costs_a_batch_no_attempt(
    simulated: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.environ.get(GIVEN):
        pytest.skip("the given server is not one that the tests may kill")
    house = House(tmp_path, MODEL)
    variable = f"DRIFTWATCH_DATABASE_{MODEL.upper()}"
    with lending(house) as lent:
        policy = ArrivalPolicy(attempts=1, pause_seconds=3600)
        declared = lent.component.declaration.model_copy(update={"arrivals": policy, "initial_batches": 1})
        patient = lent.with_model(replace(lent.component, declaration=declared))
        with postgres_server() as url:
            load(url, simulated)
            execute(
                url,
                "ALTER TABLE customer_details RENAME TO customers",
                "CREATE VIEW customer_details AS SELECT * FROM customers WHERE pg_sleep(0.2)::text = ''",
            )
            monkeypatch.setenv(variable, url)
            (request,) = patient.arrivals().requests
            assert request.partition_key == WEEK
            killer = threading.Thread(target=_kill_while_customers_are_read, args=(url,))
            killer.start()
            assert not patient.take_in(request)
            killer.join()
        monkeypatch.setenv(variable, f"sqlite:///{whole}")
        waits = patient.arrivals()
        assert waits.requests == ()
        assert re.search(f"batch {WEEK} was interrupted and is tried again in 3[0-9]{{3}} s: {WEEK}", waits.note)
        assert [one.status for one in records.intakes(patient.instance, MODEL)] == ["interrupted"]

        policy = policy.model_copy(update={"pause_seconds": 0})
        at_once = lent.with_model(replace(lent.component, declaration=declared.model_copy(update={"arrivals": policy})))
        (again,) = at_once.arrivals().requests
        assert (again.partition_key, again.run_key[-2:]) == (WEEK, "/2")
        assert at_once.take_in(again)


def _kill_while_customers_are_read(url: str) -> None:
    asked = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'driftwatch' AND query LIKE 'FETCH%' "
        "AND state = 'active' AND clock_timestamp() - query_start > interval '0.1 s'"
    )
    with psycopg.connect(url, autocommit=True) as watching:
        written = watching.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
        deadline = time.monotonic() + 30
        while watching.execute(asked).fetchone() == (0,) and time.monotonic() < deadline:
            time.sleep(0.02)
    assert written is not None
    os.kill(int(written[0].split()[0]), signal.SIGQUIT)


def counted(url: str, table: str) -> int:
    with connected(url) as connection:
        return int(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - a test's own name


def _forget(lent: Lending) -> None:
    """Drop what a run that went well has stored, for the next test."""
    tables, lake = lent.watched.tables, lent.watched.lake
    for name in lent.watched.sources:
        for table in (tables.bronze(name), tables.silver(name), tables.quarantine(name)):
            if lake.exists(table, WEEK):
                lake.drop(table, WEEK)
