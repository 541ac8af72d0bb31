"""A batch whose name is too long for the names of its pages is refused when it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.lake import check_name
from driftwatch_assets.reporting.anomaly_pictures import PICTURES
from driftwatch_assets.steps import look
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = DAGSTERS_OWN_WARNINGS


def test_it_is_not_taken_and_the_reason_is_told(tmp_path: Path) -> None:
    house = House(tmp_path)
    fits, long = "1" * 91, "2" * 92
    for batch in (fits, long):
        house.deliver(f"batch{batch}.dat", "1 1:2\n")

    arrived = look(house.watched)

    assert [one.batch for one in arrived.landed] == [fits]
    [told] = arrived.remarks
    assert told.startswith(f"batch{long}.dat: its batch has a name of 92 characters")
    assert told.endswith("rename the file, or let the pattern capture less")
    tables = house.watched.tables
    for path in (*(tables.picture(fits, name) for name in PICTURES), tables.page(fits), tables.quality_json(fits)):
        check_name("file", path.rpartition("/")[2])


def test_characters_that_are_written_longer_in_a_file_name_count_as_such(tmp_path: Path) -> None:
    tables = House(tmp_path).watched.tables
    assert tables.misfit("a" * 40) == ""
    assert "a name of 40 characters, with which the names of its pages would have 189" in tables.misfit("_" * 40)
