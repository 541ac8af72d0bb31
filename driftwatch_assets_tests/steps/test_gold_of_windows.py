"""Gold of a window rests on what was known by its end; its shape is what is declared; rows may be set aside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from driftwatch_assets.steps import GoldInvalid, LookAhead, clean, ingest, make_features, with_labels
from driftwatch_assets.steps.labels import known_with
from driftwatch_assets_tests.components.club.declared import model, put, watched_in
from driftwatch_assets_tests.components.club.deliveries import tables, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from driftwatch_assets.steps import Watched

GOLD, ASIDE = "club/gold/features", "club/quarantine/features"


@pytest.fixture
def club(tmp_path: Path) -> Watched:
    club = watched_in(tmp_path)
    for table, lines in tables(4).items():
        put(club, f"{table}.csv", text(table, lines))
    return club


def taken_in(club: Watched, *months: str) -> None:
    for month in months:
        ingest(club, month)
        clean(club, month)


def with_gold(club: Watched, change: Callable[[pd.DataFrame], Any]) -> Watched:
    gold = club.transforms.gold
    return replace(
        club, transforms=replace(club.transforms, gold=lambda silver, earlier: change(gold(silver, earlier)))
    )


def seen_by_gold(club: Watched, month: str) -> dict[str, set[str]]:
    """Give the months of the rows that gold is given, by table."""
    seen: dict[str, set[str]] = {}

    def gold(silver: dict[str, pd.DataFrame], earlier: object) -> pd.DataFrame:
        for name, time in (("members", "joined"), ("visits", "month")):
            seen[name] = set(silver[name][time].dt.strftime("%Y-%m"))
        return club.transforms.gold(silver, earlier)

    make_features(replace(club, transforms=replace(club.transforms, gold=gold)), month)
    return seen


class TestHistory:
    def test_is_given_of_the_tables_that_declare_it_and_of_no_later_batch(self, club: Watched) -> None:
        taken_in(club, "2024-01", "2024-02", "2024-03", "2024-04")
        assert seen_by_gold(club, "2024-03") == {"members": {"2024-03"}, "visits": {"2024-01", "2024-02", "2024-03"}}
        assert seen_by_gold(club, "2024-04")["visits"] == {"2024-02", "2024-03", "2024-04"}

    def test_counts_windows_and_not_what_happens_to_be_stored(self, club: Watched) -> None:
        """The graph says that gold of April rests on February, March and April."""
        taken_in(club, "2024-01", "2024-02", "2024-04")
        assert seen_by_gold(club, "2024-04")["visits"] == {"2024-02", "2024-04"}

    @pytest.mark.usefixtures("club")
    def test_can_be_all_of_it(self, tmp_path: Path) -> None:
        everything = watched_in(tmp_path, model({"source.tables.visits.history": "all"}))
        taken_in(everything, "2024-01", "2024-02", "2024-03", "2024-04")
        assert seen_by_gold(everything, "2024-04")["visits"] == {"2024-01", "2024-02", "2024-03", "2024-04"}


class TestLookAhead:
    def test_of_a_row_that_silver_dated_after_the_batch_is_refused(self, club: Watched) -> None:
        taken_in(club, "2024-01", "2024-02")
        silver = club.lake.read("club/silver/visits", "2024-02")
        planted = silver.copy()
        planted.loc[3, "month"] = pd.Timestamp("2024-03-01")
        club.lake.write("club/silver/visits", "2024-02", planted, {"bronze_fingerprint": "planted"})
        with pytest.raises(
            LookAhead, match="1 silver rows of visits are dated after batch 2024-02, first month 2024-03-01"
        ):
            make_features(club, "2024-02")
        assert not club.lake.exists(GOLD, "2024-02")
        planted.loc[3, "month"] = pd.Timestamp("2024-02-29 23:59:59")
        club.lake.write("club/silver/visits", "2024-02", planted, {"bronze_fingerprint": "planted"})
        make_features(club, "2024-02")

    def test_cannot_hide_behind_a_date_that_is_none(self, club: Watched) -> None:
        taken_in(club, "2024-01")
        silver = club.lake.read("club/silver/visits", "2024-01")
        texts = silver.assign(month=silver["month"].dt.strftime("%Y-%m-%d"))
        club.lake.write("club/silver/visits", "2024-01", texts, {"bronze_fingerprint": "planted"})
        with pytest.raises(LookAhead, match="silver of visits gives month as object"):
            make_features(club, "2024-01")


class TestShape:
    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (
                lambda gold: gold.drop(columns="member"),
                "gold() returned no column 'member' for batch 2024-01, which task.id",
            ),
            (
                lambda gold: gold.drop(columns="joined"),
                "no column 'joined' for batch 2024-01, which task.carried names",
            ),
            (
                lambda gold: gold.assign(outcome="left"),
                "but task.known_after says that labels are known 2 batches later",
            ),
            (
                lambda gold: pd.concat([gold, gold.head(1)]),
                "the id 'm01000' more than once for batch 2024-01 (1 repeated",
            ),
            (lambda gold: gold.assign(member=None), "60 rows without an id for batch 2024-01 (column 'member')"),
            (lambda _: None, "gold() returned NoneType for batch 2024-01, expected a DataFrame"),
        ],
        ids=["no id", "not carried", "a label", "twice", "no ids", "nothing"],
    )
    def test_that_does_not_fit_the_declaration_is_refused(
        self, club: Watched, change: Callable[[pd.DataFrame], Any], told: str
    ) -> None:
        taken_in(club, "2024-01")
        with pytest.raises(GoldInvalid) as refused:
            make_features(with_gold(club, change), "2024-01")
        assert told in str(refused.value)
        assert not club.lake.exists(GOLD, "2024-01")


class TestSetAside:
    def test_rows_are_not_in_gold_and_are_counted_with_their_reason(self, club: Watched) -> None:
        lines = tables(1)
        put(club, "visits.csv", text("visits", lines["visits"][2:]))
        taken_in(club, "2024-01")
        outcome = make_features(club, "2024-01")
        assert outcome.facts["rows"] == len(club.lake.read(GOLD, "2024-01")) == 58
        assert outcome.facts["set_aside_rows"] == 2.0
        assert "a member without a count of visits" in outcome.facts["set_aside"].markdown
        aside = club.lake.read(ASIDE, "2024-01")
        assert aside["source_line"].tolist() == ["m01000", "m01001"]
        assert set(aside["reason"]) == {"a member without a count of visits"}
        assert "reject_reason" not in club.lake.read(GOLD, "2024-01")

    def test_rows_may_be_the_repeated_ones(self, club: Watched) -> None:
        taken_in(club, "2024-01")

        def repeated(gold: pd.DataFrame) -> pd.DataFrame:
            again = gold.head(3).assign(reject_reason="a second time")
            return pd.concat([gold, again], ignore_index=True)

        assert make_features(with_gold(club, repeated), "2024-01").facts["set_aside_rows"] == 3.0
        assert len(club.lake.read(GOLD, "2024-01")) == 60

    def test_rows_are_taken_back_when_gold_sets_none_aside_any_more(self, club: Watched) -> None:
        taken_in(club, "2024-01")
        make_features(with_gold(club, lambda gold: gold.assign(reject_reason="all")), "2024-01")
        assert club.lake.exists(ASIDE, "2024-01")
        assert club.lake.read(GOLD, "2024-01").empty
        make_features(with_gold(club, lambda gold: gold.drop(columns="reject_reason")), "2024-01")
        assert not club.lake.exists(ASIDE, "2024-01")


class TestLabels:
    def test_are_those_of_the_month_two_later_and_not_known_before(self, club: Watched) -> None:
        taken_in(club, "2024-01", "2024-02")
        make_features(club, "2024-01")
        assert known_with(club, "2024-01") == "2024-03"
        assert with_labels(club, "2024-01").gold["outcome"].isna().all()
        taken_in(club, "2024-03")
        assert set(with_labels(club, "2024-01").gold["outcome"]) == {"left", "stayed"}
        assert with_labels(club, "2024-01", as_of="2024-02").gold["outcome"].isna().all()
        assert with_labels(club, "2024-01", as_of="2024-03").fingerprint

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (
                lambda told: told.drop(columns="outcome"),
                "labels() returned no column 'outcome' for batch 2024-01 (of 2024-03's",
            ),
            (lambda told: pd.concat([told, told.head(1)]), "the id 'm01000' more than once for batch 2024-01"),
        ],
        ids=["no label", "two labels"],
    )
    def test_that_do_not_fit_are_refused(
        self, club: Watched, change: Callable[[pd.DataFrame], pd.DataFrame], told: str
    ) -> None:
        taken_in(club, "2024-01", "2024-02", "2024-03")
        make_features(club, "2024-01")
        labels = club.transforms.labels
        assert labels is not None
        spoilt = replace(club, transforms=replace(club.transforms, labels=lambda silver: change(labels(silver))))
        with pytest.raises(GoldInvalid) as refused:
            with_labels(spoilt, "2024-01")
        assert told in str(refused.value)
