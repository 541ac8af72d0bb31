"""Batches of a file that holds all time, and tables that are read once."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftwatch_assets.sources import (
    CsvSource,
    DeliveryRefused,
    extent_of,
    forget_cached,
    read_cached,
    rows_of_window,
    unplaced_rows,
    window_fingerprints,
)
from driftwatch_assets.sources import csv_cache as cache_module
from driftwatch_assets.sources.window import window_at, window_of

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.sources import Unplaced
    from driftwatch_assets.sources.window import Every

NO_TIME = "00:00:00, which is no time of a row: expected one from 1900 to 2199"
SOURCE = CsvSource(columns=("id", "day"), dates={"day": "%Y-%m-%d"})


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    forget_cached()


def write(folder: Path, *rows: str) -> Path:
    path = folder / "loans.csv"
    path.write_text("\n".join(["id,day", *rows, ""]))
    return path


def test_each_window_has_its_rows_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "A,2024-02-01", "B,2024-01-31", "C,2024-02-29", "D,2023-12-31")
    table = SOURCE.read(path)

    assert list(window_fingerprints(table, "day", "month", path=path)) == ["2023-12", "2024-01", "2024-02"]
    february = rows_of_window(table, "day", window_of("month", "2024-02"), path=path)
    assert february.column("id").to_pylist() == ["A", "C"]
    assert february.column("source_line").to_pylist() == [2, 4]
    assert rows_of_window(table, "day", window_of("month", "2025-01"), path=path).num_rows == 0
    assert extent_of(table, "day", path=path) == (
        dt.datetime(2023, 12, 31),  # noqa: DTZ001 - the source's clock
        dt.datetime(2024, 2, 29),  # noqa: DTZ001 - the source's clock
    )


def test_only_the_window_that_changed_has_another_fingerprint(tmp_path: Path) -> None:
    def prints(*rows: str) -> dict[str, str]:
        path = write(tmp_path, *rows)
        return window_fingerprints(SOURCE.read(path), "day", "month", path=path)

    before = prints("A,2024-01-31", "B,2024-02-01", "C,2024-02-29")
    assert prints("X,2023-12-01", "A,2024-01-31", "B,2024-02-01", "C,2024-02-29").items() > before.items()
    assert prints("B,2024-02-01", "A,2024-01-31", "C,2024-02-29") == before
    reordered = prints("A,2024-01-31", "C,2024-02-29", "B,2024-02-01")
    assert reordered["2024-01"] == before["2024-01"]
    assert reordered["2024-02"] != before["2024-02"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.lists(st.dates(dt.date(1969, 1, 1), dt.date(1971, 12, 31)), min_size=1, max_size=20),
    st.sampled_from(["day", "week", "month", "year"]),
)
def test_the_windows_part_the_rows(tmp_path: Path, days: list[dt.date], every: Every) -> None:
    path = write(tmp_path, *(f"{at},{day}" for at, day in enumerate(days)))
    table = SOURCE.read(path)
    keys = [window_at(every, dt.datetime.combine(day, dt.time(12))).key for day in days]

    prints = window_fingerprints(table, "day", every, path=path)
    assert list(prints) == sorted(set(keys))
    for key in prints:
        rows = rows_of_window(table, "day", window_of(every, key), path=path)
        assert rows.column("id").to_pylist() == [str(at) for at, of in enumerate(keys) if of == key]
        assert window_fingerprints(rows, "day", every, path=path) == {key: prints[key]}


def test_rows_that_belong_to_no_window_are_put_aside_and_the_others_are_as_without_them(tmp_path: Path) -> None:
    path = write(tmp_path, "A,2024-01-31", "B,2024-02-01")
    good = window_fingerprints(SOURCE.read(path), "day", "month", path=path)

    bad = ["C,", "D,9999-12-31", "E,0024-02-01", "F", "G,2024-01-31,x", "H,2200-01-01"]
    path = write(tmp_path, "A,2024-01-31", *bad, "B,2024-02-01")
    table = SOURCE.read(path)
    assert window_fingerprints(table, "day", "month", path=path) == good
    assert rows_of_window(table, "day", window_of("month", "2024-01"), path=path).column("id").to_pylist() == ["A"]
    assert rows_of_window(table, "day", window_of("month", "2024-02"), path=path).column("source_line")[0].as_py() == 9
    assert extent_of(table, "day", path=path) == (
        dt.datetime(2024, 1, 31),  # noqa: DTZ001 - the source's clock
        dt.datetime(2024, 2, 1),  # noqa: DTZ001 - the source's clock
    )

    aside = unplaced_rows(table, "day", origin="loans.csv")
    assert (len(aside), aside.of) == (6, 8)
    assert aside.rows.values.tolist() == [
        ["loans.csv", 3, "column day: the time is missing", '{"id": "C", "day": null}'],
        ["loans.csv", 4, f"column day: found 9999-12-31 {NO_TIME}", '{"id": "D", "day": "9999-12-31 00:00:00"}'],
        ["loans.csv", 5, f"column day: found 0024-02-01 {NO_TIME}", '{"id": "E", "day": "0024-02-01 00:00:00"}'],
        ["loans.csv", 6, "line 6: found 1 fields, expected 2", "F"],
        ["loans.csv", 7, "line 7: found 3 fields, expected 2", "G,2024-01-31,x"],
        ["loans.csv", 8, f"column day: found 2200-01-01 {NO_TIME}", '{"id": "H", "day": "2200-01-01 00:00:00"}'],
    ]
    hidden = unplaced_rows(table, "day", origin="loans.csv", personal=["day"]).rows
    assert not any("9999" in text for text in [*hidden["reason"], *hidden["source_text"]])


@pytest.mark.parametrize("every", ["day", "week", "month", "year"])
def test_the_last_time_of_all_is_in_a_window_of_every_length(tmp_path: Path, every: Every) -> None:
    path = write(tmp_path, "A,2199-12-31", "B,1900-01-01")
    table = SOURCE.read(path)
    assert len(unplaced_rows(table, "day", origin="loans.csv")) == 0
    assert len(window_fingerprints(table, "day", every, path=path)) == 2


def test_one_row_costs_no_source_and_a_share_bounds_how_many_may_be_put_aside(tmp_path: Path) -> None:
    def aside(bad: int, good: int) -> Unplaced:
        path = write(tmp_path, *["A,"] * bad, *["B,2024-01-31"] * good)
        return unplaced_rows(SOURCE.read(path), "day", origin="loans.csv")

    assert not aside(0, 1).too_many(0.0)
    assert not aside(1, 1).too_many(0.05)
    assert aside(1, 0).too_many(0.05)
    assert aside(2, 37).too_many(0.05)
    assert not aside(2, 38).too_many(0.05)
    assert aside(1, 99).too_many(0.0)


def test_the_time_is_one_of_the_dates(tmp_path: Path) -> None:
    path = write(tmp_path, "A,2024-01-31")
    with pytest.raises(ValueError, match=r"'id' is no date column of the table, .*: expected one of day"):
        window_fingerprints(SOURCE.read(path), "id", "month", path=path)


def test_an_empty_table_has_no_windows(tmp_path: Path) -> None:
    path = write(tmp_path)
    table = SOURCE.model_copy(update={"may_be_empty": True}).read(path)
    assert window_fingerprints(table, "day", "month", path=path) == {}
    assert rows_of_window(table, "day", window_of("month", "2024-01"), path=path).schema == table.schema
    assert extent_of(table, "day", path=path) is None


def test_a_file_is_read_once_until_it_or_its_declaration_changes(tmp_path: Path) -> None:
    path = write(tmp_path, "A,2024-01-31")
    first = read_cached(SOURCE, path)
    assert read_cached(SOURCE, path) is first
    assert read_cached(SOURCE.model_copy(update={"missing": ("A",)}), path).column("id").to_pylist() == [None]

    before = path.stat()
    write(tmp_path, "B,2024-01-31")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert read_cached(SOURCE, path).column("id").to_pylist() == ["B"]
    path.unlink()
    with pytest.raises(DeliveryRefused):
        read_cached(SOURCE, path)


def test_few_tables_are_kept_and_refusals_are_not(tmp_path: Path) -> None:
    for at in range(2 * cache_module.KEPT_TABLES):
        (tmp_path / str(at)).mkdir()
        read_cached(SOURCE, write(tmp_path / str(at), f"{at},2024-01-31"))
    assert len(cache_module._kept) == cache_module.KEPT_TABLES

    forget_cached()
    with pytest.raises(DeliveryRefused):
        read_cached(SOURCE, write(tmp_path, "A,soon"))
    assert len(cache_module._kept) == 0
