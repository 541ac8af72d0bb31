"""From SQLite and from a real PostgreSQL come the same tables and the same predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.defs.loan_eligibility.simulate import simulate
from driftwatch_assets_tests.loan_eligibility.lending import MODEL, load, take
from driftwatch_assets_tests.postgres import database
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = DAGSTERS_OWN_WARNINGS

WEEKS = ("2015-04-13", "2015-04-20")


def test_simulated_weeks_become_the_same_tables(postgres: str, tmp_path: Path) -> None:
    embedded = House(tmp_path / "embedded", MODEL)
    simulate(embedded.landing, seed=3, days=11, scale=0.2)
    with database(postgres) as url:
        load(url, embedded.landing)
        served = House(tmp_path / "served", MODEL, database=url)
        for house in (embedded, served):
            with house.lived_in():
                for week in WEEKS:
                    take(house.watched, week)
    found = embedded.stored()
    assert found == served.stored()
    # Bronze, quarantine and silver of three tables, and gold.
    assert len(found) == len(WEEKS) * (3 * 3 + 1)
    assert not list(served.folder.rglob("*.sqlite")), "nothing was loaded beside the database"
