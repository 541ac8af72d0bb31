"""What is said of batches that were not judged: those that came before their champion, and those with few labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from driftwatch_assets.steps import unscored
from driftwatch_assets.steps.draw import describe
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from driftwatch_assets_tests.steps.house import House

pytestmark = DAGSTERS_OWN_WARNINGS


def test_a_batch_that_was_taken_in_before_its_champion_was_trained_is_unscored(house8: House) -> None:
    lake, tables = house8.watched.lake, house8.watched.tables
    assert unscored(house8.watched) == []
    nothing_said = lake.read(tables.predictions, "1")
    lake.write(tables.predictions, "8", nothing_said, {"gold_fingerprint": lake.fingerprint(tables.gold, "8")})
    assert unscored(house8.watched) == ["8"]


def test_the_page_of_a_batch_with_few_labels_says_that_no_training_goes_through_it(through6: House) -> None:
    watched = through6.watched
    assert describe(watched, "1").verdict.reason == "not judged: no champion is older than this batch"
    retraining = watched.declaration.retraining.model_copy(update={"minimum_labels": 10_000})
    demanding = replace(watched, declaration=watched.declaration.model_copy(update={"retraining": retraining}))
    assert describe(demanding, "1").verdict.reason.endswith(
        "a training goes through none with fewer than 10000 (minimum_labels)"
    )
