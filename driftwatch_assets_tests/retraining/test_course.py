"""The decision about an earlier batch can be told again, as it was then."""

from __future__ import annotations

import pytest

from driftwatch_assets.retraining import BatchEvidence, Course, RetrainingPolicy, Training


def batch(key: str, *failed: str, labelled: int = 300) -> BatchEvidence:
    return BatchEvidence(key, f"e{key}", failed, judged=True, labelled_rows=labelled)


def course(*trainings: Training, of: tuple[BatchEvidence, ...], cool_down: int = 0) -> Course:
    policy = RetrainingPolicy(cool_down=cool_down)
    return Course(of, trainings, promoted=("6",), initial_batches=6, policy=policy)


CALM = (batch("7"), batch("8"), batch("9"))
BARE = (batch("7"), batch("8", "data_drift", labelled=3), batch("9"))
SINCE = "no batch was judged since the training through batch"
ALARMED = (batch("7"), batch("8", "data_drift"))


@pytest.mark.parametrize(
    ("known", "through", "reason"),
    [
        (course(of=CALM), "8", "batch 8 passed its checks"),
        (course(of=BARE), "8", "batch 8 failed, but only 3 of its rows have a label (50 are needed)"),
        (
            course(Training("6", "e6", "succeeded"), of=(batch("6"), *BARE), cool_down=2),
            "8",
            "batch 8 failed, but only 2 batches came since the training through batch 6 (cool-down: 2)",
        ),
        (course(Training("8", "e8", "in_flight"), of=ALARMED), "8", "a training through batch 8 is under way"),
        (course(Training("9", "e9", "in_flight"), of=BARE), "7", "batch 7 passed its checks"),
        (
            course(Training("9", "e9", "succeeded"), of=(*ALARMED, batch("9"))),
            "8",
            f"batch 8 failed: data_drift; with the batches after it, {SINCE} 9",
        ),
        (course(of=CALM), "12", "nothing is known of how batch 12 was judged"),
    ],
)
def test_why_an_earlier_batch_was_not_trained_through(known: Course, through: str, reason: str) -> None:
    decision = known.decision(through)
    assert (decision.reason, decision.kind == "retrain") == (reason, False)


def test_a_training_that_is_still_asked_for_is_told_as_that() -> None:
    failed = Training("8", "e8", "failed")
    assert course(of=ALARMED).decision("8") == course(of=ALARMED).decision()
    again = course(failed, of=ALARMED).decision("8")
    assert (again.kind, again.attempt) == ("retrain", 2)
    assert course(failed, failed, of=ALARMED).decision("8").kind == "give_up"


def test_before_the_first_champion_the_first_training_is_told_of() -> None:
    known = Course((batch("1"), batch("2")), (), promoted=("2",), initial_batches=2, policy=RetrainingPolicy())
    assert known.decision("1").reason == "the first training needs 2 labelled batches; there are 1"
