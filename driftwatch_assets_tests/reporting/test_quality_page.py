from __future__ import annotations

import json
import re
from dataclasses import replace

import pandas as pd
import pytest

from driftwatch_assets.quality import TableColumns, parse_suite, validate
from driftwatch_assets.reporting import (
    QualityPage,
    json_bytes,
    json_name,
    page_name,
    quality_json,
    quality_json_name,
    quality_name,
    render_quality,
)
from driftwatch_assets.reporting.wording import NOTHING
from driftwatch_assets.results import ExpectationResult
from driftwatch_assets_tests.reporting.page import read_page, section, words
from driftwatch_assets_tests.reporting.task_examples import quality_page, table, verdict

HOSTILE = "<script>alert('x')</script>\"&"


def test_a_halted_batch_says_so_at_the_top_and_why() -> None:
    header = words(read_page(render_quality(quality_page())).one("header"))
    assert "Halted: this batch may not go on" in header
    assert "one row a customer; 2 exceptions." in header
    assert "Rejected rows35" in header


def test_every_table_of_every_layer_has_its_line_and_its_part() -> None:
    page = read_page(render_quality(quality_page()))
    rows = section(page, "tables").one("tbody").all("tr")
    assert [[words(row.one("th")), *map(words, row.all("td"))] for row in rows] == [
        ["financials", "bronze", "9,035", "0", "1", "0", "holds"],
        ["financials", "silver", "9,000", "35", "3", "2", "halted"],
        ["lms", "silver", "99,000", "0", "9", "0", "holds"],
        ["features", "gold", "0", "0", "0", "0", "no check"],
    ]
    links = [each.attributes["href"] for each in section(page, "tables").all("a")]
    assert links == ["#bronze-financials", "#silver-financials", "#silver-lms", "#gold-features"]
    assert {each[1:] for each in links} <= set(re.findall(r' id="([^"]+)"', render_quality(quality_page())))


def test_broken_checks_come_first_by_gravity_with_what_was_found() -> None:
    part = section(read_page(render_quality(quality_page())), "silver-financials")
    rows = part.all("table")[0].one("tbody").all("tr")
    assert [words(row.one("th")) for row in rows] == ["one_row_a_customer", "ages_between_18_and_100", "types"]
    assert [words(row.all("td")[0]) for row in rows] == ["halted", "warning", "holds"]
    assert [words(row.all("td")[1]) for row in rows] == ["error, blocks", "warn", "error"]
    assert [words(row.all("td")[2]) for row in rows] == ["2", "31", "0"]


def test_worst_columns_and_first_rows_stand_below_their_check() -> None:
    found = [
        [[words(row.one("th")), *map(words, row.all("td"))] for row in table.one("tbody").all("tr")]
        for table in section(read_page(render_quality(quality_page())), "silver-financials").all("table")[1:4]
    ]
    assert found == [
        [["17", NOTHING, "withheld"]],
        [["Age", "30"], ["Age_of_the_second_applicant", "1"]],
        [["CUS_0x1", "Age", "-500"], ["CUS_0x2, 2023-01", "Age", NOTHING]],
    ]


def test_rejected_rows_are_listed_by_reason_most_first() -> None:
    part = section(read_page(render_quality(quality_page())), "silver-financials")
    rows = [[words(cell) for cell in row.all("td")] for row in part.all("table")[-1].one("tbody").all("tr")]
    assert rows == [["Age is outside 18 to 100", "31"], ["Annual_Income is no number: _", "4"]]


def test_many_checks_that_hold_are_folded_only_beside_broken_ones() -> None:
    holding = [verdict(f"column_{at}") for at in range(9)]
    broken = verdict("broken_one", passed=False, severity="warn")
    page = QualityPage(
        "m",
        "1",
        (table("silver", "all", 9, holding), table("silver", "some", 9, [*holding, broken])),
    )
    tree = read_page(render_quality(page))
    assert not section(tree, "silver-all").all("details")
    assert "9 checks that hold" in words(section(tree, "silver-some").one("details").one("summary"))


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (QualityPage("m", "1"), "No check was declared for this batch"),
        (QualityPage("m", "1", (table("silver", "t", 3, [verdict("a")]),)), "The one check holds"),
        (
            QualityPage("m", "1", (table("gold", "t", 3, [verdict("a"), verdict("b", passed=False)]),)),
            "1 of 2 checks is broken",
        ),
    ],
)
def test_headline_counts_what_is_broken(page: QualityPage, said: str) -> None:
    assert words(read_page(render_quality(page)).one("h1")) == said


def test_results_of_the_quality_room_are_taken_as_they_are() -> None:
    suite = parse_suite([{"expect": "not_null", "columns": ["age"], "severity": "error", "blocking": False}])
    frame = pd.DataFrame({"age": [31, None, 44]})
    report = validate(frame, suite, columns=TableColumns(), table="people", batch="1")
    found = table("silver", "people", report.rows, [ExpectationResult(**one.as_dict()) for one in report.verdicts])
    assert [each.outcome for each in found.verdicts] == ["failed"]
    page = QualityPage("m", "1", (found,))
    assert quality_json(page)["tables"][0]["checks"][0]["observed"]["worst_columns"] == {"age": 1}
    worst = section(read_page(render_quality(page)), "silver-people").all("table")[1].one("tbody")
    assert [words(worst.one("th")), words(worst.one("td"))] == ["age", "1"]


def test_twin_is_strict_json_that_counts_like_the_page() -> None:
    twin = json.loads(json_bytes(quality_json(quality_page())))
    assert twin["halted"] is True
    assert twin["checks"] == {"failed": 0, "halted": 1, "passed": 11, "warned": 1}
    assert twin["tables"][1]["rejected_rows"] == 35
    assert twin["tables"][1]["checks"][0]["outcome"] == "halted"
    assert twin["tables"][3]["rows"] == 0


def test_page_leads_to_the_batch_the_summary_and_its_twin() -> None:
    links = {each.attributes["href"] for each in read_page(render_quality(quality_page())).all("a")}
    assert {"batch-2024-07.html", "summary.html", "batch-2024-07-quality.json"} <= links


def test_no_batch_has_the_name_of_anothers_quality_page() -> None:
    batches = ("7", "7-quality", "7-quality-quality", "a b", "a_20_b", "7_2d_quality")
    names = [name(each) for each in batches for name in (page_name, quality_name)]
    assert len(set(names)) == len(names)
    assert len({name(each) for each in batches for name in (json_name, quality_json_name)}) == len(names)


def test_no_text_of_a_quality_page_becomes_markup() -> None:
    first = [{"row": HOSTILE, "column": HOSTILE, "value": HOSTILE}]
    check = verdict(HOSTILE, passed=False, worst_columns={HOSTILE: 3}, first_rows=first)
    found = table("silver", HOSTILE, 3, [check.model_copy(update={"sentence": HOSTILE})], {HOSTILE: 2})
    page = replace(quality_page(), model=HOSTILE, title=HOSTILE, batch=HOSTILE, tables=(found,), halted=HOSTILE)
    html = render_quality(page)
    assert "<script>alert" not in html
    assert len(read_page(html).all("script")) == 1
    assert not [each for each in re.findall(r"<\w+[^>]*>", html) if re.search(r"\son\w+=", each)]


def test_same_quality_gives_the_same_bytes() -> None:
    page = quality_page()
    turned = tuple(
        each.model_copy(update={"reasons": dict(reversed(list(each.reasons.items())))}) for each in page.tables
    )
    assert render_quality(page) == render_quality(replace(page, tables=turned))
    assert len(render_quality(page).encode()) < 100_000
