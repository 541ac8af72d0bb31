"""What holds for every kind of expectation: empty tables, gold tables, JSON, names, severity, time."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.quality import SuiteError, TableColumns, check_columns, check_names, parse_suite, validate
from driftwatch_assets.quality.suite import KINDS

TYPES = {"id": "int64", "amount": "float64", "purpose": "string", "at": "datetime", "label": "string"}
FEATURES = ("amount", "purpose", "at")
ITEMS = (
    {"expect": "row_count", "max": 5000},
    {"expect": "readable"},
    {"expect": "rejected"},
    {"expect": "schema"},
    {"expect": "values_in", "column": "purpose", "values": ["car", "house"]},
    {"expect": "not_null", "columns": "features"},
    {"expect": "between", "columns": ["amount"], "min": 0, "max": 1},
    {"expect": "between", "columns": ["at"], "min": "2015-01-01"},
    {"expect": "unique", "columns": ["id"]},
    {"expect": "unique", "columns": ["amount", "purpose"]},
    {"expect": "no_duplicates"},
    {"expect": "matches", "column": "purpose", "pattern": "[a-z]+"},
    {"expect": "conflicting_labels", "label": "label"},
    {"expect": "outliers", "columns": "features"},
    {"expect": "outliers", "columns": ["amount"], "method": "mad"},
    {"expect": "label_leak", "label": "label", "missing": True, "gap": 1},
    {"expect": "references", "column": "purpose", "table": "purposes"},
)
KNOWN = TableColumns(types={**TYPES, "problem": "string"}, features=FEATURES, identity=("id",))
TABLES = {"purposes": pd.DataFrame({"purpose": ["car", "house"]})}


def _named() -> list[dict[str, object]]:
    return [{**item, "name": f"check_{place}"} for place, item in enumerate(ITEMS)]


def _gold(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"id": np.arange(rows), "amount": rng.uniform(0, 1, rows)})
    frame["purpose"] = rng.choice(["car", "house"], rows)
    frame["at"] = pd.Timestamp("2015-04-16") + pd.to_timedelta(rng.integers(0, 64800, rows), "min")
    frame["label"] = rng.choice(["given", "refused"], rows)
    return frame.assign(problem=pd.Series([None] * rows, dtype=object))


def test_every_kind_is_tried_here() -> None:
    assert {item["expect"] for item in ITEMS} == set(KINDS)


def test_names_of_the_new_kinds_are_known_without_data() -> None:
    suite = parse_suite(
        [
            {"expect": "matches", "column": "Credit Mix", "pattern": "a"},
            {"expect": "conflicting_labels", "label": "y"},
            {"expect": "conflicting_labels", "label": "y", "columns": ["a", "b"]},
            {"expect": "outliers", "columns": "features"},
            {"expect": "label_leak", "label": "y"},
            {"expect": "label_leak", "label": "y", "columns": {"matching": "^fe_"}},
            {"expect": "references", "column": "customer_id", "table": "customer-details"},
        ]
    )
    assert check_names(suite) == (
        "matches_Credit_Mix",
        "conflicting_labels",
        "conflicting_labels_a_and_1_more",
        "outliers_features",
        "label_leak",
        "label_leak_matching_fe",
        "references_customer_id_in_customer_details",
    )


@pytest.mark.parametrize("rows", [0, 1, 2, 300])
def test_every_kind_holds_on_a_clean_table_of_any_number_of_rows(rows: int) -> None:
    report = validate(_gold(rows), parse_suite(_named()), table="gold", batch="2024-07", columns=KNOWN, tables=TABLES)
    assert [one.sentence for one in report.failed] == []
    if not rows:
        assert {one.observed["unexpected_share"] for one in report.verdicts} == {0.0}


@pytest.mark.parametrize("dtype", ["object", "float64", "string[pyarrow]", "category", "datetime64[ns]"])
def test_an_empty_table_passes_whatever_its_columns_are(dtype: str) -> None:
    frame = pd.DataFrame({name: pd.Series([], dtype=dtype) for name in _gold(0).columns})
    items = [item for item in _named() if item["expect"] != "schema"]
    assert validate(frame, parse_suite(items), table="gold", batch="1", columns=KNOWN, tables=TABLES).passed


def test_only_a_least_number_of_rows_breaks_on_an_empty_table() -> None:
    suite = parse_suite([*_named(), {"expect": "row_count", "min": 1, "name": "some"}])
    report = validate(_gold(0), suite, table="gold", batch="1", columns=KNOWN, tables=TABLES)
    assert [one.name for one in report.failed] == ["some"]


@pytest.mark.parametrize("types", [TYPES, None])
def test_a_suite_on_gold_is_run_with_what_the_caller_calls_features(types: dict[str, str] | None) -> None:
    frame = _gold(200).drop(columns="problem").assign(amount=[0.4, *[0.5] * 198, 7.0])
    known = TableColumns(types=types, features=("amount",), identity=("id",))
    suite = parse_suite(
        [
            {"expect": "between", "columns": "features", "max": 1},
            {"expect": "outliers", "columns": "features"},
            {"expect": "conflicting_labels", "label": "label"},
            {"expect": "label_leak", "label": "label"},
        ]
    )
    check_columns(suite, known, where="quality.gold")
    report = validate(frame, suite, table="gold", batch="1", columns=known)
    found = {one.name: one.observed["unexpected_count"] for one in report.verdicts}
    assert found == {"between_features": 1, "outliers_features": 1, "conflicting_labels": 198, "label_leak": 0}


def test_before_a_batch_was_made_nothing_is_known_of_gold_and_nothing_is_refused() -> None:
    check_columns(parse_suite([item for item in _named() if item["expect"] != "schema"]), TableColumns())


def test_a_misspelt_column_of_a_typed_gold_is_refused_before_data() -> None:
    for item in (
        {"expect": "matches", "column": "purposes", "pattern": "a"},
        {"expect": "references", "column": "purposes", "table": "x"},
        {"expect": "conflicting_labels", "label": "purposes"},
        {"expect": "label_leak", "label": "label", "columns": ["purposes"]},
        {"expect": "outliers", "columns": ["purposes"]},
    ):
        with pytest.raises(SuiteError, match="no column 'purposes'; did you mean 'purpose'"):
            check_columns(parse_suite([item]), TableColumns(types=TYPES, features=FEATURES))


def test_a_report_is_strict_json_with_what_a_page_needs() -> None:
    frame = _gold(300)
    frame["amount"] = [np.inf, -np.inf, np.nan, *frame["amount"][3:]]
    frame.loc[:40, "label"] = "refused"
    frame.loc[:40, "purpose"] = "x" * 300
    frame.loc[5, "at"] = pd.NaT
    suite = parse_suite([{**item, "severity": "warn"} if item["expect"] == "label_leak" else item for item in _named()])
    report = validate(frame, suite, table="gold", batch="1", columns=KNOWN, tables={})
    given = report.as_dict()
    assert json.loads(json.dumps(given, allow_nan=False)) == given
    assert (given["table"], given["batch"], given["rows"], given["passed"], given["halts"]) == (
        "gold",
        "1",
        300,
        False,
        True,
    )
    leak = given["verdicts"][15]
    assert set(leak) == {"name", "sentence", "passed", "severity", "blocking", "observed"}
    assert (leak["name"], leak["passed"], leak["severity"], leak["blocking"]) == ("check_15", False, "warn", False)
