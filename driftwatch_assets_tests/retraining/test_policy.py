"""When a model is retrained: each clause of the rule by itself, then what holds for any history."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from driftwatch_assets.attempts import KILLS, Patience
from driftwatch_assets.retraining import BatchEvidence, RetrainingPolicy, Training, decide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.retraining import Decision
    from driftwatch_assets.retraining.policy import TrainingStatus

DEFAULT = RetrainingPolicy()


def batch(key: str, *failed: str, evidence: str = "", judged: bool = True, labelled: int = 300) -> BatchEvidence:
    return BatchEvidence(key, evidence or f"e{key}", failed, judged=judged, labelled_rows=labelled)


def again(batches: Sequence[BatchEvidence], *trainings: Training, policy: RetrainingPolicy = DEFAULT) -> Decision:
    return decide(batches, trainings, has_champion=True, initial_batches=6, policy=policy)


def initially(
    batches: Sequence[BatchEvidence], *trainings: Training, policy: RetrainingPolicy = DEFAULT, needed: int = 3
) -> Decision:
    return decide(batches, trainings, has_champion=False, initial_batches=needed, policy=policy)


class TestAFailedBatch:
    def test_asks_for_one_training_through_itself_and_says_why(self) -> None:
        decision = again([batch("7"), batch("8", "data_drift", "performance")])
        assert (decision.kind, decision.batch, decision.evidence, decision.attempt) == ("retrain", "8", "e8", 1)
        assert decision.reason == "batch 8 failed: data_drift, performance"
        assert decision.triggers == ("data_drift", "performance")
        assert decision.pending

    def test_asks_for_one_training_when_many_batches_failed(self) -> None:
        decision = again([batch("7", "data_drift"), batch("8", "data_drift"), batch("9", "data_drift")])
        assert (decision.kind, decision.batch) == ("retrain", "9")

    def test_is_forgotten_once_a_newer_one_passes(self) -> None:
        decision = again([batch("7", "data_drift"), batch("8")])
        assert (decision.kind, decision.reason) == ("none", "batch 8 passed its checks")
        assert not decision.pending

    def test_is_not_looked_at_while_it_cannot_be_judged(self) -> None:
        assert again([batch("7", "data_drift", judged=False)]).reason == "no batch was judged"


class TestEvidence:
    def test_never_trains_twice(self) -> None:
        decision = again([batch("8", "data_drift")], Training("8", "e8", "succeeded"))
        assert decision.kind == "none"
        assert "since the training through batch 8" in decision.reason

    def test_that_is_older_than_the_newest_training_never_fires(self) -> None:
        batches = [batch("7", "data_drift", evidence="corrected"), batch("8", "data_drift")]
        assert again(batches, Training("8", "e8", "succeeded")).kind == "none"

    def test_of_corrected_content_fires_once(self) -> None:
        corrected = [batch("8", "data_drift", evidence="corrected")]
        first = again(corrected, Training("8", "e8", "succeeded"))
        assert (first.kind, first.evidence) == ("retrain", "corrected")
        then = again(corrected, Training("8", "e8", "succeeded"), Training("8", "corrected", "succeeded"))
        assert then.kind == "none"

    def test_that_comes_back_after_a_correction_was_withdrawn_does_not_fire_again(self) -> None:
        trainings = (Training("8", "e8", "succeeded"), Training("8", "corrected", "succeeded"))
        assert again([batch("8", "data_drift", evidence="e8")], *trainings).kind == "none"

    def test_is_consumed_by_a_training_by_hand_whatever_it_is(self) -> None:
        assert again([batch("8", "data_drift")], Training("8", "", "succeeded")).kind == "none"

    def test_before_a_training_by_hand_is_consumed_too(self) -> None:
        batches = [batch("7", "data_drift"), batch("8", "data_drift", judged=False)]
        assert again(batches, Training("8", "", "succeeded")).kind == "none"


class TestKOfN:
    policy = RetrainingPolicy(failures=2, of=3)

    def test_waits_for_k_failures(self) -> None:
        decision = again([batch("7"), batch("8"), batch("9", "data_drift")], policy=self.policy)
        assert (decision.kind, decision.reason) == (
            "none",
            "1 of the last 3 judged batches failed since the last training; 2 are needed",
        )

    def test_fires_at_k_failures_that_are_not_in_a_row(self) -> None:
        batches = [batch("7", "data_drift"), batch("8"), batch("9", "data_drift")]
        assert again(batches, policy=self.policy).kind == "retrain"

    def test_does_not_look_further_back_than_n(self) -> None:
        batches = [batch("6", "data_drift"), batch("7"), batch("8"), batch("9", "data_drift")]
        assert again(batches, policy=self.policy).kind == "none"

    def test_does_not_count_failures_that_were_trained_on_already(self) -> None:
        batches = [batch("7", "data_drift"), batch("8", "data_drift"), batch("9", "data_drift")]
        decision = again(batches, Training("8", "e8", "succeeded"), policy=self.policy)
        assert (decision.kind, decision.reason[:8]) == ("none", "1 of the")

    def test_more_failures_than_batches_cannot_be_declared(self) -> None:
        with pytest.raises(ValidationError, match="failures is 4 but only the last 3 batches are looked at"):
            RetrainingPolicy(failures=4, of=3)


class TestCoolDown:
    policy = RetrainingPolicy(cool_down=2)
    done = Training("7", "e7", "succeeded")

    @pytest.mark.parametrize(("last", "kind"), [("8", "none"), ("9", "none"), ("10", "retrain")])
    def test_lets_that_many_batches_pass_after_a_training(self, last: str, kind: str) -> None:
        batches = [batch(key, "data_drift") for key in ("7", "8", "9", "10")]
        through = batches[: [one.batch for one in batches].index(last) + 1]
        assert again(through, self.done, policy=self.policy).kind == kind

    def test_does_not_count_a_training_that_failed(self) -> None:
        failed = replace(self.done, status="failed")
        assert again([batch("7", "data_drift"), batch("8", "data_drift")], failed, policy=self.policy).kind == "retrain"

    def test_lets_corrected_content_of_the_trained_batch_through(self) -> None:
        assert again([batch("7", "data_drift", evidence="corrected")], self.done, policy=self.policy).kind == "retrain"


class TestLabels:
    def test_too_few_of_them_are_said(self) -> None:
        decision = again([batch("8", "data_drift", labelled=49)])
        assert decision.kind == "none"
        assert decision.reason == "batch 8 failed, but only 49 of its rows have a label (50 are needed)"

    def test_that_always_come_one_batch_late_still_lead_to_a_training(self) -> None:
        batches = [batch("8", "data_drift"), batch("9", "data_drift", labelled=0)]
        decision = again(batches, Training("7", "e7", "succeeded"))
        assert (decision.kind, decision.batch) == ("retrain", "8")
        assert again(batches, Training("8", "e8", "succeeded")).kind == "none"

    def test_of_a_batch_that_passed_are_no_reason(self) -> None:
        batches = [batch("8"), batch("9", "data_drift", labelled=0)]
        assert again(batches).kind == "none"


class TestAttempts:
    def test_are_counted_into_the_request(self) -> None:
        decision = again([batch("8", "data_drift")], Training("8", "e8", "failed"))
        assert (decision.kind, decision.attempt) == ("retrain", 2)

    def test_end_in_giving_up_aloud_which_holds_nothing_back(self) -> None:
        decision = again([batch("8", "data_drift")], *[Training("8", "e8", "failed")] * 2)
        assert decision.kind == "give_up"
        assert "2 of 2 training runs failed: mend the cause and launch the partition 8" in decision.reason
        assert decision.blocked
        assert not decision.pending

    def test_begin_anew_with_newer_evidence(self) -> None:
        batches = [batch("8", "data_drift"), batch("9", "data_drift")]
        decision = again(batches, *[Training("8", "e8", "failed")] * 2)
        assert (decision.kind, decision.batch, decision.attempt) == ("retrain", "9", 1)

    def test_end_with_a_training_by_hand(self) -> None:
        trainings = [*[Training("8", "e8", "failed")] * 2, Training("8", "", "succeeded")]
        assert again([batch("8", "data_drift")], *trainings).kind == "none"


class TestAnInterruption:
    BATCHES = (batch("8", "data_drift"),)

    def test_is_no_attempt_however_often(self) -> None:
        ends = [Training("8", "e8", status) for status in ("failed", "interrupted", "stopped", *["killed"] * 9)]
        decision = again(self.BATCHES, *ends)
        assert (decision.kind, decision.batch, decision.attempt) == ("retrain", "8", 13)
        assert again(self.BATCHES, *ends, Training("8", "e8", "failed")).kind == "give_up"

    def test_rests_and_holds_later_batches_back(self) -> None:
        now = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
        ends = [Training("8", "e8", "interrupted", now - dt.timedelta(seconds=20))]
        decided = [
            decide(self.BATCHES, ends, has_champion=True, initial_batches=1, policy=DEFAULT, patience=Patience(60, at))
            for at in (now, now + dt.timedelta(seconds=40))
        ]
        assert [(one.kind, one.pending) for one in decided] == [("wait", True), ("retrain", True)]
        assert decided[0].reason == "batch 8 failed: data_drift; it was interrupted and is tried again in 40 s"

    def test_by_ten_kills_in_a_row_is_given_up_with_the_way_back(self) -> None:
        decision = again(self.BATCHES, *[Training("8", "e8", "killed")] * KILLS)
        assert (decision.kind, decision.pending) == ("give_up", False)
        assert "it was killed 10 times" in decision.reason
        assert "`driftwatch retry`" in decision.reason
        asked_for = [*[Training("8", "e8", "stopped")] * KILLS, Training("8", "e8", "killed")]
        assert again(self.BATCHES, *asked_for).kind == "retrain"


def test_nothing_is_asked_for_while_a_training_is_under_way() -> None:
    for has_champion in (True, False):
        decision = decide(
            [batch("8", "data_drift")],
            [Training("3", "e3", "in_flight")],
            has_champion=has_champion,
            initial_batches=1,
            policy=DEFAULT,
        )
        assert (decision.kind, decision.pending) == ("wait", True)
        assert decision.reason == "a training through batch 3 is under way"


class TestTheFirstTraining:
    def test_waits_for_enough_labelled_batches(self) -> None:
        decision = initially([batch("1"), batch("2", labelled=0), batch("3")])
        assert (decision.kind, decision.reason) == (
            "none",
            "the first training needs 3 labelled batches; there are 2",
        )

    def test_goes_through_the_last_of_them_and_not_through_later_ones(self) -> None:
        decision = initially([batch(str(key), judged=False) for key in range(1, 9)])
        assert (decision.kind, decision.batch, decision.evidence) == ("retrain", "3", "initial-e3")
        assert decision.reason == "first training, through batch 3"

    def test_goes_through_a_batch_that_has_enough_labels(self) -> None:
        batches = [batch("1"), batch("2"), batch("3", labelled=4)]
        assert "none from batch 3 on has them" in initially(batches).reason
        assert initially([*batches, batch("4")]).batch == "4"

    def test_that_was_refused_is_tried_again_with_the_next_batch_only(self) -> None:
        batches = [batch("1"), batch("2"), batch("3")]
        refused = Training("3", "initial-e3", "succeeded")
        assert initially(batches, refused).kind == "none"
        assert initially([*batches, batch("4")], refused).batch == "4"

    def test_that_was_refused_by_hand_is_not_repeated(self) -> None:
        assert initially([batch("1"), batch("2"), batch("3")], Training("3", "", "succeeded")).kind == "none"

    def test_that_was_given_up_is_tried_again_with_the_next_batch(self) -> None:
        batches, failed = [batch("1"), batch("2"), batch("3")], [Training("3", "initial-e3", "failed")] * 2
        assert initially(batches, *failed).kind == "give_up"
        decision = initially([*batches, batch("4")], *failed)
        assert (decision.kind, decision.batch, decision.attempt) == ("retrain", "4", 1)

    def test_goes_through_the_declared_batches_once_what_was_wrong_with_them_is_mended(self) -> None:
        later = [batch(str(key)) for key in range(4, 9)]
        given_up = [Training(str(key), f"initial-e{key}", "failed") for key in range(3, 9) for _ in range(2)]
        assert initially([batch("1"), batch("2"), batch("3"), *later], *given_up).kind == "give_up"
        mended = BatchEvidence("3", "other gold", (), judged=False, labelled_rows=300)
        decision = initially([batch("1"), batch("2"), mended, *later], *given_up)
        assert (decision.kind, decision.batch, decision.attempt) == ("retrain", "3", 1)
        refused = [Training(str(key), f"initial-e{key}", "succeeded") for key in range(3, 9)]
        assert initially([batch("1"), batch("2"), mended, *later], *refused).batch == "3"

    def test_that_never_comes_since_batches_are_too_small_waits_for_a_person(self) -> None:
        small = [batch(str(key), labelled=12, judged=False) for key in range(1, 151)]
        decision = initially(small)
        assert (decision.kind, decision.blocked) == ("none", True)
        assert "needs 50 labelled rows in the batch that it goes through" in decision.reason
        assert "the most being 12: nothing is trained, and no batch is judged. Lower minimum_labels" in decision.reason

    @pytest.mark.parametrize("status", ["killed", "stopped", "interrupted", "failed"])
    def test_that_registered_a_champion_and_ended_before_all_was_done_is_completed(
        self, status: TrainingStatus
    ) -> None:
        batches = [batch("1", judged=False), batch("2", judged=False), batch("3", judged=False)]
        ended = Training("3", "initial-e3", status)
        decision = again(batches, ended)
        assert (decision.kind, decision.batch, decision.evidence) == ("retrain", "3", "initial-e3")
        assert (decision.attempt, decision.triggers) == (2, ("initial",))
        assert again(batches, ended, Training("3", "initial-e3", "succeeded")).kind == "none"
        assert again(batches, ended, Training("2", "", "succeeded")).kind == "none", "one by hand stands for it"

    def test_that_registered_a_champion_of_what_is_there_no_longer_is_not_repeated(self) -> None:
        assert (
            again([batch("3", evidence="corrected", judged=False)], Training("3", "initial-e3", "killed")).kind
            == "none"
        )

    def test_consumes_the_evidence_of_its_batch(self) -> None:
        done = Training("3", "initial-e3", "succeeded")
        assert again([batch("3", "data_drift")], done).kind == "none"


KEYS = [str(key) for key in range(1, 9)]
POLICIES = st.builds(
    lambda failures, more, cool_down, attempts, minimum: RetrainingPolicy(
        failures=failures, of=failures + more, cool_down=cool_down, attempts=attempts, minimum_labels=minimum
    ),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(1, 3),
    st.sampled_from([1, 50]),
)
BATCHES = st.lists(
    st.builds(
        lambda content, failed, judged, labelled: (content, failed, judged, labelled),
        st.sampled_from(["a", "b"]),
        st.sampled_from([(), ("data_drift",), ("data_drift", "performance")]),
        st.booleans(),
        st.sampled_from([0, 10, 300]),
    ),
    max_size=len(KEYS),
).map(
    lambda rows: [
        BatchEvidence(key, content + key, failed, judged=judged, labelled_rows=labelled)
        for key, (content, failed, judged, labelled) in zip(KEYS, rows, strict=False)
    ]
)
TRAININGS = st.lists(
    st.builds(
        lambda key, content, status: Training(key, content + key if content else "", status),
        st.sampled_from(KEYS),
        st.sampled_from(["", "a", "b", "initial-a"]),
        st.sampled_from(["succeeded", "failed", "interrupted", "killed"]),
    ),
    max_size=6,
)
HISTORIES = {
    "batches": BATCHES,
    "trainings": TRAININGS,
    "has_champion": st.booleans(),
    "initial_batches": st.integers(1, 4),
    "policy": POLICIES,
}


@given(**HISTORIES)
def test_after_a_training_succeeded_the_same_history_asks_for_no_other(
    batches: list[BatchEvidence],
    trainings: list[Training],
    has_champion: bool,
    initial_batches: int,
    policy: RetrainingPolicy,
) -> None:
    """No storm, whether the challenger was promoted or refused, and also where it became the first champion."""
    decision = decide(batches, trainings, has_champion=has_champion, initial_batches=initial_batches, policy=policy)
    if decision.kind != "retrain":
        return
    assert decision.batch is not None
    assert decision.evidence is not None
    done = [*trainings, Training(decision.batch, decision.evidence, "succeeded")]
    for then_champion in {True, has_champion}:
        then = decide(batches, done, has_champion=then_champion, initial_batches=initial_batches, policy=policy)
        if then.kind == "retrain":
            # Only a batch that was behind the one just trained through can still be due.
            assert (then.batch, then.evidence) != (decision.batch, decision.evidence)
            assert KEYS.index(then.batch or "") > KEYS.index(decision.batch)


@given(**HISTORIES)
def test_however_trainings_end_a_standing_history_asks_for_a_bounded_number_of_them(
    batches: list[BatchEvidence],
    trainings: list[Training],
    has_champion: bool,
    initial_batches: int,
    policy: RetrainingPolicy,
) -> None:
    ends: list[Training] = list(trainings)
    asked: list[tuple[str | None, str | None, int]] = []
    champion = has_champion
    for turn in range(200):
        decision = decide(batches, ends, has_champion=champion, initial_batches=initial_batches, policy=policy)
        if decision.kind != "retrain":
            break
        assert decision.batch is not None
        assert decision.evidence is not None
        asked.append((decision.batch, decision.evidence, decision.attempt))
        succeeded = turn % 3 == 1
        ends.append(Training(decision.batch, decision.evidence, "succeeded" if succeeded else "failed"))
        champion = champion or succeeded
    else:
        pytest.fail(f"it never came to rest: {asked[-5:]}")
    assert len(set(asked)) == len(asked), "a run key is burnt: no request may be repeated"
    # What was interrupted is no attempt, but is counted into the key of the next request.
    assert all(attempt <= policy.attempts + len(trainings) for _, _, attempt in asked)


@given(**HISTORIES)
def test_evidence_older_than_the_newest_training_never_fires(
    batches: list[BatchEvidence],
    trainings: list[Training],
    has_champion: bool,
    initial_batches: int,
    policy: RetrainingPolicy,
) -> None:
    decision = decide(batches, trainings, has_champion=has_champion, initial_batches=initial_batches, policy=policy)
    known = {one.batch for one in batches}
    trained = [KEYS.index(one.batch) for one in trainings if one.status == "succeeded" and one.batch in known]
    if decision.kind == "retrain" and has_champion and trained:
        assert KEYS.index(decision.batch or "") >= max(trained)


@given(**HISTORIES)
def test_every_decision_has_a_reason_and_every_request_what_it_needs(
    batches: list[BatchEvidence],
    trainings: list[Training],
    has_champion: bool,
    initial_batches: int,
    policy: RetrainingPolicy,
) -> None:
    decision = decide(batches, trainings, has_champion=has_champion, initial_batches=initial_batches, policy=policy)
    assert decision.reason
    assert decision.pending == (decision.kind in {"retrain", "wait"})
    if decision.kind == "retrain":
        target = next(one for one in batches if one.batch == decision.batch)
        assert target.labelled_rows >= policy.minimum_labels
        assert not has_champion or target.failed or decision.triggers == ("initial",)
