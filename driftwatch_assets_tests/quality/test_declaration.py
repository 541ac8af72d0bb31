"""What a suite may say, what its checks are called, and how it is told what is wrong with it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from driftwatch_assets.quality import SuiteError, TableColumns, check_columns, check_names, parse_suite
from driftwatch_assets.quality.counts import Readable

FULL = """
- {expect: row_count, min: 50, max: 50000}
- {expect: readable, max_share: 0.05}
- {expect: schema}
- {expect: values_in, column: gas, values: [ethanol, acetone]}
- {expect: not_null, columns: features}
- {expect: between, columns: features, min: -1e6, max: 1.0e6}
- {expect: between, columns: {matching: "_norm$"}, min: 0}
- {expect: between, columns: [bought at], min: 2023-01-01}
- {expect: unique, columns: [reading]}
- {expect: no_duplicates, columns: all, max_share: 0.01, severity: warn}
- {expect: rejected, max_share: 0.05}
"""


def test_every_check_has_a_name_of_letters_digits_and_underscores_before_any_data_is_read() -> None:
    names = check_names(parse_suite(yaml.safe_load(FULL)))
    assert names == (
        "row_count",
        "readable",
        "schema",
        "values_in_gas",
        "not_null_features",
        "between_features",
        "between_matching_norm",
        "between_bought_at",
        "unique_reading",
        "no_duplicates",
        "rejected",
    )


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3, unique=True))
def test_any_column_name_gives_a_valid_check_name(names: list[str]) -> None:
    (name,) = check_names(parse_suite([{"expect": "not_null", "columns": names}]))
    assert re.fullmatch(r"[A-Za-z0-9_]+", name)


def test_an_error_blocks_and_a_warning_does_not_unless_said_otherwise() -> None:
    suite = parse_suite(
        [
            {"expect": "row_count", "min": 1},
            {"expect": "schema", "severity": "warn"},
            {"expect": "rejected", "blocking": False},
        ]
    )
    assert [(one.severity, one.blocking) for one in suite.expectations] == [
        ("error", True),
        ("warn", False),
        ("error", False),
    ]


def test_a_suite_cannot_be_changed_after_it_was_read() -> None:
    suite = parse_suite([{"expect": "row_count", "min": 1}])
    with pytest.raises(ValidationError, match="frozen"):
        suite.expectations[0].min = 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"expect": "betwen"}, "unknown expect: 'betwen'; did you mean 'between'?"),
        ({"min": 3}, "has no key 'expect'; valid: row_count, readable"),
        ({"expect": "row_count", "mni": 3}, "unknown key 'mni'; did you mean 'min'?"),
        ({"expect": "row_count"}, "row_count needs min, max or both"),
        ({"expect": "row_count", "min": 9, "max": 3}, "min is 9, above max, which is 3"),
        ({"expect": "row_count", "min": "lots"}, r"quality\.silver\[0\]\.min: .*valid integer.*found 'lots'"),
        ({"expect": "row_count", "min": 1, "severity": "eror"}, r"\.severity: .*'warn' or 'error'.*found 'eror'"),
        ({"expect": "row_count", "min": 1, "severity": "warn", "blocking": True}, "needs severity: error"),
        ({"expect": "row_count", "min": 1, "name": "a b"}, r"\.name: .*found 'a b'"),
        ({"expect": "rejected", "max_share": 5}, r"\.max_share: .*less than or equal to 1, found 5"),
        ({"expect": "not_null", "columns": "feature"}, "'feature' is no group of columns; did you mean 'features'?"),
        ({"expect": "not_null", "columns": "gas"}, r"a column by its name is a list: \[gas\]"),
        ({"expect": "not_null", "columns": []}, "the list of columns is empty"),
        ({"expect": "not_null", "columns": ["a", "a"]}, "columns named twice: a"),
        ({"expect": "not_null", "columns": {"matching": "["}}, "is no regular expression"),
        ({"expect": "not_null", "columns": {"regex": "a"}}, "the one key 'matching', found"),
        ({"expect": "between", "columns": "all"}, "between needs min, max or both"),
        ({"expect": "between", "columns": "all", "min": 2, "max": 1}, r"min is 2\.0, above max"),
        ({"expect": "between", "columns": "all", "min": "lots"}, "finite number or a date.*found 'lots'"),
        ({"expect": "between", "columns": "all", "min": float("inf")}, "finite number or a date.*found inf"),
        ({"expect": "between", "columns": "all", "min": 1, "max": "2023-01-01"}, "both numbers or both dates"),
        ({"expect": "values_in", "column": "gas", "values": []}, r"\.values: .*at least 1"),
    ],
)
def test_a_wrong_declaration_is_told_with_key_finding_and_valid_values(item: dict[str, object], told: str) -> None:
    with pytest.raises(SuiteError, match=told) as caught:
        parse_suite([item], where="quality.silver")
    assert str(caught.value).startswith("quality.silver")


def test_two_checks_of_the_same_name_are_refused_and_a_given_name_helps() -> None:
    twice = [
        {"expect": "between", "columns": "features", "min": 0},
        {"expect": "between", "columns": "features", "max": 9},
    ]
    with pytest.raises(SuiteError, match="several expectations are called between_features"):
        parse_suite(twice)
    assert check_names(parse_suite([twice[0], {**twice[1], "name": "ceiling"}])) == ("between_features", "ceiling")


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"expect": "not_null", "columns": ["gass"]}, "no column 'gass'; did you mean 'gas'?"),
        ({"expect": "values_in", "column": "gaz", "values": ["x"]}, "no column 'gaz'; did you mean 'gas'?"),
        ({"expect": "between", "columns": {"matching": "^z"}, "min": 0}, "no column matches"),
        ({"expect": "not_null", "columns": "features"}, "the features come to no column"),
        ({"expect": "schema"}, "column 'gas': 'strng' is no type; did you mean 'string'?"),
        ({"expect": "no_duplicates", "columns": ["gas"]}, "for one column use unique"),
    ],
)
def test_columns_that_the_table_is_not_declared_to_have_are_refused_before_data(
    item: dict[str, object], told: str
) -> None:
    with pytest.raises(SuiteError, match=told) as caught:
        check_columns(parse_suite([item]), TableColumns(types={"gas": "strng", "b": "float64"}), where="quality.silver")
    assert str(caught.value).startswith("quality.silver[0]")


def test_schema_is_refused_for_a_table_without_declared_types() -> None:
    with pytest.raises(SuiteError, match="needs the declared types"):
        check_columns(parse_suite([{"expect": "schema"}]), TableColumns())


@given(st.integers(1, 400), st.data())
def test_a_share_of_exactly_max_share_is_allowed(rows: int, data: st.DataObject) -> None:
    unexpected = data.draw(st.integers(0, rows))
    scaled = 10_000 * unexpected
    if scaled % rows:
        return
    allowed = Readable(expect="readable", max_share=float(f"{scaled // rows / 10_000:.4f}"))
    assert (rows - unexpected) / rows >= allowed.mostly


def test_declaring_a_suite_does_not_load_great_expectations() -> None:
    code = (
        "import sys; from driftwatch_assets.quality import parse_suite, check_names;"
        "check_names(parse_suite([{'expect': 'schema'}])); print('great_expectations' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
