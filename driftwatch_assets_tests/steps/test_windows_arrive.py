"""What a look at files of windows takes, what it lets wait, and what it refuses; nothing is stored by looking."""

from __future__ import annotations

import datetime as dt
import os
from collections import OrderedDict
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.sources import LandingUnreadable, csv_cache
from driftwatch_assets.steps import Arrived, SourceRefused, arrive, look
from driftwatch_assets_tests.components.club.declared import model, put, watched_in
from driftwatch_assets_tests.components.club.deliveries import tables, text

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.steps import Watched


@pytest.fixture
def club(tmp_path: Path) -> Watched:
    return watched_in(tmp_path)


def deliver(club: Watched, through: int, *, age: float = 3600.0) -> None:
    for table, lines in tables(through).items():
        put(club, f"{table}.csv", text(table, lines), age=age)


def batches(arrived: Arrived) -> list[str]:
    return [one.batch for one in arrived.landed]


class TestWindows:
    def test_come_in_order_each_with_a_fingerprint_of_its_own(self, club: Watched) -> None:
        deliver(club, 3)
        arrived = look(club)
        assert batches(arrived) == ["2024-01", "2024-02", "2024-03"]
        assert len({one.fingerprint for one in arrived.landed}) == 3
        assert arrived.remarks == arrived.waiting == ()

    def test_keep_their_fingerprint_when_later_months_are_added_in_front(self, club: Watched) -> None:
        deliver(club, 2)
        before = look(club).landed
        for table, lines in tables(4).items():
            put(club, f"{table}.csv", text(table, list(reversed(lines[-60:])) + lines[:-60]))
        assert {one.batch: one.fingerprint for one in look(club).landed}["2024-01"] == before[0].fingerprint

    def test_that_are_not_over_wait_for_the_clock(self, club: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
        deliver(club, 3)
        monkeypatch.setattr(arrive, "_now", lambda: dt.datetime(2024, 3, 31, 23, 59, 59))  # noqa: DTZ001 - as windows
        arrived = look(club)
        assert batches(arrived) == ["2024-01", "2024-02"]
        assert arrived.remarks == ("2024-03: not over yet",)
        monkeypatch.setattr(arrive, "_now", lambda: dt.datetime(2024, 4, 1))  # noqa: DTZ001 - as above
        assert batches(look(club, arrived.cache)) == ["2024-01", "2024-02", "2024-03"]

    def test_outside_of_start_and_end_are_told_and_not_taken(self, tmp_path: Path) -> None:
        club = watched_in(tmp_path, model({"source.start": "2024-02-10", "source.end": "2024-03-01"}))
        deliver(club, 4)
        arrived = look(club)
        assert batches(arrived) == ["2024-02", "2024-03"]
        assert arrived.remarks == ("2024-01, 2024-04: outside of the declared start and end",)

    def test_are_as_they_were_when_rows_come_that_belong_to_none(self, club: Watched) -> None:
        deliver(club, 2)
        before = look(club).landed
        lines = tables(2)["visits"]
        bad = ["m01000,9999-12-31,7,", "m01001,0024-02-28,7,", "m01002,2024-02-28,7,8,", "m01003,,7,"]
        put(club, "visits.csv", text("visits", [*lines[:60], *bad, *lines[60:]]))
        arrived = look(club)
        assert arrived.landed == before
        [told] = arrived.remarks
        assert told == (
            f"visits.csv: 4 of {len(lines) + 4} rows belong to no batch ({4 / (len(lines) + 4):.2%}); the first: "
            f"line 62: column month: found 9999-12-31 00:00:00, which is no time of a row: expected one from 1900 to "
            f"2199"
        )
        assert look(club, arrived.cache) == arrived

    def test_are_not_made_of_a_file_of_which_too_many_rows_belong_to_none(self, tmp_path: Path) -> None:
        lines = tables(2)["visits"]
        spoilt = [line.replace("2024-01-28", "") if at < 5 else line for at, line in enumerate(lines)]
        for share, taken in ((0.05, True), (0.02, False)):
            club = watched_in(tmp_path, model({"source.max_unplaced": share}))
            deliver(club, 2)
            put(club, "visits.csv", text("visits", spoilt))
            if taken:
                assert batches(look(club)) == ["2024-01", "2024-02"]
                continue
            with pytest.raises(
                SourceRefused, match=r"visits\.csv, line 2: 5 of 180 rows .*At most 2\.00% may \(max_unplaced"
            ):
                look(club)


class TestFiles:
    def test_that_are_missing_are_named_and_nothing_is_taken(self, club: Watched) -> None:
        put(club, "members.csv", text("members", tables(1)["members"]))
        arrived = look(club)
        assert arrived.landed == ()
        assert arrived.remarks == ("visits.csv: not there",)

    def test_that_may_still_be_written_wait(self, tmp_path: Path) -> None:
        club = watched_in(tmp_path, model({"arrivals.settle_seconds": 30}))
        deliver(club, 1)
        put(club, "visits.csv", text("visits", tables(1)["visits"]), age=1)
        arrived = look(club)
        assert arrived.landed == ()
        [waits] = arrived.waiting
        assert waits.startswith("visits.csv: it was modified 1.")
        assert waits.endswith("s ago and has to rest for 30 s")
        assert batches(look(club, settle_seconds=0.0)) == ["2024-01"]

    def test_of_a_writer_whose_clock_is_ahead_wait_too(self, tmp_path: Path) -> None:
        club = watched_in(tmp_path, model({"arrivals.settle_seconds": 30}))
        deliver(club, 1, age=-60)
        arrived = look(club)
        assert arrived.landed == ()
        assert len(arrived.waiting) == 2

    def test_that_did_not_change_are_not_read_again(self, club: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
        deliver(club, 2)
        first = look(club)

        def read(*_: object) -> None:
            raise AssertionError("read again")

        monkeypatch.setattr(arrive, "read_cached", read)
        assert look(club, first.cache).landed == first.landed

    def test_are_read_again_when_they_are_declared_otherwise(self, club: Watched, tmp_path: Path) -> None:
        """The sensor keeps what it saw over a change of the declaration."""
        deliver(club, 2)
        cache = look(club).cache
        by_year = watched_in(tmp_path, model({"source.every": "year"}))
        assert batches(look(by_year, cache)) == ["2024"]

    def test_that_lead_out_of_the_landing_folder_are_refused(self, club: Watched, tmp_path: Path) -> None:
        deliver(club, 1)
        secret = tmp_path / "secret.csv"
        (club.landing / "members.csv").rename(secret)
        (club.landing / "members.csv").symlink_to(secret)
        with pytest.raises(SourceRefused, match=r"club: .*members\.csv is a link out of the landing folder"):
            look(club)

    def test_may_be_links_within_the_landing_folder(self, club: Watched) -> None:
        deliver(club, 1)
        (club.landing / "members.csv").rename(club.landing / "members-2024.csv")
        (club.landing / "members.csv").symlink_to(club.landing / "members-2024.csv")
        assert batches(look(club)) == ["2024-01"]

    def test_that_are_folders_are_refused(self, club: Watched) -> None:
        deliver(club, 1)
        (club.landing / "members.csv").unlink()
        (club.landing / "members.csv").mkdir()
        with pytest.raises(
            SourceRefused, match=r"table members: .*members\.csv: it cannot be opened \(Is a directory\)"
        ):
            look(club)


def test_a_landing_folder_that_is_not_there_is_not_an_empty_one(club: Watched) -> None:
    with pytest.raises(LandingUnreadable, match="is not there; create it"):
        look(club)


@pytest.mark.skipif(os.geteuid() == 0, reason="whoever may do anything may also look")
def test_a_landing_folder_that_may_not_be_read_is_not_an_empty_one(club: Watched) -> None:
    deliver(club, 1)
    club.landing.chmod(0o000)
    try:
        with pytest.raises(LandingUnreadable, match="cannot be looked at"):
            look(club)
    finally:
        club.landing.chmod(0o755)


ONE = tables(1)
BAD = {
    "missing column": (
        "members",
        lambda good: good.replace("name,email,age", "name,email"),
        ["line 1", "column age", "it lacks age"],
    ),
    "extra column": (
        "visits",
        lambda good: good.replace("status", "status,mood", 1),
        ["line 1", "'mood'", "not declared"],
    ),
    "wrong encoding": (
        "visits",
        lambda good: good.encode().replace(b"m01002", b"m\xff1002", 1),
        ["line 4", "0xff", "not utf-8"],
    ),
    "empty table": ("members", lambda good: good.splitlines()[0] + "\n", ["members.csv", "has a header and no rows"]),
    "empty file": ("members", lambda _: "", ["members.csv", "the file is empty"]),
    "mixed dates": (
        "visits",
        lambda good: good.replace("2024-01-28", "28/01/2024", 1),
        ["line 2", "column month", "'28/01/2024'", "%Y-%m-%d"],
    ),
    "unclosed quote": (
        "visits",
        lambda good: good.rstrip("\n").rsplit("\n", 1)[0] + '\n"m01059,2024-01-28,4,\n',
        ["line 61", "quote", "closed"],
    ),
    "truncated": ("visits", lambda good: good.rstrip("\n").rsplit(",", 2)[0], ["line 61", "truncated"]),
    "a NUL": ("members", lambda good: good.replace("m01000", "m0100\0", 1), ["line 2", "NUL"]),
    "no CSV": ("visits", lambda _: b"PK\x03\x04" + bytes(range(256)), ["line 2", "0x80", "not utf-8"]),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_refused_with_source_table_and_place(club: Watched, kind: str) -> None:
    table, spoil, told = BAD[kind]
    deliver(club, 1)
    path = put(club, f"{table}.csv", spoil(text(table, ONE[table])))
    with pytest.raises(SourceRefused) as refused:
        look(club)
    message = str(refused.value)
    assert message.startswith(f"club, table {table}: {path}")
    for part in told:
        assert part in message, message
    assert not list((club.landing.parents[1] / "lake").rglob("*")), "looking stores nothing"


def test_a_good_file_after_a_bad_one_is_taken(club: Watched) -> None:
    deliver(club, 1)
    put(club, "visits.csv", "")
    with pytest.raises(SourceRefused):
        look(club)
    deliver(club, 1)
    assert batches(look(club)) == ["2024-01"]


def test_looking_opens_no_file_that_it_knows(club: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(club, 8)
    known = look(club)
    monkeypatch.setattr(csv_cache, "_kept", OrderedDict())
    for path in club.landing.iterdir():
        stat = path.stat()
        path.write_bytes(b"?" * stat.st_size)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert look(club, known.cache) == known
    with pytest.raises(SourceRefused):
        look(club)
