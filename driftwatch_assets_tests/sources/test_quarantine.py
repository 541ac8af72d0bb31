"""A row goes on or into quarantine, never nowhere."""

from __future__ import annotations

import pandas as pd
import pytest

from driftwatch_assets.sources import RowsUnaccounted, readable, split


@pytest.fixture
def bronze() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source_line": [2, 3, 5, 6],
            "x1": [0.5, None, 1.5, 2.5],
            "problem": [None, "line 3, column 1: found 'nan'", None, None],
            "source_text": [None, "1 1:nan", None, None],
        }
    )


def test_every_row_is_kept_or_rejected_with_its_line_and_reason(bronze: pd.DataFrame) -> None:
    typed = readable(bronze)[["x1"]].assign(reject_reason=[None, None, "too large"])
    parted = split(bronze, typed, "batch7.dat")

    assert parted.kept.to_dict("list") == {"x1": [0.5, 1.5]}
    assert parted.kept.index.tolist() == [0, 1]
    assert parted.rejected.to_dict("records") == [
        {
            "source_file": "batch7.dat",
            "source_line": 3,
            "reason": "line 3, column 1: found 'nan'",
            "source_text": "1 1:nan",
        },
        {"source_file": "batch7.dat", "source_line": 6, "reason": "too large", "source_text": None},
    ]


def test_a_silver_function_without_reasons_keeps_every_readable_row(bronze: pd.DataFrame) -> None:
    parted = split(bronze, readable(bronze)[["x1"]], "batch7.dat")

    assert len(parted.kept) == 3
    assert parted.rejected["source_line"].tolist() == [3]


def test_a_clean_batch_has_an_empty_quarantine_with_its_columns(bronze: pd.DataFrame) -> None:
    clean = readable(bronze)
    parted = split(clean, clean[["x1"]], "batch7.dat")

    assert parted.rejected.empty
    assert parted.rejected.columns.tolist() == ["source_file", "source_line", "reason", "source_text"]
    assert parted.rejected["source_line"].dtype == "int64"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda typed: typed.iloc[:2], r"received 3 rows and returned 2: 1 are lost \(source lines 6\)"),
        (lambda typed: typed.reset_index(drop=True), r"1 are lost \(source lines 6\), 1 are not in bronze"),
        (lambda typed: pd.concat([typed, typed.iloc[:1]]), "0 are not in bronze, 1 come twice"),
    ],
)
def test_a_silver_function_that_loses_or_makes_up_rows_is_an_error(
    bronze: pd.DataFrame, change: object, message: str
) -> None:
    with pytest.raises(RowsUnaccounted, match=message):
        split(bronze, change(readable(bronze)[["x1"]]), "batch7.dat")  # type: ignore[operator]
