"""The real loans planted with the future, written in another way, asked for again, and searched for personal data."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg
import pandas as pd
import pytest

from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.defs.loan_default.transforms import SILVER_TYPES
from driftwatch_assets.lake import batch_order
from driftwatch_assets.steps import LookAhead, clean, ingest, make_features, perform, watch_drift
from driftwatch_assets_tests.evidence import stored_evidence
from driftwatch_assets_tests.loan_default.personal import NAME, NUMBER, in_text, personal_in
from driftwatch_assets_tests.loan_default.replayed import MODEL, Replayed
from driftwatch_assets_tests.loan_default.tables import raw
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from driftwatch_assets.steps import Watched

pytestmark = [pytest.mark.soak, *DAGSTERS_OWN_WARNINGS]

LEDGER = f"{MODEL}/silver/lms_loan_daily"


def predictions(watched: Watched) -> dict[str, str]:
    """Give the fingerprint of each month's predictions."""
    table = watched.tables.predictions
    return {month: watched.lake.fingerprint(table, month) for month in watched.lake.batches(table)}


def nobody_pays(house: House, month: str) -> None:
    """Let the stored ledger of a month say that every amount is overdue."""
    lake = house.watched.lake
    lake.write(LEDGER, month, lake.read(LEDGER, month).assign(overdue_amt=999.0), {})


def train_again(house: House, month: str) -> None:
    with house.instance() as instance:
        daemon = LocalDaemon(instance, defs(), places_of(house.settings))
        assert daemon.run(house.component.keys.training_job, dg.RunRequest(partition_key=month)).success


def origin(watched: Watched, table: str, month: str) -> dict[str, str]:
    """Give where a stored partition's rows came from, to write it again."""
    return {name: value for name, value in watched.lake.provenance(table, month).items() if name != "fingerprint"}


class TestTheFuture:
    @pytest.mark.soak
    def test_what_later_ledgers_say_changes_no_training(self, real_house: House) -> None:
        versions = real_house.watched.registry.history(MODEL)
        assert len(versions) > 1
        for version in reversed(versions):
            for month in real_house.watched.lake.batches(LEDGER):
                if batch_order(month) > batch_order(version.trained_through):
                    nobody_pays(real_house, month)
            train_again(real_house, version.trained_through)
        assert real_house.watched.registry.history(MODEL) == versions

    def test_what_was_known_does(self, real_house: House) -> None:
        first = real_house.watched.registry.history(MODEL)[0]
        nobody_pays(real_house, str(pd.Period(first.trained_through, freq="M") - 1))
        train_again(real_house, first.trained_through)
        again = [one for one in real_house.watched.registry.history(MODEL) if one.version > first.version]
        assert {one.data_fingerprint for one in again if one.trained_through == first.trained_through} - {
            first.data_fingerprint
        }

    @pytest.mark.parametrize("table", list(SILVER_TYPES))
    def test_a_silver_row_from_after_the_month_is_caught(self, real_house: House, table: str) -> None:
        lake, silver = real_house.watched.lake, f"{MODEL}/silver/{table}"
        rows = lake.read(silver, "2023-08")
        planted = rows.tail(1).assign(snapshot_date=pd.Timestamp("2023-09-01"))
        lake.write(silver, "2023-08", pd.concat([rows, planted], ignore_index=True), {})
        stored = lake.fingerprint(f"{MODEL}/gold/features", "2023-08")

        with pytest.raises(LookAhead, match=rf"1 silver rows of {table} are dated after batch 2023-08.*2023-09-01"):
            make_features(real_house.watched, "2023-08")
        assert lake.fingerprint(f"{MODEL}/gold/features", "2023-08") == stored

    def test_a_repayment_dated_back_into_the_month_of_the_start_is_set_aside(self, real_house: House) -> None:
        watched, month = real_house.watched, "2023-08"
        bronze = f"{MODEL}/bronze/lms_loan_daily"
        rows = watched.lake.read(bronze, month)
        start = rows[rows["installment_num"] == "0"].iloc[[0]]
        fact = start.assign(installment_num="6", overdue_amt="9999.0", source_line=10**6)
        gold = watched.lake.fingerprint(f"{MODEL}/gold/features", month)
        watched.lake.write(bronze, month, pd.concat([rows, fact], ignore_index=True), origin(watched, bronze, month))

        clean(watched, month)
        aside = watched.lake.read(f"{MODEL}/quarantine/lms_loan_daily", month)
        assert aside["source_line"].tolist() == [10**6]
        assert "installment_num is not the number of months" in aside["reason"].iloc[0]
        make_features(watched, month)
        assert watched.lake.fingerprint(f"{MODEL}/gold/features", month) == gold

    def test_a_gold_that_looks_for_repayments_finds_none_of_its_loans(self, real_house: House) -> None:
        """Whatever gold() does with what it is given: of the month's loans there is no ledger but that of the start."""
        month, given = "2023-08", {}
        watched = real_house.watched
        shipped = watched.transforms.gold

        def peeking(silver: Mapping[str, pd.DataFrame], earlier: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
            made = shipped(silver, earlier)
            ledger = silver["lms_loan_daily"]
            due = ledger[ledger["installment_num"] > 0].groupby("loan_id")["overdue_amt"].max()
            given.update(silver)
            return made.assign(peeked=made["loan_id"].map(due))

        make_features(replace(watched, transforms=replace(watched.transforms, gold=peeking)), month)
        made = watched.lake.read(f"{MODEL}/gold/features", month)
        assert len(made) > 400
        assert made["peeked"].isna().all()
        assert all(table["snapshot_date"].max() < pd.Timestamp("2023-09-01") for table in given.values())
        assert given["feature_clickstream"]["snapshot_date"].nunique() == 8


class TestTheScore:
    def test_one_that_is_shifted_has_a_psi_and_the_rule_fires(self, real_house: House) -> None:
        watched, month = real_house.watched, "2024-01"
        said = watched.lake.read(watched.tables.predictions, month)
        before = psi(watched, month)
        assert before < 0.2
        shifted = said.assign(score_default=(said["score_default"] + 0.2).clip(upper=1.0))
        watched.lake.write(
            watched.tables.predictions, month, shifted, origin(watched, watched.tables.predictions, month)
        )

        watch_drift(watched, month)
        perform(watched, month)
        after = psi(watched, month)
        assert after > 0.5
        governance = (stored_evidence(watched, month, "performance") or {})["governance"]
        parts = {part["text"]: part for part in governance["parts"]}
        assert parts["psi >= 0.2"]["fires"] is True
        assert parts["psi >= 0.2"]["value"] == pytest.approx(after)
        assert governance["fires"] is True


def psi(watched: Watched, month: str) -> float:
    drift: dict[str, Any] = stored_evidence(watched, month, "drift") or {}
    return next(float(row["psi"]) for row in drift["prediction_drift"]["statistics"] if row["kind"] == "numeric")


class TestTheOtherDates:
    def test_the_same_files_with_day_first_dates_give_the_same_silver(
        self, real_replay: Replayed, real_data: Callable[[str], Path], tmp_path: Path
    ) -> None:
        other = House(tmp_path, model=MODEL)
        for file in sorted(real_data(MODEL).glob("*.csv")):
            cells = raw(file)
            for column in ("snapshot_date", "loan_start_date"):
                if column in cells:
                    days = {iso: f"{int(iso[8:])}/{int(iso[5:7])}/{iso[:4]}" for iso in cells[column].unique()}
                    cells[column] = cells[column].map(days)
            other.deliver(file.name, cells.to_csv(index=False))
        watched = other.watched
        for month in ("2023-01", "2023-12", "2024-07"):
            for outcomes in (ingest(watched, month), clean(watched, month)):
                assert not any(outcome.refused for outcome in outcomes.values())
            for layer in ("silver", "quarantine"):
                tables = [f"{layer}/{name}" for name in SILVER_TYPES]
                wanted = real_replay.house.stored(month)
                assert {name: other.stored(month)[f"{name}/{month}"] for name in tables} == {
                    name: wanted[f"{name}/{month}"] for name in tables
                }


class TestAgain:
    @pytest.mark.soak
    def test_one_command_backfills_all_months_with_the_same_content(self, real_house: House) -> None:
        before, stored = predictions(real_house.watched), real_house.stored()
        versions = real_house.watched.registry.history(MODEL)

        ran = real_house.command("backfill", MODEL, timeout=900)

        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "35 of 35 batches were materialized again" in ran.stdout
        assert len(before) == 35
        assert predictions(real_house.watched) == before
        assert real_house.stored() == stored
        assert real_house.watched.registry.history(MODEL) == versions


@pytest.fixture(scope="module")
def values(real_data: Callable[[str], Path]) -> frozenset[str]:
    people = raw(real_data(MODEL) / "features_attributes.csv")
    names, numbers = people["Name"].dropna(), people["SSN"].dropna()
    assert names.str.fullmatch(NAME).all()
    valid = numbers[numbers.str.fullmatch(NUMBER)]
    assert (names.nunique(), valid.nunique()) == (11_776, 11_732)
    return frozenset({*names, *valid})


class TestPersonalData:
    def test_it_stands_in_bronze_and_nowhere_else(self, real_replay: Replayed, values: frozenset[str]) -> None:
        folder = real_replay.house.folder
        found = personal_in(folder / "lake", values)
        bronze = f"{MODEL}/bronze/features_attributes/"
        assert [path for path in found if not path.startswith(bronze)] == []
        assert set().union(*found.values()) == values, "the search finds what is there"
        for kept in ("mlflow", "dagster"):
            assert any((folder / kept).rglob("*")), kept
            assert personal_in(folder / kept, values) == {}

    def test_nothing_printed_or_logged_has_it(self, real_replay: Replayed, values: frozenset[str]) -> None:
        assert real_replay.printed
        assert in_text((real_replay.printed + real_replay.logged).encode(), values) == set()

    def test_the_search_looks_into_archives_and_databases(self, tmp_path: Path) -> None:
        import sqlite3  # noqa: PLC0415 - for this test alone
        import zipfile  # noqa: PLC0415 - for this test alone
        from contextlib import closing  # noqa: PLC0415 - for this test alone

        with zipfile.ZipFile(tmp_path / "model.skops", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("schema.json", json.dumps({"categories": ["Customer 00001"]}))
        with closing(sqlite3.connect(tmp_path / "events.db")) as database, database:
            database.execute("CREATE TABLE events (body TEXT)")
            database.execute("INSERT INTO events VALUES (?)", ("x" * 10_000 + "000-11-2222" + "x" * 10_000,))
        pd.DataFrame({"who": ["Customer 00001"] * 3}).to_parquet(tmp_path / "table.parquet")

        found = personal_in(tmp_path, {"Customer 00001", "000-11-2222"})
        assert found == {
            "events.db": {"000-11-2222"},
            "model.skops": {"Customer 00001"},
            "table.parquet": {"Customer 00001"},
        }
