"""Each row of a database is in one window, and in its own, in whichever of the usual forms its time is written."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from driftwatch_assets.sources import QueryRefused, SqlTable, extract, open_snapshot, window_of
from driftwatch_assets_tests.postgres import database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MONTHS = ["2023-12", "2024-01", "2024-02", "2024-03"]
QUERY = "SELECT id, at FROM loans WHERE at >= :start AND at < :end ORDER BY id"
LOANS = SqlTable(query=QUERY, types={"id": "text", "at": "timestamp"}, time="at", may_be_empty=True)
OWN = {"a": "2024-01", "b": "2024-01", "c": "2024-02", "d": "2024-02", "e": "2024-03"}
DAYS = {"a": "2024-01-01", "b": "2024-01-31", "c": "2024-02-01", "d": "2024-02-29", "e": "2024-03-01"}
MOMENTS = {
    "a": "2024-01-01 00:00:00",
    "b": "2024-01-31 23:59:59.999999",
    "c": "2024-02-01 00:00:00",
    "d": "2024-02-29 12:00:00",
    "e": "2024-03-01 00:00:00",
}
ZONED = {
    "a": "2023-12-31 22:30:00-02:00",
    "b": "2024-02-01 00:30:00+02:00",
    "c": "2024-01-31 23:30:00-02:00",
    "d": "2024-03-01 01:59:59+02:00",
    "e": "2024-03-01 00:00:00+00:00",
}


def in_iso(times: dict[str, str], end: str = "") -> dict[str, str]:
    return {name: time.replace(" ", "T") + end for name, time in times.items()}


FORMS = {
    "sqlite: days": ("TEXT", DAYS),
    "sqlite: days of type DATE": ("DATE", DAYS),
    "sqlite: times": ("TEXT", MOMENTS),
    "sqlite: times of type TIMESTAMP": ("TIMESTAMP", MOMENTS),
    "sqlite: ISO 8601": ("TEXT", in_iso(MOMENTS)),
    "sqlite: ISO 8601 in UTC": ("TEXT", in_iso(MOMENTS, "Z")),
    "sqlite: days and times": ("TEXT", {**MOMENTS, "c": "2024-02-01", "e": "2024-03-01T00:00"}),
    "sqlite: with a zone": ("TEXT", ZONED),
    "sqlite: ISO 8601 with a zone": ("TEXT", in_iso(ZONED)),
    "sqlite: some with a zone": ("TEXT", {**MOMENTS, "b": ZONED["b"], "c": ZONED["c"]}),
    "postgres: date": ("date", DAYS),
    "postgres: timestamp": ("timestamp", MOMENTS),
    "postgres: timestamptz": ("timestamptz", ZONED),
}


@pytest.fixture(scope="module")
def postgres_database(postgres: str) -> Iterator[str]:
    with database(postgres) as url:
        yield url


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give a database with the table `loans` of a type of time and its rows, as the parameter says."""
    kind, (type_, times) = request.param
    return made(request, tmp_path, kind, type_, times)


def made(request: pytest.FixtureRequest, tmp_path: Path, kind: str, type_: str, times: dict[str, Any]) -> str:
    create = f"CREATE TABLE loans (id text, at {type_})"
    if kind.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(tmp_path / "loans.sqlite")) as file:
            file.execute(create)
            file.executemany("INSERT INTO loans VALUES (?, ?)", times.items())
            file.commit()
        return f"sqlite:///{tmp_path / 'loans.sqlite'}"
    url = str(request.getfixturevalue("postgres_database"))
    with psycopg.connect(url) as server:
        server.execute("DROP TABLE IF EXISTS loans")
        server.execute(create)
        server.cursor().executemany("INSERT INTO loans VALUES (%s, %s)", list(times.items()))
    return url


def by_window(url: str, table: SqlTable = LOANS, keys: Sequence[str] = MONTHS) -> dict[str, list[str]]:
    found = {key: extract(url, "loans", table, window_of("month", key)) for key in keys}
    return {key: rows.column("id").to_pylist() for key, rows in found.items()}


@pytest.mark.parametrize("url", FORMS.items(), indirect=True, ids=FORMS)
def test_each_row_is_in_its_own_window_and_in_no_other(url: str) -> None:
    found = by_window(url)
    assert {name: key for key, names in found.items() for name in names} == OWN
    assert sum(len(names) for names in found.values()) == len(OWN)
    for key in MONTHS:
        window = window_of("month", key)
        times = extract(url, "loans", LOANS, window).column("at").to_pylist()
        assert all(window.start <= time < window.end for time in times)


@pytest.mark.parametrize("form", ["days", "times", "ISO 8601"])
def test_a_query_may_compute_with_the_bounds(request: pytest.FixtureRequest, tmp_path: Path, form: str) -> None:
    url = made(request, tmp_path, "sqlite", *FORMS[f"sqlite: {form}"])
    query = QUERY.replace("at >=", "datetime(at) >=").replace("at <", "datetime(at) <")
    compared = LOANS.model_copy(update={"query": query})
    assert by_window(url, compared)["2024-02"] == ["c", "d"]
    back = LOANS.model_copy(update={"query": QUERY.replace(":start", "date(:start, '-1 day')")})
    assert by_window(url, back)["2024-02"] == ["b", "c", "d"]


def test_rows_that_a_query_looks_back_to_come_once(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = made(request, tmp_path, "sqlite", "TEXT", ZONED)
    back = LOANS.model_copy(update={"query": QUERY.replace(":start", "date(:start, '-2 days')")})
    assert sorted(by_window(url, back)["2024-02"]) == ["c", "d"]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_the_extent_does_not_tell_a_time_that_is_no_rows(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    far = {**MOMENTS, "x": "9999-12-31", "y": "0024-02-01"}
    if kind == "postgres":
        far |= {"z": "infinity"}
    url = made(request, tmp_path, kind, "TEXT" if kind == "sqlite" else "timestamp", far)
    with open_snapshot(url) as snapshot:
        assert snapshot.extent("SELECT min(at), max(at) FROM loans") == (None, None)
        span = snapshot.span("loans", LOANS, window_of("year", "1900").start, window_of("year", "2200").start)
    assert [str(moment) for moment in span or ()] == [MOMENTS["a"], MOMENTS["e"]]
    assert by_window(url) == {"2023-12": [], "2024-01": ["a", "b"], "2024-02": ["c", "d"], "2024-03": ["e"]}


def test_a_text_that_is_no_time_is_no_end_of_a_table_in_sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = made(request, tmp_path, "sqlite", "TEXT", {**MOMENTS, "x": "soon"})
    with open_snapshot(url) as snapshot:
        first, last = snapshot.extent("SELECT min(at), max(at) FROM loans") or ()
    assert (str(first), last) == (MOMENTS["a"], None)


@pytest.mark.parametrize("times", [{"a": 1704067200, "b": 1706659200}, {"a": "20240101", "b": "20240131"}])
def test_times_that_compare_otherwise_are_refused_with_what_to_write(
    request: pytest.FixtureRequest, tmp_path: Path, times: dict[str, Any]
) -> None:
    url = made(request, tmp_path, "sqlite", "", times)
    told = rf"gives {min(times.values())!r} and .* not two times\. .*YYYY-MM-DD.*datetime\(t, 'unixepoch'\)"
    with open_snapshot(url) as snapshot, pytest.raises(QueryRefused, match=told):
        snapshot.extent("SELECT min(at), max(at) FROM loans")


def test_a_date_that_python_does_not_have_costs_its_row(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = made(request, tmp_path, "postgres", "timestamp", MOMENTS)
    ends = "CASE id WHEN 'a' THEN 'infinity' WHEN 'b' THEN '0044-03-15 BC' ELSE '2024-05-01' END"
    dates = {"day": "date", "at": "timestamp", "zoned": "timestamptz"}
    selected = ", ".join(f"CAST({ends} AS {kind}) AS {name}" for name, kind in dates.items())
    table = SqlTable.model_validate(
        {
            "query": f"SELECT id, {selected} FROM loans ORDER BY id",  # noqa: S608 - made here
            "types": {"id": "text", **dict.fromkeys(dates, "timestamp")},
            "windowed": False,
        }
    )
    rows = extract(url, "loans", table)
    problems = rows.column("problem").to_pylist()
    assert problems[0].startswith("row 1, column day: found 'infinity', expected a date or a time")
    assert problems[1].startswith("row 2, column day: found '0044-03-15 BC'")
    assert problems[2:] == [None] * 3
    assert {str(day) for day in rows.column("zoned").to_pylist()[2:]} == {"2024-05-01 00:00:00"}
