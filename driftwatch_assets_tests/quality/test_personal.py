"""No value of a personal column comes out of a validation, whatever breaks."""

from __future__ import annotations

import json
import logging
import traceback

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.quality import SuiteCrashed, TableColumns, parse_suite, validate
from driftwatch_assets.quality.engine import great_expectations, unheard

MARKER = "Zaphod-042-17-9001"
NUMBER = 9_001_713_377
KNOWN = TableColumns(
    types={
        "line": "int64",
        "ssn": "float",
        "phone": "number",
        "label": "string",
        "problem": "float",
        "source_text": "float",
    },
    features=("ssn", "phone"),
    identity=("line",),
    personal=("ssn", "phone"),
)
EVERY_KIND = (
    {"expect": "row_count", "min": 9999},
    {"expect": "readable"},
    {"expect": "rejected"},
    {"expect": "schema"},
    {"expect": "values_in", "column": "ssn", "values": ["000-00-0000"]},
    {"expect": "values_in", "column": "phone", "values": [0], "name": "phones"},
    {"expect": "not_null", "columns": "all"},
    {"expect": "between", "columns": "features", "max": 10},
    {"expect": "unique", "columns": ["ssn"]},
    {"expect": "unique", "columns": ["ssn", "phone"]},
    {"expect": "no_duplicates"},
    {"expect": "no_duplicates", "columns": "features"},
    {"expect": "matches", "column": "ssn", "pattern": r"\d{3}"},
    {"expect": "matches", "column": "phone", "pattern": r"\d{3}"},
    {"expect": "matches", "column": "source_text", "pattern": "x", "name": "raw_text"},
    {"expect": "conflicting_labels", "label": "label"},
    {"expect": "conflicting_labels", "label": "ssn", "columns": ["phone"], "name": "personal_label"},
    {"expect": "outliers", "columns": "features"},
    {"expect": "outliers", "columns": ["phone"], "method": "mad", "name": "far"},
    {"expect": "label_leak", "label": "label", "missing": True},
    {"expect": "label_leak", "label": "label", "auc": None, "name": "regions"},
    {"expect": "label_leak", "label": "ssn", "columns": ["label"], "name": "leaking_label"},
    {"expect": "references", "column": "ssn", "table": "people"},
    {"expect": "references", "column": "phone", "table": "people", "key": "number"},
    {"expect": "references", "column": "ssn", "table": "nobody"},
)


def _spoilt() -> pd.DataFrame:
    """Give 200 rows in which every kind finds something about the personal columns."""
    rows = np.arange(200)
    frame = pd.DataFrame({"line": rows + 2, "ssn": [f"{MARKER}{row % 3}" for row in rows]})
    frame["phone"] = np.where(rows % 10 == 0, NUMBER, rows % 7).astype(float)
    frame["label"] = np.where(rows % 10 == 0, "leaked", np.where(rows % 3 == 1, "one", "two"))
    frame["problem"] = [f"column ssn: found {MARKER}" if row % 4 == 0 else None for row in rows]
    frame["source_text"] = [f"{row},{MARKER},{NUMBER}" for row in rows]
    frame.loc[[5, 6], ["ssn", "phone"]] = None
    return frame


def _people() -> dict[str, pd.DataFrame]:
    return {"people": pd.DataFrame({"ssn": ["other", f"{MARKER}-known"], "number": [1.0, NUMBER + 1]})}


def _hidden(text: str) -> None:
    for planted in (MARKER, "Zaphod", str(NUMBER), f"{NUMBER:,}", "9.00171", "9e+09"):
        assert planted not in text


@pytest.mark.parametrize(
    "columns", [KNOWN, TableColumns(features=("ssn", "phone"), identity=("ssn",), personal=("ssn", "phone"))]
)
def test_no_verdict_on_personal_columns_holds_a_value_of_theirs(
    columns: TableColumns, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    items = [dict(item) for item in EVERY_KIND if columns.types or item["expect"] != "schema"]
    report = validate(
        _spoilt(), parse_suite(items), table="bronze/people", batch="1", columns=columns, rejected=3, tables=_people()
    )
    broken = {verdict.name for verdict in report.failed}
    assert len(broken) >= len(items) - 3
    assert broken >= {"label_leak", "regions", "matches_ssn", "values_in_ssn", "references_ssn_in_people", "readable"}
    _hidden(json.dumps(report.as_dict(), allow_nan=False))
    _hidden(repr(report))
    _hidden("\n".join(verdict.sentence for verdict in report.verdicts))
    _hidden(caplog.text)
    out, err = capfd.readouterr()
    _hidden(out + err)


def test_counts_rows_and_lines_of_personal_columns_are_still_told() -> None:
    suite = parse_suite([{"expect": "matches", "column": "ssn", "pattern": r"\d+"}, {"expect": "readable"}])
    matches, read = validate(_spoilt(), suite, table="t", batch="1", columns=KNOWN).verdicts
    assert (matches.observed["unexpected_count"], matches.observed["distinct_unexpected_values"]) == (198, 3)
    assert matches.observed["first_rows"][0] == {"row": 2, "column": "ssn", "value": "withheld"}
    assert "first in row 2: ssn = withheld" in matches.sentence
    assert (read.observed["unexpected_count"], read.observed["first_rows"][1]["row"]) == (50, 6)


def test_a_missing_personal_value_is_told_as_missing() -> None:
    suite = parse_suite([{"expect": "not_null", "columns": ["ssn"]}])
    (verdict,) = validate(_spoilt(), suite, table="t", batch="1", columns=KNOWN).verdicts
    assert verdict.observed["first_rows"][0] == {"row": 7, "column": "ssn", "value": None}


def test_a_leak_of_a_personal_feature_is_named_without_its_values() -> None:
    suite = parse_suite([{"expect": "label_leak", "label": "label", "columns": ["phone"], "auc": None}])
    (verdict,) = validate(_spoilt(), suite, table="t", batch="1", columns=KNOWN).verdicts
    assert "one value of phone (20 of 200 rows, all leaked)" in verdict.sentence


def test_other_columns_are_shown_as_ever() -> None:
    suite = parse_suite([{"expect": "values_in", "column": "label", "values": ["one", "two"]}])
    (verdict,) = validate(_spoilt(), suite, table="t", batch="1", columns=KNOWN).verdicts
    assert verdict.observed["unexpected_values"] == {"leaked": 20}


class Loud:
    """A value that tells what it is when it is compared, hashed or written."""

    def _tell(self, *_: object) -> int:
        message = f"no such value: {MARKER}"
        raise ValueError(message)

    __hash__ = __eq__ = __lt__ = __str__ = __repr__ = _tell  # type: ignore[assignment]


@pytest.mark.parametrize(
    "item",
    [
        item
        for item in EVERY_KIND
        if item["expect"] in {"matches", "values_in", "unique", "conflicting_labels", "references", "label_leak"}
    ],
    ids=lambda item: item.get("name", item["expect"]),
)
def test_a_crash_on_personal_data_tells_kind_and_place_and_no_text(
    item: dict[str, object], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    great_expectations()
    frame = _spoilt().astype({"phone": object})
    for column in ("ssn", "phone", "source_text"):
        frame[column] = [Loud() if row % 2 else value for row, value in enumerate(frame[column])]
    with pytest.raises(SuiteCrashed, match="its text is withheld, since the table has personal columns") as caught:
        validate(frame, parse_suite([item]), table="bronze/people", batch="1", columns=KNOWN, tables=_people())
    crash = caught.value
    _hidden("".join(traceback.format_exception(crash)) + repr(crash.args) + "".join(crash.__notes__))
    assert "Error" in str(crash)
    assert ".py" in crash.__notes__[0]
    assert crash.__cause__ is None
    assert crash.__context__ is None
    _hidden(caplog.text)
    out, err = capfd.readouterr()
    _hidden(out + err)


def test_a_crash_of_other_data_is_told_with_its_text() -> None:
    frame = pd.DataFrame({"x": [Loud(), Loud()]})
    with pytest.raises(SuiteCrashed, match=MARKER):
        validate(frame, parse_suite([{"expect": "matches", "column": "x", "pattern": "a"}]), table="t", batch="1")


def test_what_great_expectations_logs_is_unheard_only_for_as_long_as_it_runs(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("great_expectations.validator.validation_graph")
    with unheard():
        logger.error("Caught exception %s while trying to resolve a set of metrics", MARKER)
    _hidden(caplog.text)
    logger.error("heard")
    assert "heard" in caplog.text
