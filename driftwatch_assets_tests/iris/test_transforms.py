"""How fetched flowers become typed rows and features, and which of them a model may still be judged on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.defs.iris.simulate import simulate
from driftwatch_assets.defs.iris.transforms import FEATURES, SILVER_TYPES, SPECIES, gold, silver
from driftwatch_assets_tests.iris.flowers import bronze, bronze_of, published, silver_of

if TYPE_CHECKING:
    from pathlib import Path

GOOD = ("5.1", "3.5", "1.4", "0.2", "Iris-setosa")


@pytest.fixture
def published_file(tmp_path: Path) -> Path:
    file = tmp_path / "fetch-000001.csv"
    file.write_text(published())
    return file


def test_flowers_are_known_by_their_line_and_get_numbers_and_a_species() -> None:
    typed = silver(bronze(GOOD, ("7.0", " 3.2 ", "4.7", "1.4", " Iris-versicolor")))

    assert typed["flower"].tolist() == [1, 2]
    assert typed["flower"].dtype == np.int64
    assert typed.loc[1, list(FEATURES)].tolist() == [7.0, 3.2, 4.7, 1.4]
    assert typed["species"].tolist() == ["setosa", "versicolor"]
    assert typed["reject_reason"].isna().all()
    assert set(typed.drop(columns="reject_reason").columns) == set(SILVER_TYPES)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((None, *GOOD[1:]), "sepal_length is missing"),
        ((*GOOD[:2], "?", *GOOD[3:]), "petal_length '?' is no number"),
        ((*GOOD[:3], "nan", GOOD[4]), "petal_width 'nan' is no number"),
        ((*GOOD[:3], "-0.2", GOOD[4]), "petal_width -0.2 cm is not above 0 and at most 30 cm"),
        ((*GOOD[:3], "0.0", GOOD[4]), "petal_width 0 cm is not above 0 and at most 30 cm"),
        (("51", *GOOD[1:]), "sepal_length 51 cm is not above 0 and at most 30 cm"),
        (("inf", *GOOD[1:]), "sepal_length inf cm is not above 0 and at most 30 cm"),
        ((*GOOD[:4], "Iris-setsoa"), "species 'Iris-setsoa' is none of Iris-setosa, Iris-versicolor, Iris-virginica"),
        ((*GOOD[:4], "setosa"), "species 'setosa' is none of Iris-setosa, Iris-versicolor, Iris-virginica"),
    ],
)
def test_a_flower_that_cannot_be_believed_is_rejected_with_what_was_found(
    row: tuple[str | None, ...], reason: str
) -> None:
    assert silver(bronze(GOOD, row, GOOD))["reject_reason"].tolist() == [None, reason, None]


def test_a_species_that_is_not_known_yet_is_no_reason_to_reject() -> None:
    typed = silver(bronze((*GOOD[:4], None)))

    assert typed["species"].isna().all()
    assert typed["reject_reason"].isna().all()


def test_equal_flowers_are_all_kept() -> None:
    assert silver(bronze(GOOD, GOOD, GOOD))["reject_reason"].isna().all()


def test_the_index_is_kept_and_the_input_is_not_changed() -> None:
    rows = bronze(GOOD, GOOD, GOOD).iloc[[2, 0]]
    before = rows.copy(deep=True)

    assert silver(rows).index.tolist() == [2, 0]
    pd.testing.assert_frame_equal(rows, before)


def test_a_fetch_without_a_flower_has_the_same_columns_and_types() -> None:
    rows = bronze(GOOD)
    full, empty = silver(rows), silver(rows.iloc[:0])

    assert empty.empty
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert gold(empty, {"000001": full}).columns.tolist() == gold(full).columns.tolist()
    assert gold(full, {"000001": empty})["reject_reason"].isna().all()


def test_the_published_flowers_are_read_with_the_empty_line_at_their_end(published_file: Path) -> None:
    typed = silver_of(published_file)

    assert len(typed) == 150
    assert typed["species"].value_counts().to_dict() == dict.fromkeys(SPECIES.values(), 50)
    assert typed["flower"].tolist() == list(range(1, 151))
    assert typed[[*FEATURES, "species"]].duplicated().sum() == 1
    assert gold(typed).columns.tolist() == ["flower", *FEATURES, "species", "reject_reason"]


def fetched(text: str, folder: Path, number: int) -> pd.DataFrame:
    file = folder / f"fetch-{number:06}.csv"
    file.write_text(text)
    return silver_of(file)


def new(fetch: pd.DataFrame, *earlier: pd.DataFrame) -> list[int]:
    table = gold(fetch, {f"{at:06}": frame for at, frame in enumerate(earlier, 1)})
    return list(table.loc[table["reject_reason"].isna(), "flower"])


def test_of_a_corrected_fetch_only_the_corrected_flowers_are_new(tmp_path: Path) -> None:
    lines = published().splitlines()
    first = fetched("\n".join(lines), tmp_path, 1)
    lines[34] = "4.9,3.1,1.5,0.7,Iris-setosa"
    lines[99] = "5.7,2.8,4.1,1.3,Iris-virginica"
    second = fetched("\n".join(lines), tmp_path, 2)

    assert new(second, first) == [35, 100]
    assert new(first, first) == []


@pytest.mark.parametrize("reverse", [False, True])
def test_of_a_fetch_that_grew_the_added_flowers_are_new_wherever_they_stand(tmp_path: Path, *, reverse: bool) -> None:
    lines = [line for line in published().splitlines() if line]
    first = fetched("\n".join(lines), tmp_path, 1)
    added = [f"9.{at},4.1,7.7,3.1,Iris-virginica" for at in range(8)]
    longer = [*lines[:50], *added, *lines[50:]]
    second = fetched("\n".join(longer[::-1] if reverse else longer), tmp_path, 2)

    assert len(new(second, first)) == 8
    assert (second.set_index("flower").loc[new(second, first), "sepal_length"] >= 9).all()


def test_of_equal_flowers_as_many_are_old_as_stood_there_before(tmp_path: Path) -> None:
    setosa, other = ",".join(GOOD), "7.0,3.2,4.7,1.4,Iris-versicolor"
    first = fetched(f"{setosa}\n{setosa}\n{other}", tmp_path, 1)
    second = fetched(f"{setosa}\n{other}\n{setosa}\n{setosa}", tmp_path, 2)

    assert new(second, first) == [4]
    assert new(second, first, second) == []


def test_a_flower_that_was_in_an_earlier_version_stays_old(tmp_path: Path) -> None:
    lines = [line for line in published().splitlines() if line]
    first = fetched("\n".join(lines), tmp_path, 1)
    shorter = fetched("\n".join(lines[10:]), tmp_path, 2)
    again = fetched("\n".join(lines), tmp_path, 3)
    reason = gold(again, {"000001": first, "000002": shorter})["reject_reason"]

    assert new(shorter, first) == new(again, first, shorter) == []
    assert set(reason) == {"stands in fetch 000001 already"}


def test_flowers_of_other_fetches_that_agree_by_chance_are_new(tmp_path: Path) -> None:
    fetches = [silver_of(file) for file in simulate(tmp_path, seed=1, batches=5)]
    pooled = pd.concat(fetches)
    assert pooled[[*FEATURES, "species"]].duplicated().sum() > 5

    for at, fetch in enumerate(fetches):
        assert new(fetch, *fetches[:at]) == fetch["flower"].tolist()


def test_the_bronze_of_a_fetch_has_a_line_for_every_flower(published_file: Path) -> None:
    assert bronze_of(published_file)["source_line"].tolist() == list(range(1, 151))
