"""How cells are read: one number from much typing, words, and spans."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch_assets.defs.loan_default.cells import identifiers, month_number, months, numbers, words

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def column(*cells: str | None) -> pd.Series[Any]:
    return pd.Series(list(cells), dtype=object)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("28", 28.0),
        ("28_", 28.0),
        ("52312.68_", 52312.68),
        ("9000.0", 9000.0),
        ("-500", -500.0),
        ("-3_", -3.0),
        ("+7", 7.0),
        (" 7 ", 7.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("0", 0.0),
    ],
)
def test_a_number_is_read_whole(text: str, value: float) -> None:
    assert numbers(column(text)).tolist() == [value]


@pytest.mark.parametrize(
    "text",
    [
        *("_", "", " ", "-", ".", "NM", "nan", "inf", "1e999", "1,000", "1_000", "12 34", "1.2.3", "--5", "-_5", "5-"),
        *("__10000__", "__-333333333333333333333333333__", "_28", "#F%$D@*&8", "!@9#%8", "٣", "0x10", "5%"),
    ],
)
def test_what_is_no_number_is_null(text: str) -> None:
    assert numbers(column(text)).isna().tolist() == [True]


def test_the_sign_counts_before_the_bounds_do() -> None:
    assert numbers(column("-500", "-30_", "30"), 18, 100).fillna(0).tolist() == [0, 0, 30]


def test_bounds_are_inclusive() -> None:
    assert numbers(column("17", "18", "100", "100.1"), 18, 100).notna().tolist() == [False, True, True, False]


@given(value=FINITE, underscores=st.integers(0, 5))
def test_any_number_comes_back_with_underscores_behind_it(value: float, underscores: int) -> None:
    assert numbers(column(repr(value) + "_" * underscores)).tolist() == [value]


@given(value=FINITE, before=st.integers(1, 4), after=st.integers(0, 4))
def test_no_number_with_underscores_before_it_is_believed(value: float, before: int, after: int) -> None:
    assert numbers(column("_" * before + repr(value) + "_" * after)).isna().all()


@given(text=st.text() | st.text(alphabet="0123456789+-._eE ", max_size=12))
def test_any_text_is_a_number_as_python_reads_it_or_null(text: str) -> None:
    (found,) = numbers(column(text)).tolist()

    if not math.isnan(found):
        assert math.isfinite(found)
        assert found == float(text.strip().rstrip("_"))


@given(cells=st.lists(st.none() | st.sampled_from(["1", "2_", "_", "-3"]) | FINITE.map(repr), max_size=30))
def test_each_cell_is_read_by_itself_and_keeps_its_place(cells: list[str | None]) -> None:
    text = pd.Series(cells, index=range(100, 100 + len(cells)), dtype=object)

    together = numbers(text)
    alone = [numbers(pd.Series([cell], dtype=object)).iloc[0] for cell in cells]

    assert together.index.equals(text.index)
    assert together.dtype == "float64"
    pd.testing.assert_series_equal(together, pd.Series(alone, index=text.index, dtype="float64"))


@given(text=st.text())
def test_words_have_a_letter_and_no_underscore_around_them(text: str) -> None:
    (found,) = words(column(text)).tolist()

    if found is not None:
        assert any(sign.isalpha() for sign in found)
        assert found == found.strip("_ ")
        assert found in text


def test_words_are_kept_as_written() -> None:
    cells = column(
        "Media_Manager", "High_spent_Small_value_payments", "Credit-Builder Loan, and Auto Loan", "NM", "Good_"
    )

    assert words(cells).tolist() == [*cells[:4], "Good"]


@pytest.mark.parametrize("text", ["_", "_______", "!@9#%8", "", " ", "17", "#F%$D@*&8", "<b>x</b>"])
def test_placeholders_are_no_words(text: str) -> None:
    assert words(column(text)).tolist() == [None]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10 Years and 9 Months", 129),
        ("0 Years and 8 Months", 8),
        ("1 year and 0 months", 12),
        ("33 Years and 11 Months", 407),
    ],
)
def test_spans_are_months(text: str, value: int) -> None:
    assert months(column(text)).tolist() == [value]


@pytest.mark.parametrize(
    "text", ["NA", "10 Years", "9 Months", "10 Years and 12 Months", "-1 Years and 3 Months", "129"]
)
def test_what_is_no_span_is_null(text: str) -> None:
    assert months(column(text)).isna().tolist() == [True]


def test_ids_lose_the_space_around_them() -> None:
    assert identifiers(column(" CUS_0xa", "", "  ", None)).tolist() == ["CUS_0xa", None, None, None]


def test_months_are_calendar_months_whatever_the_day() -> None:
    days = pd.Series(pd.to_datetime(["2023-11-30", "2023-12-01", "2024-01-31"]))

    assert month_number(days).diff().tolist()[1:] == [1, 1]
