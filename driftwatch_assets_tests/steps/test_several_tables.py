"""Bronze of several tables is taken in whole or not at all, chosen tables of it by hand, and is forgotten in time."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from driftwatch_assets.steps import DELIVERY_CHECK, DeliveryMissing, PersonalKept, clean, ingest, look
from driftwatch_assets_tests.components.club.declared import model, put, watched_in
from driftwatch_assets_tests.components.club.deliveries import tables, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from driftwatch_assets.steps import StepOutcome, Watched

MEMBERS, VISITS = "club/bronze/members", "club/bronze/visits"


@pytest.fixture
def club(tmp_path: Path) -> Watched:
    club = watched_in(tmp_path)
    deliver(club, 3)
    return club


def deliver(club: Watched, through: int, *, changed: Callable[[str, list[str]], list[str]] | None = None) -> None:
    for table, lines in tables(through).items():
        put(club, f"{table}.csv", text(table, lines if changed is None else changed(table, lines)))


def taken_in(club: Watched, *months: str) -> None:
    for month in months:
        assert refusals(ingest(club, month)) == {}
        assert refusals(clean(club, month)) == {}


def refusals(outcomes: dict[str, StepOutcome]) -> dict[str, str]:
    return {name: outcome.refused for name, outcome in outcomes.items() if outcome.refused is not None}


def checks(outcome: StepOutcome) -> dict[str, bool]:
    return {check.name: check.passed for check in outcome.checks}


class TestABatch:
    def test_has_the_rows_of_its_window_and_no_others(self, club: Watched) -> None:
        outcomes = ingest(club, "2024-02")
        assert {name: outcome.facts["rows"] for name, outcome in outcomes.items()} == {"members": 60.0, "visits": 120.0}
        joined = club.lake.read(MEMBERS, "2024-02")["joined"]
        assert joined.min() >= pd.Timestamp("2024-02-01")
        assert joined.max() < pd.Timestamp("2024-03-01")
        assert club.lake.read(VISITS, "2024-02")["source_line"].tolist() == list(range(62, 182)), "lines of the file"

    def test_has_a_row_with_a_wrong_value_in_quarantine_and_the_other_months_go_on(self, tmp_path: Path) -> None:
        readable = {"bronze": {"members": [{"expect": "readable", "max_share": 0.05}]}}
        club = watched_in(tmp_path, model(quality=readable))

        def spoilt(rows: int) -> Callable[[str, list[str]], list[str]]:
            def change(table: str, lines: list[str]) -> list[str]:
                if table != "members":
                    return lines
                return [
                    line.replace(",2024", "x,2024") if 60 <= at < 60 + rows else line for at, line in enumerate(lines)
                ]

            return change

        deliver(club, 3, changed=spoilt(2))
        assert [one.batch for one in look(club).landed] == ["2024-01", "2024-02", "2024-03"]
        taken_in(club, "2024-01", "2024-02", "2024-03")
        aside = {month: club.lake.read("club/quarantine/members", month) for month in ("2024-01", "2024-02", "2024-03")}
        assert {month: rows["source_line"].tolist() for month, rows in aside.items()} == {
            "2024-01": [],
            "2024-02": [62, 63],
            "2024-03": [],
        }
        assert aside["2024-02"]["reason"][0].startswith("line 62, column fee: found ")
        assert len(club.lake.read("club/silver/members", "2024-02")) == 58

        deliver(club, 3, changed=spoilt(6))
        assert "members" in refusals(ingest(club, "2024-02"))
        assert refusals(ingest(club, "2024-03")) == {}

    def test_is_whole_beside_rows_of_the_source_that_belong_to_no_batch(self, club: Watched) -> None:
        taken_in(club, "2024-01")
        before = club.lake.fingerprint(VISITS, "2024-01")
        bad = ["m01000,9999-12-31,7,", "m01002,2024-01-28,7,8,"]
        put(club, "visits.csv", text("visits", [*bad, *tables(3)["visits"]]))
        outcomes = ingest(club, "2024-02")
        assert refusals(outcomes) == {}
        facts, quarantine = outcomes["visits"].facts, "club/unplaced/visits"
        assert (facts["rows"], facts["unplaced_rows"]) == (120.0, 2.0)
        assert facts["unplaced_uri"] == club.lake.uri(quarantine, "source")
        assert "| visits.csv | 3 | line 3: found 5 fields, expected 4 |" in facts["unplaced"].markdown
        [delivery] = [check for check in outcomes["visits"].checks if check.name == DELIVERY_CHECK]
        assert "of the source 2 of 362 rows belong to no batch" in delivery.description
        aside = club.lake.read(quarantine, "source")
        assert aside[["source_file", "source_line"]].to_numpy().tolist() == [["visits.csv", 2], ["visits.csv", 3]]
        assert aside["source_text"].tolist() == [
            '{"member": "m01000", "month": "9999-12-31 00:00:00", "visits": 7.0, "status": null}',
            "m01002,2024-01-28,7,8,",
        ]
        page = club.lake.read_file(club.tables.quality_page("2024-02")).decode()
        assert "Rows of the source that belong to no batch" in page
        assert "line 3: found 5 fields, expected 4" in page
        assert outcomes["members"].facts["unplaced_rows"] == 0.0

        ingest(club, "2024-01")
        assert club.lake.read(VISITS, "2024-01").shape[0] == 60
        assert club.lake.fingerprint(VISITS, "2024-01") != before, "its lines have moved"
        deliver(club, 3)
        ingest(club, "2024-01")
        assert club.lake.fingerprint(VISITS, "2024-01") == before
        assert not club.lake.exists(quarantine, "source"), "what has been mended is put aside no longer"

    def test_that_has_too_many_rows_of_no_batch_beside_it_is_refused(self, club: Watched) -> None:
        put(club, "visits.csv", text("visits", [*["m01000,,7,"] * 20, *tables(3)["visits"]]))
        assert "20 of 380 rows belong to no batch" in refusals(ingest(club, "2024-02"))["visits"]
        assert club.lake.batches(VISITS) == club.lake.batches(MEMBERS) == []

    def test_of_which_one_table_is_refused_is_not_stored_at_all(self, club: Watched) -> None:
        deliver(club, 3, changed=lambda table, lines: lines if table == "members" else lines[:60])
        outcomes = ingest(club, "2024-02")
        assert refusals(outcomes) == {
            "visits": "visits.csv has no row whose month lies in 2024-02; deliver it whole, or declare may_be_empty "
            "for the table visits"
        }
        assert club.lake.batches(MEMBERS) == club.lake.batches(VISITS) == []
        assert checks(outcomes["members"]) == {DELIVERY_CHECK: True, "unique_member": True, "matches_email": True}
        assert checks(outcomes["visits"]) == {DELIVERY_CHECK: False}

    def test_that_a_check_halts_leaves_what_is_stored_of_all_tables(self, club: Watched) -> None:
        ingest(club, "2024-02")
        before = {table: club.lake.fingerprint(table, "2024-02") for table in (MEMBERS, VISITS)}

        def twice(table: str, lines: list[str]) -> list[str]:
            return [*lines, lines[60]] if table == "members" else lines

        deliver(club, 3, changed=twice)
        put(club, "visits.csv", text("visits", [*tables(3)["visits"], "m02000,2024-02-28,99,"]))
        refused = refusals(ingest(club, "2024-02"))
        assert list(refused) == ["members"]
        assert refused["members"].startswith("club/bronze/members, batch 2024-02, may not go on: ")
        assert {table: club.lake.fingerprint(table, "2024-02") for table in (MEMBERS, VISITS)} == before

    def test_can_be_one_without_a_row_where_that_is_declared(self, tmp_path: Path) -> None:
        club = watched_in(tmp_path, model({"source.tables.visits.may_be_empty": True}))
        deliver(club, 3, changed=lambda table, lines: lines if table == "members" else lines[:60])
        assert refusals(ingest(club, "2024-02")) == {}
        assert club.lake.read(VISITS, "2024-02").empty
        assert refusals(clean(club, "2024-02")) == {}

    def test_bad_files_of_another_table_do_not_touch_a_table_that_is_taken_in_by_hand(self, club: Watched) -> None:
        put(club, "members.csv", "")
        outcomes = ingest(club, "2024-02", ["visits"])
        assert list(outcomes) == ["visits"]
        assert club.lake.batches(VISITS) == ["2024-02"]
        assert club.lake.batches(MEMBERS) == []

    def test_whose_files_are_gone_stands_as_it_is_stored(self, club: Watched) -> None:
        ingest(club, "2024-02")
        (club.landing / "visits.csv").unlink()
        outcomes = ingest(club, "2024-02")
        assert refusals(outcomes) == {}
        assert not any(outcome.facts["changed"] for outcome in outcomes.values())
        with pytest.raises(DeliveryMissing, match=r"batch 2024-03 was asked for, but .*visits\.csv is not there"):
            ingest(club, "2024-03")
        assert club.lake.batches(MEMBERS) == ["2024-02"]

    @pytest.mark.slow
    def test_taken_in_by_two_processes_at_once_is_whole(self, club: Watched, tmp_path: Path) -> None:
        code = (
            "import sys\nfrom pathlib import Path\n"
            "from driftwatch_assets.steps import clean, ingest\n"
            "from driftwatch_assets_tests.components.club.declared import watched_in\n"
            "club = watched_in(Path(sys.argv[1]))\n"
            "print('ready', flush=True)\nsys.stdin.readline()\n"
            "for _ in range(5):\n    ingest(club, '2024-02')\n    clean(club, '2024-02')\n"
        )
        both = [
            subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", code, str(tmp_path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        for process in both:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in both:
            _, told = process.communicate("go\n", timeout=600)
            assert process.returncode == 0, told
        alone = watched_in(tmp_path / "alone")
        deliver(alone, 3)
        taken_in(alone, "2024-02")
        for table in (MEMBERS, VISITS, "club/silver/members", "club/silver/visits", "club/quarantine/members"):
            assert club.lake.fingerprint(table, "2024-02") == alone.lake.fingerprint(table, "2024-02")
            assert not list((tmp_path / "lake").rglob("*.tmp"))


class TestRetention:
    def test_drops_bronze_that_has_become_silver(self, tmp_path: Path) -> None:
        club = watched_in(tmp_path, model({"retention.bronze": 2}))
        deliver(club, 5)
        taken_in(club, "2024-01", "2024-02", "2024-03", "2024-04")
        assert club.lake.batches(MEMBERS) == club.lake.batches(VISITS) == ["2024-03", "2024-04"]
        assert len(club.lake.batches("club/silver/members")) == 4

    def test_keeps_bronze_of_which_there_is_no_silver_yet(self, tmp_path: Path) -> None:
        club = watched_in(tmp_path, model({"retention.bronze": 1}))
        deliver(club, 3)
        for month in ("2024-01", "2024-02", "2024-03"):
            ingest(club, month)
        assert club.lake.batches(MEMBERS) == ["2024-01", "2024-02", "2024-03"]
        clean(club, "2024-02")
        assert club.lake.batches(MEMBERS) == ["2024-01", "2024-03"]

    def test_keeps_a_correction_that_has_not_become_silver(self, tmp_path: Path) -> None:
        """Silver of what was there before the correction is not silver of it."""
        club = watched_in(tmp_path, model({"retention.bronze": 2}))
        deliver(club, 3)
        taken_in(club, "2024-01", "2024-02")
        deliver(club, 3, changed=lambda table, lines: lines[1:] if table == "members" else lines)
        ingest(club, "2024-01", ["members"])
        ingest(club, "2024-03")
        assert "2024-01" in club.lake.batches(MEMBERS)
        assert "2024-01" not in club.lake.batches(VISITS)

    def test_takes_an_old_batch_in_again_while_its_source_has_it_and_forgets_it_again(self, tmp_path: Path) -> None:
        club = watched_in(tmp_path, model({"retention.bronze": 1}))
        deliver(club, 3)
        taken_in(club, "2024-01", "2024-02", "2024-03")
        before = club.lake.fingerprint("club/silver/members", "2024-01")
        taken_in(club, "2024-01")
        assert club.lake.fingerprint("club/silver/members", "2024-01") == before
        assert club.lake.batches(MEMBERS) == ["2024-03"]

    def test_tells_when_an_old_batch_is_asked_for_and_its_source_is_gone(self, tmp_path: Path) -> None:
        club = watched_in(tmp_path, model({"retention.bronze": 1}))
        deliver(club, 2)
        taken_in(club, "2024-01", "2024-02")
        (club.landing / "members.csv").unlink()
        with pytest.raises(DeliveryMissing, match=r"bronze of batch 2024-01 was asked for, but .* nothing is stored"):
            ingest(club, "2024-01")
        assert club.lake.exists("club/silver/members", "2024-01")


class TestSilver:
    def test_of_one_table_can_be_made_by_hand(self, club: Watched) -> None:
        taken_in(club, "2024-01")
        assert list(clean(club, "2024-01", ["visits"])) == ["visits"]

    def test_that_a_check_halts_leaves_what_is_stored_of_all_tables(self, club: Watched) -> None:
        taken_in(club, "2024-01")
        before = {name: club.lake.fingerprint(f"club/silver/{name}", "2024-01") for name in ("members", "visits")}

        def untyped(bronze: pd.DataFrame) -> pd.DataFrame:
            return bronze[["source_line", "member", "month", "status"]].assign(visits="many")

        def older(bronze: pd.DataFrame) -> pd.DataFrame:
            return club.transforms.silver["members"](bronze).assign(age=lambda rows: rows["age"] + 1)

        spoilt = replace(club, transforms=replace(club.transforms, silver={"members": older, "visits": untyped}))
        assert list(refusals(clean(spoilt, "2024-01"))) == ["visits"]
        assert before == {
            name: club.lake.fingerprint(f"club/silver/{name}", "2024-01") for name in ("members", "visits")
        }

    def test_is_never_given_a_personal_column_and_may_not_make_one_up(self, club: Watched) -> None:
        ingest(club, "2024-01")
        seen: list[str] = []

        def curious(bronze: pd.DataFrame) -> pd.DataFrame:
            seen.extend(bronze.columns)
            return club.transforms.silver["members"](bronze).assign(email="made up")

        spoilt = replace(
            club, transforms=replace(club.transforms, silver={**club.transforms.silver, "members": curious})
        )
        with pytest.raises(
            PersonalKept, match="silver of members returned the column 'email', which is declared personal"
        ):
            clean(spoilt, "2024-01")
        assert set(seen) == {"source_line", "member", "age", "fee", "joined", "problem", "source_text"}
        assert club.lake.batches("club/silver/members") == []

    def test_that_is_no_table_says_so(self, club: Watched) -> None:
        ingest(club, "2024-01")
        spoilt = replace(
            club, transforms=replace(club.transforms, silver={**club.transforms.silver, "visits": lambda _: None})
        )
        with pytest.raises(
            TypeError, match="club: silver of visits returned NoneType for batch 2024-01, expected a DataFrame"
        ):
            clean(spoilt, "2024-01")
