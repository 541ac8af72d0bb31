"""What of a model waits for a person is said: trainings that never come, and batches that nobody scored."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch_assets.components import held_up as told
from driftwatch_assets.retraining import BatchEvidence, Course, RetrainingPolicy, Training

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch_assets.components.held_up import HeldUp


def evidence(batch: str, *failed: str, labelled: int = 300) -> BatchEvidence:
    return BatchEvidence(batch, f"e{batch}", failed, judged=bool(failed), labelled_rows=labelled)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Callable[..., HeldUp]:
    def of(
        *batches: BatchEvidence, trainings: tuple[Training, ...] = (), promoted: tuple[str, ...] = (), missed: str = ""
    ) -> HeldUp:
        course = Course(batches, trainings, promoted, initial_batches=1, policy=RetrainingPolicy())
        monkeypatch.setattr(told, "retraining_course", lambda *_: course)
        monkeypatch.setattr(told, "unscored", lambda _: missed.split())
        watched: Any = SimpleNamespace(name="iris")
        nothing: Any = None
        return told.held_up(nothing, watched, nothing)

    return of


def test_batches_too_small_for_a_first_training_are_a_fault(said: Callable[..., HeldUp]) -> None:
    found = said(*(evidence(str(at), labelled=12) for at in range(1, 151)))
    assert found.notes == ()
    [fault] = found.faults
    assert "the first training needs 50 labelled rows" in fault


def test_a_training_that_was_given_up_is_a_fault(said: Callable[..., HeldUp]) -> None:
    failed = (Training("1", "initial-e1", "failed"),) * 2
    [fault] = said(evidence("1"), trainings=failed).faults
    assert "mend the cause and launch the partition 1" in fault


def test_a_batch_too_small_for_a_retraining_is_noted(said: Callable[..., HeldUp]) -> None:
    found = said(evidence("2", "data_drift", labelled=12), promoted=("1",))
    assert found.faults == ()
    assert found.notes == ("batch 2 failed, but only 12 of its rows have a label (50 are needed)",)


def test_batches_that_came_before_their_champion_are_noted_with_the_command_that_lets_it_score_them(
    said: Callable[..., HeldUp],
) -> None:
    [note] = said(evidence("1"), promoted=("1",), missed="2 3 4").notes
    assert note.startswith("batches 2 to 4 were taken in before their champion was there")
    assert "`driftwatch backfill iris --from 2 --to 4`" in note


def test_nothing_is_said_where_nothing_waits(said: Callable[..., HeldUp]) -> None:
    found = said(evidence("1"), promoted=("1",))
    assert (found.faults, found.notes) == ((), ())
