"""One row that no model can use costs itself, with file, line and reason; a column that none can take is named."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.steps import GoldInvalid, SilverInvalid, clean, ingest, make_features, with_labels
from driftwatch_assets.steps.labels import put_labels_aside
from driftwatch_assets_tests.components.club.declared import put, watched_in
from driftwatch_assets_tests.components.club.deliveries import tables, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from driftwatch_assets.steps import Watched

MONTH, GOLD, ASIDE = "2024-01", "club/gold/features", "club/quarantine/features"
TWICE = ["m01003", "m01005"]


@pytest.fixture
def club(tmp_path: Path) -> Watched:
    club = watched_in(tmp_path)
    for table, lines in tables(1).items():
        put(club, f"{table}.csv", text(table, lines))
    ingest(club, MONTH)
    return club


def with_gold(club: Watched, change: Callable[[pd.DataFrame], pd.DataFrame], *, known_after: int = 2) -> Watched:
    gold = club.transforms.gold
    task = club.declaration.task.model_copy(update={"known_after": known_after})
    return replace(
        club,
        declaration=club.declaration.model_copy(update={"task": task}),
        transforms=replace(club.transforms, gold=lambda silver, earlier: change(gold(silver, earlier))),
    )


def with_silver(club: Watched, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Watched:
    silver = club.transforms.silver
    members = silver["members"]
    return replace(
        club,
        transforms=replace(club.transforms, silver={**silver, "members": lambda bronze: change(members(bronze))}),
    )


def aside(club: Watched, table: str = ASIDE) -> list[list[Any]]:
    columns = ["source_file", "source_line", "reason"]
    return [list(row) for row in club.lake.read(table, MONTH)[columns].itertuples(index=False)]


def ratio(frame: pd.DataFrame) -> pd.DataFrame:
    """Divide by what is zero in two rows."""
    return frame.assign(ratio=frame["fee"] / np.where(frame["member"].isin(TWICE), 0.0, 2.0))


def test_a_division_by_zero_in_gold_costs_its_rows(club: Watched) -> None:
    clean(club, MONTH)
    outcome = make_features(with_gold(club, ratio), MONTH)
    assert outcome.facts["set_aside_rows"] == 2.0
    assert aside(club) == [["members.csv", line, "column ratio: inf is no finite number"] for line in ("5", "7")]
    assert not club.lake.read(GOLD, MONTH)["member"].isin(TWICE).any()
    assert len(club.lake.read(GOLD, MONTH)) == 58


def test_a_division_by_zero_in_silver_costs_its_rows(club: Watched) -> None:
    divided = with_silver(club, ratio)
    clean(divided, MONTH)
    assert aside(club, "club/quarantine/members") == [
        ["members.csv", line, "column ratio: inf is no finite number"] for line in (5, 7)
    ]
    assert len(club.lake.read("club/silver/members", MONTH)) == 58
    # The lines of gold's rows are right although silver has fewer rows than the file.
    make_features(
        with_gold(divided, lambda gold: gold.assign(fee=gold["fee"].where(gold["member"] != "m01006", -np.inf))), MONTH
    )
    assert aside(club) == [["members.csv", "8", "column fee: -inf is no finite number"]]


def test_a_label_that_is_no_declared_class_costs_its_row(club: Watched) -> None:
    clean(club, MONTH)
    wrong = {"m01003": " left", "m01005": "LEFT", "m01007": None}

    def labelled(gold: pd.DataFrame) -> pd.DataFrame:
        names = [wrong.get(member, "left" if at % 2 else "stayed") for at, member in enumerate(gold["member"])]
        return gold.assign(outcome=pd.Series(names, index=gold.index, dtype=object))

    outcome = make_features(with_gold(club, labelled, known_after=0), MONTH)
    declared = "is none of the declared classes: stayed, left; but for spaces and capitals it is 'left'"
    assert aside(club) == [
        ["members.csv", "5", f"label ' left' {declared}"],
        ["members.csv", "7", f"label 'LEFT' {declared}"],
    ]
    stored = club.lake.read(GOLD, MONTH)
    assert set(stored["outcome"].dropna()) == {"left", "stayed"}
    assert (len(stored), outcome.facts["labelled_rows"]) == (58, 57.0)


@pytest.mark.parametrize("classes", [("0", "1"), ("False", "True")])
@pytest.mark.parametrize("kind", ["int64", "Int64", "float64", "object", "bool", "boolean"])
def test_a_label_is_its_class_in_whatever_type_a_batch_holds_it(
    club: Watched, kind: str, classes: tuple[str, str]
) -> None:
    clean(club, MONTH)

    def labelled(gold: pd.DataFrame) -> pd.DataFrame:
        labels = pd.Series([at % 2 for at in range(len(gold))], index=gold.index).astype(kind)
        return gold.assign(outcome=labels if kind in {"int64", "bool"} else labels.where(gold["member"] != "m01003"))

    counted = with_gold(club, labelled, known_after=0)
    task = counted.declaration.task.model_copy(update=dict(zip(("negative", "positive"), classes, strict=True)))
    make_features(replace(counted, declaration=counted.declaration.model_copy(update={"task": task})), MONTH)
    assert aside(club) == []
    assert set(club.lake.read(GOLD, MONTH)["outcome"].dropna().astype(str)) == set(classes)


def test_what_gold_sets_aside_itself_keeps_its_reason(club: Watched) -> None:
    clean(club, MONTH)

    def changed(gold: pd.DataFrame) -> pd.DataFrame:
        own = gold["member"].map({"m01003": "too young"})
        return ratio(gold).assign(reject_reason=own)

    make_features(with_gold(club, changed), MONTH)
    assert aside(club) == [
        ["silver", "m01003", "too young"],
        ["members.csv", "7", "column ratio: inf is no finite number"],
    ]


def test_a_column_that_is_infinite_in_every_row_is_a_fault_of_gold(club: Watched) -> None:
    clean(club, MONTH)
    with pytest.raises(
        GoldInvalid, match=r"no row that gold\(\) returned for batch 2024-01 can be used; .*column age: inf"
    ):
        make_features(with_gold(club, lambda gold: gold.assign(age=np.inf)), MONTH)
    assert not club.lake.exists(GOLD, MONTH)


def test_labels_of_which_none_is_a_declared_class_are_a_fault_of_gold(club: Watched) -> None:
    """A column of 0 and 1 is read as 0.0 and 1.0 where a label is missing."""
    clean(club, MONTH)
    half = with_gold(club, lambda gold: gold.assign(outcome=[1.0, np.nan] * (len(gold) // 2)), known_after=0)
    with pytest.raises(
        GoldInvalid, match=r"returned 30 labels .* none is a declared class; the first: label '1\.0' is"
    ):
        make_features(half, MONTH)
    assert not club.lake.exists(GOLD, MONTH)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda gold: pd.concat([gold, gold[["fee"]]], axis=1), r"returned the column 'fee' more than once"),
        (
            lambda gold: gold.assign(since=gold["joined"]),
            r"returned dates in column 'since' for batch 2024-01, such as '2024-01-01 00:00:00'; .*days since another",
        ),
        (lambda gold: gold.assign(born=dt.date(1990, 2, 3)), "returned dates in column 'born' .* such as '1990-02-03'"),
        (lambda gold: gold.assign(tags=[["a"]] * len(gold)), r"returned lists in column 'tags' .* such as \"\['a'\]\""),
        (lambda gold: gold.assign(age=gold["joined"] - gold["joined"]), "returned lengths of time in column 'age'"),
    ],
    ids=["twice", "a time", "a day", "lists", "lengths of time"],
)
def test_a_column_that_no_model_takes_is_named_with_an_example(
    club: Watched, change: Callable[[pd.DataFrame], pd.DataFrame], told: str
) -> None:
    clean(club, MONTH)
    with pytest.raises(GoldInvalid, match=told):
        make_features(with_gold(club, change), MONTH)
    assert not club.lake.exists(GOLD, MONTH)


def test_a_column_twice_in_silver_is_named(club: Watched) -> None:
    with pytest.raises(
        SilverInvalid, match="silver of members returned the column 'fee' more than once for batch 2024-01"
    ):
        clean(with_silver(club, lambda silver: pd.concat([silver, silver[["fee"]]], axis=1)), MONTH)
    assert not club.lake.exists("club/silver/members", MONTH)


def test_a_late_label_that_is_no_declared_class_is_not_known_and_stands_in_quarantine(club: Watched) -> None:
    for table, lines in tables(3).items():
        put(club, f"{table}.csv", text(table, lines))
    for month in (MONTH, "2024-02", "2024-03"):
        ingest(club, month)
        clean(club, month)
    make_features(club, MONTH)
    labels = club.transforms.labels
    assert labels is not None

    def told(silver: Any) -> pd.DataFrame:
        known = labels(silver)
        return known.assign(outcome=known["outcome"].where(known["member"] != "m01003", "Left "))

    wrong = replace(club, transforms=replace(club.transforms, labels=told))
    labelled = with_labels(wrong, MONTH)
    assert labelled.gold.set_index("member")["outcome"].isna().pipe(lambda lacks: lacks[lacks]).index.tolist() == [
        "m01003"
    ]
    assert put_labels_aside(wrong, MONTH, labelled)["reason"].str.startswith("label 'Left ' is none of").all()
    [[file, line, _]] = aside(club, "club/quarantine/late_labels")
    visits = club.landing / "visits.csv"
    assert file == "visits.csv"
    assert visits.read_text().splitlines()[int(line) - 1].startswith("m01003,2024-03-28")
    none = replace(
        club, transforms=replace(club.transforms, labels=lambda silver: labels(silver).assign(outcome="gone"))
    )
    with pytest.raises(GoldInvalid, match=r"labels\(\) returned 60 labels .* none is a declared class"):
        with_labels(none, MONTH)
    put_labels_aside(club, MONTH, with_labels(club, MONTH))
    assert not club.lake.exists("club/quarantine/late_labels", MONTH)
