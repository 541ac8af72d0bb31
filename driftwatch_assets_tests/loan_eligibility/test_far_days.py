"""Loans with a stand-in for their time cost no week and make none; a loan is in one week, whatever says when."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch_assets.defs.loan_eligibility.simulate import simulate
from driftwatch_assets.steps import ingest, look
from driftwatch_assets.steps.watched import SOURCE
from driftwatch_assets_tests.loan_eligibility.lending import MODEL, execute, load
from driftwatch_assets_tests.loan_eligibility.test_watermark import declared
from driftwatch_assets_tests.postgres import database
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch_assets.steps import Watched

pytestmark = DAGSTERS_OWN_WARNINGS

WEEKS = ["2015-04-13", "2015-04-20", "2015-04-27"]
FAR = (
    "INSERT INTO loan_details (loan_id, customer_id, loan_status, application_time) "
    "VALUES ('far', 'c', 'loan given', '{}')"
)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    simulate(folder, seed=3, days=18, scale=0.05)
    return folder


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, simulated: Path, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'loans.sqlite'}"
        load(url, simulated)
        yield url
        return
    with database(request.getfixturevalue("postgres")) as url:
        load(url, simulated)
        yield url


@pytest.fixture
def watched(url: str, tmp_path: Path) -> Iterator[Watched]:
    house = House(tmp_path / "house", MODEL, database=url)
    with house.lived_in():
        yield house.watched


def weeks(watched: Watched) -> list[str]:
    return [one.batch for one in look(watched).landed]


@pytest.mark.parametrize("day", ["9999-12-31 00:00:00", "0024-04-16 00:00:00"])
def test_a_row_with_a_stand_in_for_its_time_makes_no_weeks_and_costs_none(watched: Watched, url: str, day: str) -> None:
    execute(url, FAR.format(day))
    found = look(declared(watched, end=None))
    assert [one.batch for one in found.landed] == WEEKS
    assert any("the extent has a time that is no row's (before 1900, after 2199" in remark for remark in found.remarks)
    assert all(len(remark) < 200 for remark in found.remarks)


@pytest.mark.parametrize("day", ["9999-12-31 00:00:00", "0024-04-16 00:00:00", "soon"])
def test_a_row_with_a_stand_in_for_its_time_stands_in_the_quarantine_of_the_source(
    watched: Watched, url: str, day: str
) -> None:
    if day == "soon" and not url.startswith("sqlite"):
        pytest.skip("PostgreSQL has no times that are none")
    execute(url, FAR.format(day))
    outcome = ingest(watched, WEEKS[0], ["loan_details"])["loan_details"]
    assert (outcome.refused, outcome.facts["unplaced_rows"]) == (None, 1.0)
    [row] = watched.lake.read(watched.tables.unplaced("loan_details"), SOURCE).to_dict("records")
    assert row["source_file"] == "table loan_details"
    assert re.search(rf"column application_time: found '?{day}", row["reason"])
    assert '"loan_id": "far"' in row["source_text"]
    execute(url, "DELETE FROM loan_details WHERE loan_id = 'far'")
    assert ingest(watched, WEEKS[0], ["loan_details"])["loan_details"].facts["unplaced_rows"] == 0.0
    assert not watched.lake.exists(watched.tables.unplaced("loan_details"), SOURCE)


def test_a_row_that_cannot_be_loaded_stands_in_the_quarantine_of_the_source(simulated: Path, tmp_path: Path) -> None:
    house = House(tmp_path / "house", MODEL)
    for file in simulated.glob("*.csv"):
        content = file.read_text()
        if file.name == "loan_details.csv":
            content += "a1,c1,loan given,2015-02-30 10:00:00,1.0,Short Term,0,x,1\na2,c2,loan given\n"
        house.deliver(file.name, content)
    with house.lived_in():
        found = look(declared(house.watched, end=None))
        assert [one.batch for one in found.landed] == WEEKS
        assert any(re.match(r"loan_details\.csv: 2 of \d+ rows belong to no batch", told) for told in found.remarks)
        outcome = ingest(house.watched, WEEKS[1], ["loan_details"])["loan_details"]
        assert (outcome.refused, outcome.facts["unplaced_rows"]) == (None, 2.0)
        aside = house.watched.lake.read(house.watched.tables.unplaced("loan_details"), SOURCE)
        assert set(aside["source_file"]) == {"loan_details.csv"}
        assert "found '2015-02-30 10:00:00', expected a day or a moment" in aside["reason"][0]
        assert aside["source_text"][1] == "a2,c2,loan given"

        house.deliver("loan_details.csv", (simulated / "loan_details.csv").read_text())
        assert look(declared(house.watched, end=None)).remarks == ()
        assert ingest(house.watched, WEEKS[1], ["loan_details"])["loan_details"].facts["unplaced_rows"] == 0.0
        assert not house.watched.lake.exists(house.watched.tables.unplaced("loan_details"), SOURCE)


def test_more_rows_without_a_time_than_declared_refuse_the_table(watched: Watched, url: str) -> None:
    execute(url, FAR.format("9999-12-31 00:00:00"), FAR.replace("'far'", "'farther'").format("0024-04-16 00:00:00"))
    refused = ingest(declared(watched, max_unplaced=0.0001), WEEKS[0], ["loan_details"])["loan_details"].refused
    assert refused is not None
    assert re.match(
        r"table loan_details: 2 of \d+ rows belong to no batch .*At most 0\.01% may \(max_unplaced\)", refused
    )


def test_a_row_of_the_future_makes_no_weeks_up_to_now(watched: Watched, url: str) -> None:
    execute(url, FAR.format("2098-12-31 00:00:00"))
    found = look(declared(watched, end=None))
    assert [one.batch for one in found.landed] == WEEKS
    [remark] = found.remarks
    assert remark.endswith("to 2098-12-29: not over yet")


def test_rows_outside_of_the_declared_period_are_told_and_not_taken(watched: Watched, url: str) -> None:
    execute(url, FAR.format("1999-01-01 00:00:00"), FAR.format("2015-07-01 00:00:00"))
    found = look(watched)
    assert [one.batch for one in found.landed][:3] == WEEKS
    [remark] = found.remarks
    assert remark.startswith(
        "1998-12-28 to 2015-04-06, 2015-06-01, 2015-06-08, 2015-06-15, 2015-06-22, 2015-06-29: outside"
    )


def without_time(watched: Watched, query: str) -> Watched:
    source: Any = watched.declaration.source
    loans = source.tables["loan_details"].model_copy(update={"time": None, "query": query})
    return declared(watched, tables={**source.tables, "loan_details": loans})


def test_a_loan_that_is_in_two_weeks_refuses_the_second_where_no_time_is_declared(watched: Watched, url: str) -> None:
    source: Any = watched.declaration.source
    query = source.tables["loan_details"].query
    for week in WEEKS[:2]:
        assert ingest(without_time(watched, query), week, ["loan_details"])["loan_details"].refused is None
    later = "datetime(:end, '+1 day')" if url.startswith("sqlite") else ":end + interval '1 day'"
    wrong = without_time(watched, query.replace(":end", later))
    assert ingest(wrong, WEEKS[0], ["loan_details"])["loan_details"].refused is None, "nothing is in the week before"
    refused = ingest(wrong, WEEKS[1], ["loan_details"])["loan_details"].refused
    assert refused is not None
    assert f"table loan_details, window {WEEKS[1]}: " in refused
    assert f"rows are in window {WEEKS[0]}, too; the first has loan_id '" in refused
    assert "as >= :start AND < :end" in refused
