"""How crash records become typed rows and features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.defs.traffic_accidents.simulate import COLUMNS, simulate
from driftwatch_assets.defs.traffic_accidents.transforms import (
    CATEGORIES,
    COUNTS,
    DATE_PARTS,
    FEATURES,
    HURT,
    SILVER_TYPES,
    gold,
    silver,
)
from driftwatch_assets_tests.traffic_accidents.records import bronze_of, crash, crashes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

YEARS = {2015: 11, 2016: 42, 2017: 86, 2018: 142, 2019: 145, 2020: 123, 2021: 124, 2022: 152, 2023: 175}


def reasons(*rows: dict[str, object]) -> list[str | None]:
    return list(silver(crashes(*rows))["reject_reason"])


def test_text_is_upper_case_and_trimmed_and_counts_are_whole_numbers() -> None:
    typed = silver(crashes(crash(weather_condition="  Rain ", num_units=" 3 ", injuries_no_indication="2.0")))

    assert typed.loc[0, "weather_condition"] == "RAIN"
    assert typed.loc[0, ["num_units", "injuries_no_indication"]].tolist() == [3, 2]
    assert typed["reject_reason"].tolist() == [None]
    assert set(typed.drop(columns="reject_reason").columns) == set(SILVER_TYPES)
    assert (typed[[*COUNTS, *DATE_PARTS]].dtypes == np.int64).all()
    assert typed["crash_date"].dtype == "datetime64[ns]"


def test_unknown_is_a_category_and_a_missing_text_stays_missing() -> None:
    typed = silver(crashes(crash(road_defect="Unknown"), crash(3, road_defect=None)))

    assert typed["road_defect"].tolist() == ["UNKNOWN", None]
    assert typed["reject_reason"].isna().all()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"crash_date": pd.NaT}, "crash_date is missing"),
        ({"num_units": None}, "num_units is missing"),
        ({"num_units": "two"}, "num_units 'two' is no whole number"),
        ({"num_units": "2.5"}, "num_units '2.5' is no whole number"),
        ({"num_units": "1e1"}, "num_units '1e1' is no whole number"),
        ({"num_units": "0"}, "num_units 0 is outside 1 to 50"),
        ({"num_units": "999"}, "num_units 999 is outside 1 to 50"),
        ({"injuries_no_indication": "-1"}, "injuries_no_indication -1 is outside 0 to 200"),
        ({"injuries_no_indication": "99999999999999999999"}, "injuries_no_indication '9999.*' is no whole number"),
        ({"injuries_total": "2"}, "injuries_total is 2, but its four parts add up to 0"),
        ({"injuries_fatal": "1"}, "injuries_total is 0, but its four parts add up to 1"),
        ({"crash_hour": "12"}, "crash_hour '12' is not that of crash_date 2023-07-29 13:00, which is 13"),
        ({"crash_hour": "noon"}, "crash_hour 'noon' is not that of .*"),
        ({"crash_day_of_week": "6"}, "crash_day_of_week '6' is not that of .*, which is 7"),
        ({"crash_month": "13"}, "crash_month '13' is not that of .*, which is 7"),
    ],
)
def test_a_row_that_cannot_be_believed_is_rejected_with_what_was_found(changed: dict[str, Any], reason: str) -> None:
    wrong, right = silver(crashes(crash(**changed), crash(3)))["reject_reason"]

    assert wrong is not None
    assert pd.Series([wrong]).str.fullmatch(reason).all(), wrong
    assert right is None


def test_columns_that_were_shifted_by_one_are_found() -> None:
    row = crash(injuries_total="1", injuries_non_incapacitating="1", injuries_no_indication="3")
    last = list(COLUMNS[15:])
    shifted = row | dict(zip(last, [row[name] for name in [*last[1:], last[0]]], strict=True))

    assert reasons(row) == [None]
    assert None not in reasons(shifted)


def test_date_parts_are_those_of_the_date_also_where_they_were_not_delivered() -> None:
    sunday = crash(3, crash_date=pd.Timestamp("2023-08-13 00:11"), **dict.fromkeys(DATE_PARTS))
    typed = silver(crashes(crash(), sunday))

    assert typed[list(DATE_PARTS)].to_numpy().tolist() == [[13, 7, 7], [0, 1, 8]]
    assert typed["reject_reason"].isna().all()


def test_a_crash_that_was_written_twice_is_kept_once() -> None:
    typed = silver(crashes(crash(5), crash(6, num_units="3"), crash(9), crash(12, alignment=" unknown")))

    assert typed["reject_reason"].tolist() == [None, None, "duplicate of line 5", "duplicate of line 5"]
    assert typed["crash"].iloc[0] == typed["crash"].iloc[3] != typed["crash"].iloc[1]


def test_a_rejected_row_makes_no_other_one_a_duplicate() -> None:
    rows = [crash(5, crash_hour="1"), crash(6), crash(7)]

    assert reasons(*rows)[1:] == [None, "duplicate of line 6"]


def test_every_value_counts_for_the_name_and_a_missing_one_is_no_text() -> None:
    changes: list[dict[str, object]] = [{name: "OTHER"} for name in CATEGORIES]
    changes += [{name: None} for name in CATEGORIES]
    changes += [{"num_units": "3"}, {"injuries_no_indication": "1"}]
    changes += [{name: "1", "injuries_total": "1"} for name in HURT]
    changes += [{"crash_date": pd.Timestamp("2023-07-29 13:01")}]
    rows = [crash(), *(crash(at, **changed) for at, changed in enumerate(changes, 3))]
    typed = silver(crashes(*rows))

    assert typed["reject_reason"].isna().all()
    assert typed["crash"].nunique() == len(rows)
    assert typed["crash"].str.fullmatch("[0-9a-f]{16}").all()


def test_a_name_stays_when_the_file_grows_in_the_middle(tmp_path: Path) -> None:
    short, long = (silver(bronze_of(simulate(tmp_path, seed=1, batches=years)[0])) for years in (4, 5))
    kept = short[short["reject_reason"].isna()]
    later = long[long["reject_reason"].isna() & (long["crash_date"].dt.year < 2019)]

    assert set(kept["crash"]) == set(later["crash"])


def test_a_model_sees_hour_day_and_month_but_neither_the_date_nor_the_year() -> None:
    table = gold(silver(crashes(crash())))

    assert table.columns.tolist() == ["crash", "crash_date", *FEATURES]
    assert set(DATE_PARTS) < set(FEATURES)
    assert not [name for name in FEATURES if "year" in name or "date" in name]
    assert len(FEATURES) == 23


def test_the_index_is_kept_and_the_input_is_not_changed() -> None:
    rows = crashes(crash(), crash(3, num_units="3"), crash(4, num_units="4")).iloc[[2, 0]]
    before = rows.copy(deep=True)

    assert silver(rows).index.tolist() == [2, 0]
    pd.testing.assert_frame_equal(rows, before)


def test_a_year_without_a_crash_has_the_same_columns_and_types(tmp_path: Path) -> None:
    rows = bronze_of(simulate(tmp_path, seed=1, batches=1)[0])
    full, empty = silver(rows), silver(rows.iloc[:0])

    assert empty.empty
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert gold(empty).columns.tolist() == gold(full).columns.tolist()


def test_no_real_crash_is_rejected_and_all_columns_agree_with_each_other(real_data: Callable[[str], Path]) -> None:
    typed = silver(bronze_of(real_data("traffic_accidents") / "traffic_accidents.csv"))

    assert typed["reject_reason"].isna().all()
    assert typed["crash"].nunique() == len(typed) == 1000
    assert typed["crash_date"].dt.year.value_counts().sort_index().to_dict() == YEARS
    assert not typed.isna().any().drop("reject_reason").any()
    assert (typed["injuries_total"] == typed[list(HURT)].sum(axis=1)).all()
    assert ((typed["injuries_total"] == 0) == (typed["most_severe_injury"] == "NO INDICATION OF INJURY")).all()
