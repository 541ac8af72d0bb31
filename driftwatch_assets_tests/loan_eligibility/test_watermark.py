"""Weeks that change in the database after they were looked at: late rows and corrections are taken in, nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.arrivals import ArrivalPolicy
from driftwatch_assets.components import records
from driftwatch_assets.defs.loan_eligibility.simulate import simulate
from driftwatch_assets.sources import QueryRefused
from driftwatch_assets.sources.sql_snapshot import Snapshot
from driftwatch_assets.steps import look
from driftwatch_assets_tests.loan_eligibility.lending import MODEL, execute, lending, load
from driftwatch_assets_tests.postgres import database
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from driftwatch_assets.sources import Window
    from driftwatch_assets.steps import Watched

pytestmark = DAGSTERS_OWN_WARNINGS

FIRST, SECOND, THIRD = "2015-04-13", "2015-04-20", "2015-04-27"
LATE = (
    "INSERT INTO loan_details (loan_id, customer_id, loan_status, application_time, current_loan_amount) "
    "VALUES ('late', 'nobody', 'loan given', '2015-04-17 09:00:00', 1000)"
)
GONE = "DELETE FROM loan_details WHERE loan_id = 'late'"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    simulate(tmp_path / "made", seed=3, days=18, scale=0.2)
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'loans.sqlite'}"
        load(url, tmp_path / "made")
        yield url
        return
    with database(request.getfixturevalue("postgres")) as url:
        load(url, tmp_path / "made")
        yield url


@pytest.fixture
def house(url: str, tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "house", MODEL, database=url)
    with house.lived_in():
        yield house


def prints(watched: Watched, known: Mapping[str, Any] | None = None) -> dict[str, str]:
    return {one.batch: one.fingerprint for one in look(watched, known).landed}


def declared(watched: Watched, **changes: object) -> Watched:
    declaration = watched.declaration
    return replace(
        watched,
        declaration=declaration.model_copy(update={"source": declaration.source.model_copy(update=changes)}),
    )


CHANGES = {
    "a late row": (LATE, {FIRST}),
    "a row that goes": (
        (
            "DELETE FROM loan_details WHERE application_time >= '2015-04-27 00:00:00' "
            "AND application_time < '2015-04-28 00:00:00'"
        ),
        {THIRD},
    ),
    "a corrected outcome": (
        (
            "UPDATE loan_details SET loan_status = 'loan refused' WHERE loan_id = "
            "(SELECT min(loan_id) FROM loan_details WHERE loan_status = 'loan given' "
            "AND application_time < '2015-04-20 00:00:00')"
        ),
        {FIRST},
    ),
    "corrected amounts": (
        "UPDATE loan_details SET current_loan_amount = NULL WHERE current_loan_amount = 99999999",
        {FIRST, SECOND, THIRD},
    ),
    "customers that are gone": ("DELETE FROM customer_details", {FIRST, SECOND, THIRD}),
    "nothing": ("UPDATE loan_details SET loan_id = loan_id", set()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_week_that_changes_is_another_delivery_and_the_other_weeks_are_not(
    house: House, url: str, change: str
) -> None:
    statement, weeks = CHANGES[change]
    before = look(house.watched)
    execute(url, statement)
    after = prints(house.watched, before.cache)
    assert {one.batch for one in before.landed if after[one.batch] != one.fingerprint} == weeks


def test_a_change_that_is_taken_back_gives_the_first_delivery_again(house: House, url: str) -> None:
    before = prints(house.watched)
    execute(url, LATE)
    assert prints(house.watched) != before
    execute(url, GONE)
    assert prints(house.watched) == before


def test_only_the_newest_weeks_are_asked_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    watched, asked = declared(house.watched, revisit=1), []
    whole = Snapshot.watermark

    def noted(self: Snapshot, query: str, window: Window) -> str:
        asked.append(window.key)
        return whole(self, query, window)

    monkeypatch.setattr(Snapshot, "watermark", noted)
    first = look(watched)
    assert asked == [FIRST, SECOND, THIRD]
    assert look(watched, first.cache).landed == first.landed
    assert asked == [FIRST, SECOND, THIRD, THIRD]
    other = declared(
        watched, watermark="SELECT count(*) FROM loan_details WHERE application_time BETWEEN :start AND :end"
    )
    look(other, first.cache)
    assert asked[4:] == [FIRST, SECOND, THIRD], "another question"


def test_without_a_watermark_a_week_is_one_delivery_for_ever(house: House, url: str) -> None:
    watched = declared(house.watched, watermark=None)
    before = prints(watched)
    execute(url, LATE)
    assert prints(watched) == before


def test_a_watermark_that_cannot_be_asked_names_its_week(house: House) -> None:
    watched = declared(
        house.watched,
        watermark="SELECT max(changed) FROM loan_details WHERE application_time >= :start AND application_time < :end",
    )
    with pytest.raises(QueryRefused, match=f"watermark, window {FIRST} from .*changed"):
        look(watched)


@pytest.mark.slow
def test_a_refused_week_is_taken_in_once_it_is_repaired_and_again_when_a_late_row_comes(house: House, url: str) -> None:
    execute(
        url,
        "CREATE TABLE kept AS SELECT * FROM loan_details",
        "INSERT INTO loan_details SELECT * FROM loan_details WHERE application_time < '2015-04-20 00:00:00'",
    )
    with lending(house) as shipped:
        declaration = shipped.component.declaration.model_copy(update={"arrivals": ArrivalPolicy(attempts=1)})
        lent = shipped.with_model(replace(shipped.component, declaration=declaration))

        def asked() -> list[str | None]:
            requests = lent.arrivals().requests
            for request in requests:
                lent.take_in(request)
            return [request.partition_key for request in requests]

        assert asked() == [FIRST, SECOND, THIRD]
        statuses = {one.batch: one.status for one in records.intakes(lent.instance, MODEL)}
        assert statuses == {FIRST: "refused", SECOND: "succeeded", THIRD: "succeeded"}
        assert asked() == []

        execute(url, "DELETE FROM loan_details", "INSERT INTO loan_details SELECT * FROM kept")
        assert asked() == [FIRST]
        rows = len(lent.watched.lake.read(f"{MODEL}/bronze/loan_details", FIRST))
        assert asked() == []

        execute(url, LATE)
        assert asked() == [FIRST]
        assert len(lent.watched.lake.read(f"{MODEL}/bronze/loan_details", FIRST)) == rows + 1
        assert asked() == []
