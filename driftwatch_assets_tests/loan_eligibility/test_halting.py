"""A feature that gives the outcome away halts its batch, with a page that says why; everything else goes on."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.defs.loan_eligibility.simulate import simulate
from driftwatch_assets_tests.loan_eligibility.lending import MODEL, judged, lending, rows_of
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = DAGSTERS_OWN_WARNINGS

WEEKS = ("2015-04-13", "2015-04-20", "2015-04-27", "2015-05-04")
PLANTED = WEEKS[1]
WHY = "loan_eligibility/gold/features, batch 2015-04-20, may not go on: "


def plant(house: House, first: str, end: str) -> None:
    """Give every third refused loan of some days seven tax liens, which no other loan has."""
    file = house.landing / "loan_details.csv"
    rows = rows_of(file)
    refused = [row for row in rows if row["loan_status"] == "loan refused"]
    for row in [row for row in refused if first <= str(row["application_time"]) < end][::3]:
        row["tax_liens"] = "7.0"
    with file.open("w", newline="") as opened:
        written = csv.DictWriter(opened, list(rows[0]), lineterminator="\n")
        written.writeheader()
        written.writerows(rows)


def page(house: House, batch: str) -> str:
    return (house.folder / "lake" / MODEL / "reports" / f"batch-{batch}-quality.html").read_text()


def test_a_planted_leak_halts_the_batch_and_the_page_says_why(tmp_path: Path) -> None:
    house = House(tmp_path, MODEL)
    simulate(house.landing, seed=1, days=11)
    plant(house, PLANTED, WEEKS[2])
    with lending(house) as lent:
        told = lent.why(lent.materialize(PLANTED, "bronze", "silver", "gold"))
    assert told.startswith(WHY)
    assert "1 does: tax_liens = 7 (" in told
    assert "all loan refused" in told
    assert not house.watched.lake.exists(f"{MODEL}/gold/features", PLANTED)
    assert house.watched.lake.exists(f"{MODEL}/silver/loan_details", PLANTED)

    verdict = judged(house, PLANTED, "gold", "features")["label_leak"]
    assert (verdict["passed"], verdict["severity"], verdict["blocking"]) == (False, "error", True)
    assert verdict["observed"]["leaks"][0]["feature"] == "tax_liens"
    html = page(house, PLANTED)
    assert "Halted: this batch may not go on" in html
    assert "tax_liens = 7" in html
    assert f'href="batch-{PLANTED}.html"' not in html, "a halted batch has no page of its own"
    twin = json.loads((house.folder / "lake" / MODEL / "reports" / f"batch-{PLANTED}-quality.json").read_text())
    assert twin["halted"] is True
    assert twin["halted_because"].startswith(WHY)


def test_a_feature_that_is_left_unwatched_and_is_none_is_refused_by_name(tmp_path: Path) -> None:
    house = House(tmp_path, MODEL)
    simulate(house.landing, seed=1, days=4, scale=0.3)
    component = house.component
    drift = component.declaration.drift.model_copy(update={"unwatched": ("application_week",)})
    component = replace(component, declaration=component.declaration.model_copy(update={"drift": drift}))
    with lending(house, component) as lent:
        told = lent.why(lent.materialize(WEEKS[0], "bronze", "silver", "gold"))
    assert "gold() returned no column 'application_week' for batch 2015-04-13, which drift.unwatched names" in told


@pytest.mark.soak
def test_the_other_weeks_and_the_other_models_go_on_and_a_correction_is_taken_in(tmp_path: Path) -> None:
    house = House(tmp_path, MODEL)
    simulate(house.landing, seed=1, days=25)
    good = (house.landing / "loan_details.csv").read_bytes()
    plant(house, PLANTED, WEEKS[2])
    told = house.replay()
    assert told.status == 1
    (line,) = [line for line in told.text.splitlines() if line.startswith("batch")]
    assert line.startswith(f"batch {PLANTED} failed: {WHY}")
    lake = house.watched.lake
    kept = [week for week in WEEKS if week != PLANTED]
    assert lake.batches(f"{MODEL}/gold/features") == lake.batches(f"{MODEL}/predictions") == kept
    assert "Halted" not in page(house, WEEKS[2])

    other = House(tmp_path, "iris").replay()
    assert other.status == 0, other.text

    (house.landing / "loan_details.csv").write_bytes(good)
    assert house.backfill(PLANTED, PLANTED).status == 0
    assert lake.batches(f"{MODEL}/gold/features") == list(WEEKS)
    assert "Halted" not in page(house, PLANTED)
