"""Which landed batches are taken in: single ticks first, then whole lives of a landing folder."""

from __future__ import annotations

import datetime as dt
from itertools import chain, repeat
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from driftwatch_assets.arrivals import ArrivalPolicy, Intake, Landed, plan_arrivals
from driftwatch_assets.attempts import KILLS
from driftwatch_assets.lake import batch_order

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from driftwatch_assets.arrivals import ArrivalPlan, IntakeStatus

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def plan(
    landed: Sequence[Landed],
    intakes: Sequence[Intake] = (),
    known: Collection[str] | None = None,
    *,
    initial: int = 2,
    training: bool = False,
    policy: ArrivalPolicy | None = None,
    now: dt.datetime = NOON,
) -> ArrivalPlan:
    return plan_arrivals(
        landed,
        intakes,
        {intake.batch for intake in intakes} if known is None else known,
        initial_batches=initial,
        training_pending=training,
        policy=policy or ArrivalPolicy(),
        now=now,
    )


def landed(*keys: str) -> list[Landed]:
    return [Landed(key, f"f{key}") for key in keys]


def done(*keys: str, status: IntakeStatus = "succeeded") -> list[Intake]:
    return [Intake(key, f"f{key}", status) for key in keys]


def asked(made: ArrivalPlan) -> list[str]:
    return [request.batch for request in made.requests]


class TestOrder:
    def test_follows_the_batches_and_not_their_arrival(self) -> None:
        made = plan(landed("10", "9", "2", "1"), initial=4)
        assert asked(made) == ["1", "2", "9", "10"]

    def test_the_first_batches_are_let_in_together_and_later_ones_are_held(self) -> None:
        made = plan(landed("1", "2", "3", "4"))
        assert (asked(made), made.held) == (["1", "2"], ("3", "4"))
        assert made.reason == "taken in: 1, 2; waiting, since one batch goes at a time: 3, 4"

    def test_later_ones_go_one_at_a_time(self) -> None:
        made = plan(landed("1", "2", "3", "4"), done("1", "2"))
        assert (asked(made), made.held) == (["3"], ("4",))
        assert asked(plan(landed("1", "2", "3", "4"), [*done("1", "2"), *done("3", status="in_flight")])) == []

    def test_a_later_one_is_held_while_a_training_is_pending(self) -> None:
        made = plan(landed("1", "2", "3"), done("1", "2"), training=True)
        assert (asked(made), made.held) == ([], ("3",))
        assert made.reason == "taken in: none; waiting, since a training is due or under way: 3"

    def test_one_that_arrives_after_a_later_one_is_still_taken_in(self) -> None:
        made = plan(landed("1", "2", "3", "4"), done("1", "2", "4"))
        assert asked(made) == ["3"]


class TestContent:
    def test_that_was_taken_in_is_not_asked_for_again(self) -> None:
        made = plan(landed("1", "2", "3"), done("1", "2", "3"))
        assert (made.requests, made.held) == ((), ())
        assert made.reason == "nothing new among 3 landed batches"

    def test_that_is_corrected_is_taken_in_under_a_new_attempt(self) -> None:
        made = plan([*landed("1", "2"), Landed("3", "corrected")], done("1", "2", "3"))
        assert [(one.batch, one.fingerprint, one.attempt) for one in made.requests] == [("3", "corrected", 2)]

    def test_that_was_refused_is_left_alone_until_it_changes(self) -> None:
        refused = [*done("1", "2"), *done("3", status="refused")]
        assert asked(plan(landed("1", "2", "3"), refused)) == []
        assert asked(plan([*landed("1", "2"), Landed("3", "corrected")], refused)) == ["3"]

    def test_that_was_refused_does_not_hold_the_others(self) -> None:
        assert asked(plan(landed("1", "2", "3", "4"), [*done("1", "2"), *done("3", status="refused")])) == ["4"]

    def test_that_crashed_is_tried_again_as_often_as_declared(self) -> None:
        crashed = done("3", status="failed")
        assert [one.attempt for one in plan(landed("3"), crashed).requests] == [2]
        assert asked(plan(landed("3"), crashed * 2)) == []
        assert asked(plan(landed("3"), crashed * 2, policy=ArrivalPolicy(attempts=3))) == ["3"]

    def test_that_is_delivered_again_after_a_corrected_one_is_taken_in_again_and_then_rests(self) -> None:
        corrected = [*done("1", "2", "3"), Intake("3", "corrected", "succeeded")]
        again = plan(landed("1", "2", "3"), corrected)
        assert [(one.batch, one.fingerprint, one.attempt) for one in again.requests] == [("3", "f3", 3)]
        assert asked(plan(landed("1", "2", "3"), [*corrected, *done("3")])) == []

    def test_that_is_delivered_again_after_a_correction_crashed_makes_the_batch_whole(self) -> None:
        assert asked(plan(landed("3"), [*done("3"), Intake("3", "corrected", "failed")])) == ["3"]

    def test_that_is_delivered_again_and_crashes_is_tried_again_as_often_as_declared(self) -> None:
        history = [*done("3"), Intake("3", "corrected", "succeeded"), *done("3", status="failed")]
        assert asked(plan(landed("3"), history)) == ["3"]
        assert asked(plan(landed("3"), [*history, *done("3", status="failed")])) == []

    def test_of_a_batch_that_is_under_way_waits_for_its_end_also_among_the_first(self) -> None:
        made = plan([Landed("1", "corrected")], done("1", status="in_flight"))
        assert (asked(made), made.held) == ([], ("1",))


class TestAnInterruption:
    """The database, the lake or the registry did not answer."""

    @staticmethod
    def interrupted(key: str, times: int = 1) -> list[Intake]:
        return [Intake(key, f"f{key}", "interrupted", NOON)] * times

    def test_is_no_attempt(self) -> None:
        history = [*done("3", status="failed"), *self.interrupted("3", 9)]
        later = NOON + dt.timedelta(hours=1)
        assert [one.attempt for one in plan(landed("3"), history, now=later).requests] == [11]
        assert asked(plan(landed("3"), [*history, *done("3", status="failed")], now=later)) == []

    def test_is_waited_for_longer_each_time_and_never_longer_than_an_hour(self) -> None:
        for times, seconds in ((1, 60), (2, 120), (3, 240), (7, 3600), (500, 3600)):
            history = self.interrupted("1", times)
            before, after = (NOON + dt.timedelta(seconds=seconds + at) for at in (-1, 0))
            assert asked(plan(landed("1"), history, now=before)) == [], times
            assert asked(plan(landed("1"), history, now=after)) == ["1"], times

    def test_says_which_batch_waits_and_how_long(self) -> None:
        made = plan(
            landed("1", "2", "3"), [*done("1", "2"), *self.interrupted("3")], now=NOON + dt.timedelta(seconds=20)
        )
        assert made.reason == ("taken in: none; waiting, since batch 3 was interrupted and is tried again in 40 s: 3")

    def test_holds_later_batches_up_and_earlier_ones_not(self) -> None:
        history = [*done("1", "2"), *self.interrupted("4")]
        assert (asked(plan(landed("1", "2", "4", "5"), history)), plan(landed("5", "4"), history).held) == (
            [],
            ("4", "5"),
        )
        assert asked(plan(landed("1", "2", "3", "4"), history)) == ["3"]

    def test_of_one_that_is_corrected_meanwhile_is_waited_for_no_longer(self) -> None:
        history = [*done("1", "2"), *self.interrupted("3")]
        assert asked(plan([*landed("1", "2"), Landed("3", "corrected")], history)) == ["3"]

    def test_before_the_clock_was_set_back_is_not_waited_for_longer_than_its_pause(self) -> None:
        assert asked(plan(landed("1"), self.interrupted("1"), now=NOON - dt.timedelta(days=365))) == ["1"]


class TestAKill:
    """The process was killed, or there was no memory left."""

    def test_is_no_attempt_and_does_not_rest_the_first_time(self) -> None:
        history = [*done("3", status="failed"), Intake("3", "f3", "killed", NOON)]
        assert asked(plan(landed("3"), history)) == ["3"]
        assert asked(plan(landed("3"), [*history, Intake("3", "f3", "killed", NOON)])) == []
        assert asked(plan(landed("3"), [*history, *history[1:]], now=NOON + dt.timedelta(minutes=1))) == ["3"]

    def test_many_times_in_a_row_is_held_aloud_and_later_batches_go_on(self) -> None:
        killed = done("3", status="killed") * KILLS
        made = plan(landed("3", "4"), killed)
        assert asked(made) == ["4"]
        [said] = made.left_alone
        assert said.startswith("batch 3 was killed 10 times")
        assert "`driftwatch retry MODEL 3`" in said
        assert said in made.reason

    def test_after_a_person_asked_for_another_try_counts_anew(self) -> None:
        asked_for = done("3", status="stopped") * KILLS
        assert asked(plan(landed("3"), [*asked_for, *done("3", status="killed") * (KILLS - 1)])) == ["3"]

    def test_of_another_content_is_not_held_against_a_corrected_one(self) -> None:
        assert asked(plan([Landed("3", "corrected")], done("3", status="killed") * KILLS)) == ["3"]


def test_a_batch_that_crashed_too_often_is_named_with_the_command_that_asks_for_it() -> None:
    made = plan(landed("1", "2", "3"), [*done("1", "2"), *done("3", status="failed") * 2])
    assert made.left_alone == ("batch 3 failed 2 times: mend the cause, then run `driftwatch retry MODEL 3`",)


def test_what_one_tick_asks_for_is_bounded() -> None:
    policy = ArrivalPolicy(additions=3)
    made = plan(landed(*map(str, range(1, 11))), initial=10, policy=policy)
    assert asked(made) == ["1", "2", "3"]
    made = plan(landed(*map(str, range(1, 11))), done("1", "2", "3"), initial=10, policy=policy)
    assert asked(made) == ["4", "5", "6"]


EVENTS = st.lists(
    st.tuples(st.sampled_from(["1", "2", "3", "9", "10", "11"]), st.sampled_from(["a", "b"])), min_size=1, max_size=12
)
ENDS = st.lists(
    st.sampled_from(["succeeded", "refused", "interrupted", "stopped", "killed", "failed"]), min_size=80, max_size=80
)


@given(deliveries=EVENTS, ends=ENDS, initial=st.integers(1, 4), attempts=st.integers(1, 3), additions=st.integers(1, 5))
def test_a_landing_folder_that_rests_comes_to_rest(
    deliveries: list[tuple[str, str]], ends: list[IntakeStatus], initial: int, attempts: int, additions: int
) -> None:
    """Files change between ticks and then rest: every last content is tried to its end, and nothing is asked twice."""
    policy = ArrivalPolicy(attempts=attempts, additions=additions)
    folder: dict[str, str] = {}
    intakes: list[Intake] = []
    known: set[str] = set()
    keys: set[tuple[str, str, int]] = set()
    waiting = list(deliveries)
    outcomes = chain(ends, repeat("succeeded"))
    while True:
        if waiting:
            key, content = waiting.pop(0)
            folder[key] = content
        made = plan([Landed(*item) for item in folder.items()], intakes, known, initial=initial, policy=policy)
        assert len(made.requests) + len(made.held) <= additions
        assert list(asked(made)) == sorted(asked(made), key=batch_order)
        assert set(asked(made)) | set(made.held) <= set(folder)
        known |= set(asked(made))
        if not made.requests and not waiting:
            break
        for request in made.requests:
            assert (request.batch, request.fingerprint, request.attempt) not in keys
            keys.add((request.batch, request.fingerprint, request.attempt))
            intakes.append(Intake(request.batch, request.fingerprint, next(outcomes)))
    for key, content in folder.items():
        tries = [intake for intake in intakes if intake.batch == key]
        assert tries[-1].fingerprint == content
        assert tries[-1].status != "failed" or [one.fingerprint for one in tries[-attempts:]] == [content] * attempts


@given(st.sets(st.sampled_from([str(key) for key in range(1, 12)])), st.integers(1, 4), st.booleans())
def test_later_batches_never_go_two_at_once(keys: set[str], initial: int, training: bool) -> None:
    made = plan(landed(*keys), initial=initial, training=training)
    first = sorted(keys, key=batch_order)[:initial]
    later = [key for key in asked(made) if key not in first]
    assert later == []
    assert asked(made) == first
