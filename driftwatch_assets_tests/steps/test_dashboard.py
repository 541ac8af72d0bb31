"""The dashboard of a batch: drawn once of what is known, kept while that holds, with a small preview."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.reporting.preview import MOST_CHARACTERS
from driftwatch_assets.steps import Link, Text, pictures
from driftwatch_assets.steps.dashboard import draw_dashboard
from driftwatch_assets.steps.evidence import load_performance, write_result
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS, House

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.steps import Watched

pytestmark = DAGSTERS_OWN_WARNINGS


@pytest.fixture(scope="module")
def house(through8: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    return through8.copied_to(tmp_path_factory.mktemp("dashboards"))


@pytest.fixture(scope="module")
def watched(house: House) -> Watched:
    return house.watched


def drawn(watched: Watched, batch: str) -> bytes:
    return watched.lake.read_file(watched.tables.picture(batch, "dashboard"))


def test_scored_batch_has_a_picture_a_link_and_a_preview(watched: Watched) -> None:
    facts = draw_dashboard(watched, "8").facts
    assert facts["dashboard"] == Link(f"{watched.reports_url}/{watched.name}/reports/batch-8-dashboard.png")
    shown = facts["dashboard_preview"]
    assert isinstance(shown, Text)
    assert shown.markdown.startswith(f"[![{watched.declaration.title}, 8: dashboard](data:image/png;base64,")
    assert len(shown.markdown) <= MOST_CHARACTERS
    assert facts["metric"] == "accuracy"
    assert drawn(watched, "8").startswith(b"\x89PNG")


def test_batch_that_no_champion_scored_says_so_and_has_no_picture(watched: Watched) -> None:
    assert draw_dashboard(watched, "1").facts == {"not_drawn": "No champion has scored a row of this batch."}
    assert not watched.lake.has_file(watched.tables.picture("1", "dashboard"))


def test_what_shows_the_same_is_not_drawn_again(
    house: House, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = draw_dashboard(watched, "8")
    titles: list[str] = []

    def draw(*_: object, title: str, **__: object) -> bytes:
        titles.append(title)
        return content

    content = drawn(watched, "8")
    monkeypatch.setattr(pictures, "draw_sheet", draw)
    assert draw_dashboard(watched, "8") == first
    assert titles == []
    (house.folder / "lake" / watched.tables.picture("8", "dashboard")).unlink()
    assert draw_dashboard(watched, "8") == first
    assert titles == [f"{watched.declaration.title}, 8"]


def test_later_batches_change_nothing_of_an_earlier_dashboard(watched: Watched) -> None:
    assert [one.batch for one in pictures.scores_by_batch(watched, "7")] == [str(at) for at in range(1, 8)]
    draw_dashboard(watched, "7")
    before = drawn(watched, "7")
    later = load_performance(watched, "8")
    assert later is not None
    write_result(watched, "8", "performance", later.model_copy(update={"value": 0.01}))
    draw_dashboard(watched, "7")
    assert drawn(watched, "7") == before
    unchanged = draw_dashboard(watched, "8").facts["dashboard_preview"]
    write_result(watched, "8", "performance", later)
    assert draw_dashboard(watched, "8").facts["dashboard_preview"] != unchanged


@pytest.mark.slow
def test_the_same_lake_gives_the_same_picture_elsewhere(watched: Watched, through8: House, tmp_path: Path) -> None:
    draw_dashboard(watched, "8")
    other = through8.copied_to(tmp_path / "other").watched
    draw_dashboard(other, "8")
    assert drawn(other, "8") == drawn(watched, "8")


def test_title_is_part_of_what_is_shown(watched: Watched) -> None:
    draw_dashboard(watched, "8")
    before = drawn(watched, "8")
    renamed = replace(watched, declaration=watched.declaration.model_copy(update={"title": "Another title"}))
    draw_dashboard(renamed, "8")
    assert drawn(watched, "8") != before
    draw_dashboard(watched, "8")
    assert drawn(watched, "8") == before
