"""Tables from real databases: the same from SQLite and PostgreSQL, and every fault told for what it is."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import pickle
import re
import signal
import socket
import sqlite3
import threading
import tracemalloc
from typing import TYPE_CHECKING

import psycopg
import pyarrow as pa
import pytest
from pydantic import ValidationError

from driftwatch_assets.sources import (
    DatabaseUnreachable,
    DatabaseUrlRefused,
    QueryRefused,
    SqlTable,
    extract,
    open_snapshot,
)
from driftwatch_assets.sources.window import window_of
from driftwatch_assets_tests.postgres import GIVEN, database, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = window_of("day", "2015-04-16")
TYPES = {"loan_id": "text", "amount": "number", "cars": "integer", "at": "timestamp"}
WINDOWED = "SELECT loan_id, amount, cars, at FROM loans WHERE at >= :start AND at < :end ORDER BY at"
LOANS = SqlTable.model_validate({"query": WINDOWED, "types": TYPES})
ROWS = [
    ("A", 1.5, 2, "2015-04-16 00:00:00"),
    ("B", None, None, "2015-04-16 23:59:59.500000"),
    ("é'; DROP TABLE loans; --", 99999999.0, 0, "2015-04-16 10:00:00"),
    ("D", 2.0, 1, "2015-04-17 00:00:00"),
    ("E", 2.0, 1, "2015-04-15 23:59:59"),
]


def all_rows(query: str, **types: str) -> SqlTable:
    return SqlTable.model_validate({"query": query, "types": types, "windowed": False})


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    path = tmp_path / "loans of ours.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE loans (loan_id TEXT, amount REAL, cars INTEGER, at TEXT)")
        made.executemany("INSERT INTO loans VALUES (?, ?, ?, ?)", ROWS)
        made.commit()
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    with database(postgres) as url:
        with psycopg.connect(url) as made:
            made.execute("CREATE TABLE loans (loan_id text, amount numeric, cars integer, at timestamp)")
            made.cursor().executemany("INSERT INTO loans VALUES (%s, %s, %s, %s)", ROWS)
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """Give a database; what uses it is tested on both."""
    return str(request.getfixturevalue(f"{request.param}_url"))


def test_both_databases_give_the_identical_table(sqlite_url: str, postgres_url: str) -> None:
    one, other = (extract(url, "loans", LOANS, DAY, chunk_rows=2) for url in (sqlite_url, postgres_url))

    assert one.equals(other)
    assert one.schema == pa.schema(
        {
            "source_line": pa.int64(),
            "loan_id": pa.string(),
            "amount": pa.float64(),
            "cars": pa.int64(),
            "at": pa.timestamp("us"),
            "problem": pa.string(),
            "source_text": pa.string(),
        }
    )
    assert one.column("source_line").to_pylist() == [1, 2, 3]
    assert one.column("loan_id").to_pylist() == ["A", "é'; DROP TABLE loans; --", "B"]
    assert one.column("at")[2].as_py() == dt.datetime(2015, 4, 16, 23, 59, 59, 500_000)  # noqa: DTZ001 - no zone
    assert one.column("problem").null_count == 3


def test_the_extent_of_a_table_is_asked_for(url: str) -> None:
    with open_snapshot(url) as snapshot:
        assert [str(moment) for moment in snapshot.extent("SELECT min(at), max(at) FROM loans") or ()] == [
            "2015-04-15 23:59:59",
            "2015-04-17 00:00:00",
        ]
        assert snapshot.extent("SELECT min(at), max(at) FROM loans WHERE 1 = 0") is None
        with pytest.raises(QueryRefused, match="Expected one row"):
            snapshot.extent("SELECT loan_id, at FROM loans")
        with pytest.raises(ValueError, match="begins with 'DROP'"):
            snapshot.extent("DROP TABLE loans")


MARK = "SELECT count(*), sum(cars), max(at) FROM loans WHERE at >= :start AND at < :end"


def changed(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as writer:
            writer.execute(statement)
            writer.commit()
    else:
        with psycopg.connect(url) as another:
            another.execute(statement)


def marked(url: str, query: str = MARK, day: str = "2015-04-16") -> str:
    with open_snapshot(url) as snapshot:
        return snapshot.watermark(query, window_of("day", day))


def test_a_watermark_changes_with_the_rows_of_its_window_and_with_no_others(url: str) -> None:
    before, next_day = marked(url), marked(url, day="2015-04-17")
    assert before == marked(url) != next_day
    changed(url, "INSERT INTO loans (loan_id, at) VALUES ('late', '2015-04-16 12:00:00')")
    late = marked(url)
    assert late != before
    assert marked(url, day="2015-04-17") == next_day
    changed(url, "UPDATE loans SET cars = 5 WHERE loan_id = 'A'")
    assert marked(url) not in {before, late}
    assert marked(url, day="2016-01-01") == marked(url, day="2016-01-02"), "a window without rows has one, too"


def test_a_watermark_that_cannot_be_asked_names_the_window_and_writes_nothing(url: str) -> None:
    with pytest.raises(QueryRefused, match=r"watermark, window 2015-04-16 from .*: the query gives more than one row"):
        marked(url, MARK.replace("count(*), sum(cars), max(at)", "loan_id"))
    with pytest.raises(QueryRefused, match=r"watermark, window 2015-04-16 from .*: the query cannot be run"):
        marked(url, MARK.replace("cars", "cartwheels"))
    with pytest.raises(ValueError, match="lacks :start, :end"):
        marked(url, "SELECT count(*) FROM loans")
    before = marked(url)
    for writes in ("WITH gone AS (DELETE FROM loans RETURNING 1) SELECT count(*) FROM gone, loans WHERE", "SELECT 1;"):
        with pytest.raises((QueryRefused, ValueError)):
            marked(url, f"{writes} at >= :start AND at < :end")
    assert marked(url) == before


def test_several_tables_of_a_snapshot_are_of_one_moment(url: str) -> None:
    query = all_rows("SELECT loan_id FROM loans", loan_id="text")

    def add() -> None:
        if url.startswith("sqlite"):
            other = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0.05)
            # A reader that holds its snapshot makes the writer wait.
            with contextlib.closing(other), contextlib.suppress(sqlite3.OperationalError):
                other.execute("INSERT INTO loans (loan_id) VALUES ('new')")
                other.commit()
        else:
            with psycopg.connect(url) as another:
                another.execute("INSERT INTO loans (loan_id) VALUES ('new')")

    with open_snapshot(url) as snapshot:
        before = snapshot.extract("loans", query)
        add()
        assert snapshot.extract("again", query).equals(before)
        assert snapshot.extent("SELECT min(at), max(at) FROM loans") is not None
    add()
    assert extract(url, "loans", query).num_rows > before.num_rows


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"types": {**TYPES, "income": "number"}}, r"lacks column 'income'"),
        ({"types": {**TYPES, "amuont": "number"}}, r"lacks column 'amuont'"),
        ({"types": {"loan_id": "text", "cars": "integer", "at": "timestamp"}}, "has column 'amount', which is not dec"),
        ({"query": WINDOWED.replace("cars,", "cars, cars,")}, "has column 'cars' twice"),
        ({"query": WINDOWED.replace("FROM loans", "FROM loan")}, "the query cannot be run .*loan"),
        ({"query": WINDOWED.replace("amount", "income")}, "the query cannot be run .*income"),
        ({"query": WINDOWED.replace("ORDER BY", "ORDER TO")}, "the query cannot be run .*syntax"),
        ({"query": WINDOWED.replace("at <", "at > '2016-01-01' AND at <")}, "the query gives no rows"),
        ({"max_rows": 2}, "the query gives more than max_rows: 2"),
    ],
)
def test_what_is_not_as_declared_is_refused(url: str, changes: dict[str, object], found: str) -> None:
    table = SqlTable.model_validate({**LOANS.model_dump(), **changes})
    with pytest.raises(QueryRefused, match=r"^table loans, window 2015-04-16 from (sqlite|postgresql)://") as caught:
        extract(url, "loans", table, DAY)
    assert re.search(found, caught.value.found)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - made here


def test_a_window_without_rows_may_be_declared(url: str) -> None:
    table = LOANS.model_copy(update={"may_be_empty": True})
    empty = extract(url, "loans", table, window_of("day", "2020-01-01"))
    assert empty.num_rows == 0
    assert empty.schema == extract(url, "loans", LOANS, DAY).schema
    with pytest.raises(ValueError, match="table loans is windowed"):
        extract(url, "loans", LOANS)


def test_a_value_of_another_type_is_a_problem_of_its_row(url: str) -> None:
    table = all_rows("SELECT loan_id AS cars, amount FROM loans ORDER BY loan_id", cars="integer", amount="number")
    with pytest.raises(QueryRefused, match=r"none of its 5 rows can be read; the first: row 1, column cars: found 'A'"):
        extract(url, "loans", table)
    some = all_rows("SELECT CASE loan_id WHEN 'A' THEN '7' ELSE loan_id END AS cars FROM loans", cars="integer")
    read = extract(url, "loans", some)
    assert read.column("cars").to_pylist() == [7, None, None, None, None]
    assert read.column("problem")[1].as_py() == (
        "row 2, column cars: found 'B', expected a whole number within 64 bits"
    )
    assert read.column("source_text").to_pylist()[:2] == [None, '{"cars": "B"}']


def test_no_message_shows_personal_data_or_a_password(postgres_url: str) -> None:
    query = "SELECT CASE loan_id WHEN 'A' THEN '7' ELSE loan_id END AS ssn FROM loans ORDER BY at DESC"
    table = all_rows(query, ssn="integer").model_copy(update={"personal": ("ssn",)})
    read = extract(postgres_url, "people", table)
    assert "DROP" not in str(read.to_pylist())
    assert read.column("source_text").to_pylist().count("withheld: the table has personal columns") == 4

    cast = SqlTable.model_validate({**table.model_dump(), "query": "SELECT loan_id::integer AS ssn FROM loans"})
    with pytest.raises(QueryRefused, match="SQLSTATE 22P02; its text is withheld") as caught:
        extract(postgres_url, "people", cast)
    chain = [caught.value, caught.value.__cause__]
    assert not any("DROP" in str(error) or '"A"' in str(error) for error in chain)
    assert caught.value.__suppress_context__

    password = postgres_url.split(":")[2].split("@", maxsplit=1)[0]
    with pytest.raises(DatabaseUnreachable) as lost:
        extract(postgres_url.replace(password, "wrong-secret"), "loans", LOANS, DAY)
    assert "wrong-secret" not in str(lost.value)
    assert "postgresql://postgres@127.0.0.1:" in str(lost.value)


def test_the_types_of_postgresql_become_the_declared_ones(postgres_url: str) -> None:
    query = (
        "SELECT '2015-04-16 12:00:00+02'::timestamptz AS zoned, '2015-04-16'::date AS day, 1.50::numeric AS n, "
        "true AS yes, 3.0::float8 AS whole, '63ffab1a-b128-442b-ab17-17e186d6c5a3'::uuid AS id, NULL::text AS nothing"
    )
    types = {"zoned": "timestamp", "day": "timestamp", "n": "number", "yes": "integer", "whole": "integer"}
    read = extract(postgres_url, "typed", all_rows(query, **types, id="text", nothing="text")).to_pylist()[0]
    assert [str(read[name]) for name in ("zoned", "day", "n", "yes", "whole", "id", "nothing", "problem")] == [
        "2015-04-16 10:00:00",
        "2015-04-16 00:00:00",
        "1.5",
        "1",
        "3",
        "63ffab1a-b128-442b-ab17-17e186d6c5a3",
        "None",
        "None",
    ]


def test_a_percent_sign_means_what_it_means_in_sql(url: str) -> None:
    read = extract(url, "loans", all_rows("SELECT loan_id FROM loans WHERE loan_id LIKE '%DROP%'", loan_id="text"))
    assert read.num_rows == 1


@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM loans RETURNING loan_id) SELECT loan_id FROM gone",
        "SELECT loan_id INTO copied FROM loans",
        "SELECT nextval('numbers')::text AS loan_id",
        "SELECT loan_id FROM loans FOR UPDATE",
    ],
)
def test_postgresql_refuses_a_query_that_writes(postgres_url: str, query: str) -> None:
    with psycopg.connect(postgres_url) as made:
        made.execute("CREATE SEQUENCE numbers")
    with pytest.raises(QueryRefused, match=r"the query (writes|cannot be run)"):
        extract(postgres_url, "loans", all_rows(query, loan_id="text"))
    assert extract(postgres_url, "loans", all_rows("SELECT loan_id FROM loans", loan_id="text")).num_rows == 5


def test_sqlite_is_opened_read_only(sqlite_url: str) -> None:
    with open_snapshot(sqlite_url) as snapshot, pytest.raises(Exception, match="readonly"):
        snapshot._connection.exec_driver_sql("DELETE FROM loans")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"query": "SELECT 1; SELECT 2"}, "the query has a ';'"),
        ({"query": "DELETE FROM loans"}, "begins with 'DELETE'"),
        ({"query": "/* SELECT */ UPDATE loans SET amount = 0"}, "begins with 'UPDATE'"),
        ({"query": ""}, "begins with 'nothing'"),
        ({"query": WINDOWED.replace(":end", "'2015-04-17'")}, "the query lacks :end"),
        ({"query": f"{WINDOWED} LIMIT :rows"}, "the query has the parameter :rows"),
        ({"query": f"{WINDOWED} -- of :today"}, "has :today in a literal or a comment"),
        ({"windowed": False}, "a window's parameters, and windowed is false"),
        ({"types": {}}, "at least 1 item"),
        ({"types": {"problem": "text"}}, "column 'problem' cannot be declared"),
        ({"types": {"loan_id": "uuid"}}, "Input should be 'text', 'number', 'integer' or 'timestamp'"),
        ({"personal": ("ssn",)}, "personal names column 'ssn'"),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SqlTable.model_validate({**LOANS.model_dump(), **changes})


def test_semicolons_and_colons_within_literals_mean_nothing(url: str) -> None:
    query = """SELECT 'a;b 10:30 \\:x' AS note, loan_id AS "odd;name" FROM loans /* ; */ WHERE loan_id = 'A' -- ;"""
    read = extract(url, "notes", all_rows(query, note="text", **{"odd;name": "text"}))
    assert read.column("note").to_pylist() == ["a;b 10:30 :x"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://root:secret@db/x", "begins with mysql://"),
        ("secret", "cannot be read"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql://u:secret@host:port/x", "cannot be read"),
    ],
)
def test_an_address_that_names_no_database_is_refused_without_showing_it(url: str, said: str) -> None:
    with pytest.raises(DatabaseUrlRefused, match=said) as caught, open_snapshot(url):
        pass
    assert "secret" not in str(caught.value)


def test_a_database_that_is_not_there_is_unreachable_and_not_empty(tmp_path: Path) -> None:
    (tmp_path / "rubbish.sqlite").write_bytes(b"no database at all" * 100)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        urls = [
            f"postgresql://u:secret@127.0.0.1:{port}/loans",
            f"sqlite:///{tmp_path}/absent.sqlite",
            f"sqlite:///{tmp_path}/rubbish.sqlite",
        ]
        for url in urls:
            with pytest.raises(DatabaseUnreachable, match="not the same as no rows") as caught:
                extract(url, "loans", LOANS, DAY)
            assert "secret" not in str(caught.value)
            assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - made here
    assert not (tmp_path / "absent.sqlite").exists()


def test_a_server_that_never_answers_is_unreachable(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        with (
            pytest.raises(DatabaseUnreachable, match="timeout"),
            open_snapshot(f"postgresql://u:x@127.0.0.1:{silent.getsockname()[1]}/x", connect_seconds=2),
        ):
            pass


SLOW = all_rows(
    "SELECT CASE WHEN pg_sleep(0.002) IS NOT NULL THEN i END AS i FROM generate_series(1, 100000) AS rows(i)",
    i="integer",
)


def test_a_connection_that_is_lost_after_the_extraction_costs_nothing(postgres_url: str) -> None:
    with open_snapshot(postgres_url) as snapshot:
        read = snapshot.extract("loans", LOANS, DAY)
        with psycopg.connect(postgres_url) as other:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name='driftwatch'")
    assert read.num_rows == 3


def test_a_server_that_is_killed_in_the_middle_is_unreachable() -> None:
    if os.environ.get(GIVEN):
        pytest.skip("the given server is not one that the tests may kill")
    with postgres_server() as url:
        with psycopg.connect(url) as asked:
            written = asked.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
        assert written is not None
        killer = threading.Timer(0.6, os.kill, (int(written[0].split()[0]), signal.SIGQUIT))
        killer.start()
        with pytest.raises(DatabaseUnreachable, match=r"table slow was extracted, after [1-9]\d* rows"):
            extract(url, "slow", SLOW, chunk_rows=50)
        killer.join()


def test_a_connection_that_is_ended_by_an_operator_is_unreachable(postgres_url: str) -> None:
    def end() -> None:
        with psycopg.connect(postgres_url) as other:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name='driftwatch'")

    killer = threading.Timer(0.4, end)
    killer.start()
    with pytest.raises(DatabaseUnreachable, match=r"after [1-9]\d* rows"):
        extract(postgres_url, "slow", SLOW, chunk_rows=50)
    killer.join()


def test_a_statement_has_a_time_limit(url: str) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS i FROM n"
    table = all_rows(endless, i="integer").model_copy(update={"timeout_seconds": 0.2})
    with pytest.raises(QueryRefused, match="at the time limit"):
        extract(url, "endless", table)


def test_a_table_is_streamed_and_not_held_twice(postgres_url: str) -> None:
    query = "SELECT i, repeat('x', 100) AS note FROM generate_series(1, 100000) AS rows(i)"
    table = all_rows(query, i="integer", note="text")
    tracemalloc.start()
    read = extract(postgres_url, "many", table, chunk_rows=1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert read.num_rows == 100_000
    # Arrow's own memory is not traced; what Python holds is a few chunks.
    assert peak < 8 * 2**20
