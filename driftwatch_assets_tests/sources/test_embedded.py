"""The embedded source database: loaded from files when they change, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

import psycopg
import pytest

from driftwatch_assets.lake import NameRefused
from driftwatch_assets.sources import (
    CsvSource,
    DatabaseUnreachable,
    DeliveryRefused,
    SqlTable,
    embedded_database,
    extract,
    open_snapshot,
    rows_aside,
)
from driftwatch_assets.sources.window import window_of
from driftwatch_assets_tests.postgres import database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EMBEDDED = "embedded"
READERS = {
    "loans": CsvSource(columns=("id", "at", "amount"), dates={"at": "%d/%m/%Y %H:%M"}),
    "customers": CsvSource(columns=("id", "ssn"), personal=("ssn",)),
}
TYPES = {"loans": {"amount": "number"}}
ALL_LOANS = SqlTable(
    query="SELECT id, at, amount FROM loans",
    types={"id": "text", "at": "timestamp", "amount": "number"},
    windowed=False,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "loans.csv").write_text("id,at,amount\nA,16/4/2015 10:00,1.5\nB,17/4/2015 0:00,\n")
    (tmp_path / "customers.csv").write_text("id,ssn\nA,1\n")
    return tmp_path


def load(folder: Path) -> str:
    return embedded_database(folder, READERS, TYPES, model="loans", into=folder / EMBEDDED)  # type: ignore[arg-type]


def inode(folder: Path) -> int:
    return (folder / EMBEDDED / "loans.sqlite").stat().st_ino


def test_the_files_become_tables_that_a_window_query_reads(folder: Path) -> None:
    windowed = ALL_LOANS.model_dump() | {
        "query": "SELECT id, at, amount FROM loans WHERE at >= :start AND at < :end",
        "windowed": True,
    }
    url = load(folder)
    day = extract(url, "loans", SqlTable.model_validate(windowed), window_of("day", "2015-04-17"))
    assert day.column("id").to_pylist() == ["B"]
    assert extract(url, "loans", ALL_LOANS).column("amount").to_pylist() == [1.5, None]
    with open_snapshot(url) as snapshot:
        ends = snapshot.extent("SELECT min(at), max(at) FROM loans")
    assert [str(moment) for moment in ends or ()] == ["2015-04-16 10:00:00", "2015-04-17 00:00:00"]


def test_they_are_loaded_again_only_when_their_content_or_declaration_changes(folder: Path) -> None:
    load(folder)
    first = inode(folder)
    os.utime(folder / "loans.csv")
    load(folder)
    assert inode(folder) == first

    (folder / "loans.csv").write_text("id,at,amount\nC,16/4/2015 10:00,1.5\n")
    assert extract(load(folder), "loans", ALL_LOANS).column("id").to_pylist() == ["C"]
    second = inode(folder)
    embedded_database(folder, READERS, model="loans", into=folder / EMBEDDED)
    assert inode(folder) != second


def test_who_reads_the_older_database_keeps_reading_it(folder: Path) -> None:
    path = load(folder).removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM loans").fetchone() == (2,)
        (folder / "loans.csv").write_text("id,at,amount\nC,16/4/2015 10:00,1.5\n")
        load(folder)
        assert reader.execute("SELECT count(*) FROM loans").fetchone() == (2,)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,at,amount\nA,16/4/2015 10:00,1.5\nB,2\n", r"line 3: the row cannot be loaded \(line 3: found 2 fields"),
        (
            "id,at,amount\nA,16/4/2015 10:00,much\n",
            r"line 2: .* \(column amount: its value is not a finite number",
        ),
        ("id,at,amount\nA,2015-04-16,1\n", r"line 2, column at: found '2015-04-16'"),
        (None, "it cannot be opened"),
    ],
)
def test_a_bad_file_costs_nothing_that_is_loaded(folder: Path, content: str | None, said: str) -> None:
    url = load(folder)
    first = inode(folder)
    (folder / "loans.csv").unlink()
    if content is not None:
        (folder / "loans.csv").write_text(content)
    with pytest.raises(DeliveryRefused, match=said):
        load(folder)
    assert inode(folder) == first
    assert extract(url, "loans", ALL_LOANS).num_rows == 2
    assert not list((folder / EMBEDDED).glob("*.tmp")) + list((folder / EMBEDDED).glob(".*.tmp"))


def test_rows_that_cannot_be_loaded_are_put_aside_up_to_a_share(folder: Path) -> None:
    good = [f"G{at},16/4/2015 10:00,1.5" for at in range(30)]
    bad = ["A,31/2/2015 10:00,1.5", "B,16/4/2015 10:00,much"]
    (folder / "loans.csv").write_text("\n".join(["id,at,amount", bad[0], *good, bad[1], ""]))

    def loaded(max_aside: float, **changes: object) -> str:
        readers = {**READERS, "loans": READERS["loans"].model_copy(update=changes)}
        return embedded_database(  # type: ignore[arg-type]
            folder, readers, TYPES, model="loans", into=folder / EMBEDDED, max_aside=max_aside
        )

    url = loaded(0.1)
    assert extract(url, "loans", ALL_LOANS).num_rows == 30
    assert list(rows_aside(url)) == ["loans"]
    aside = rows_aside(url)["loans"]
    assert aside.of == 32
    assert aside.rows[["source_file", "source_line", "source_text"]].to_numpy().tolist() == [
        ["loans.csv", 2, bad[0]],
        ["loans.csv", 33, '{"id": "B", "at": "2015-04-16 10:00:00", "amount": "much"}'],
    ]
    assert aside.rows["reason"][0].startswith("line 2, column at: found '31/2/2015 10:00', expected a day or a moment")
    hidden = rows_aside(loaded(0.1, personal=("amount",)))["loans"].rows
    assert "much" not in hidden.to_string()
    with pytest.raises(
        DeliveryRefused, match=r"line 2: 2 of its 32 rows cannot be loaded, and at most 5\.00% may; the first"
    ):
        loaded(0.05)
    (folder / "loans.csv").write_text("\n".join(["id,at,amount", *good, ""]))
    assert rows_aside(loaded(0.05)) == {}


def test_a_damaged_database_and_what_a_killed_process_left_are_made_good(folder: Path) -> None:
    load(folder)
    (folder / EMBEDDED / "loans.sqlite").write_bytes(b"rubbish" * 1000)
    (folder / EMBEDDED / ".loans-12345678.tmp").write_bytes(b"half")
    assert extract(load(folder), "loans", ALL_LOANS).num_rows == 2
    assert sorted(path.name for path in (folder / EMBEDDED).iterdir()) == ["loans.lock", "loans.sqlite"]


def test_only_the_owner_may_read_it_and_names_lead_nowhere_else(folder: Path) -> None:
    load(folder)
    assert stat.S_IMODE((folder / EMBEDDED / "loans.sqlite").stat().st_mode) == 0o600
    with pytest.raises(NameRefused):
        embedded_database(folder, READERS, model="../loans", into=folder / EMBEDDED)
    with pytest.raises(NameRefused):
        embedded_database(folder, {"../loans": READERS["loans"]}, model="loans", into=folder / EMBEDDED)
    with pytest.raises(DatabaseUnreachable, match="it was loaded from the files"):
        embedded_database(folder, {}, model="loans", into=folder / "loans.csv")


def test_two_processes_at_once_load_it_once(folder: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        urls = list(pool.map(load, [folder] * 4))
    assert len(set(urls)) == 1
    assert extract(urls[0], "loans", ALL_LOANS).num_rows == 2


def test_the_real_loans_are_the_same_from_sqlite_and_from_postgresql(
    real_data: Callable[[str], Path], postgres: str, tmp_path: Path
) -> None:
    columns = {
        "loan_id": "text",
        "customer_id": "text",
        "loan_status": "text",
        "application_time": "timestamp",
        "current_loan_amount": "number",
        "term": "text",
        "tax_liens": "number",
        "purpose": "text",
        "no_of_properties": "number",
    }
    (tmp_path / "loan_details.csv").symlink_to(real_data("loan_eligibility") / "loan_details.csv")
    reader = CsvSource(columns=tuple(columns), dates={"application_time": "%Y-%m-%d %H:%M:%S"})
    numbers = {name: kind for name, kind in columns.items() if kind == "number"}
    types = {"loan_details": numbers}
    embedded = embedded_database(tmp_path, {"loan_details": reader}, types, model="loans", into=tmp_path / EMBEDDED)  # type: ignore[arg-type]
    table = SqlTable.model_validate(
        {
            "query": "SELECT * FROM loan_details WHERE application_time >= :start AND application_time < :end "
            "ORDER BY application_time, loan_id",
            "types": columns,
        }
    )
    kinds = {"text": "text", "number": "double precision", "timestamp": "timestamp"}
    with database(postgres) as url:
        with psycopg.connect(url) as made, (tmp_path / "loan_details.csv").open() as file:
            made.execute(
                f"CREATE TABLE loan_details ({', '.join(f'{name} {kinds[columns[name]]}' for name in columns)})"
            )
            with made.cursor().copy("COPY loan_details FROM STDIN (FORMAT csv, HEADER)") as copy:
                copy.write(file.read())
        rows = 0
        for key in ("2015-04-13", "2015-05-25"):
            window = window_of("week", key)
            one, other = (extract(at, "loan_details", table, window) for at in (embedded, url))
            assert one.equals(other)
            rows += one.num_rows
        assert rows > 1000
