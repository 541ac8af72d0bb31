"""A message waits in the outbox until its channel took it; nobody takes it twice while a claim lasts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.alerting import AlertRule, spans
from driftwatch_assets.monitoring import open_monitoring
from driftwatch_assets.monitoring.outbox import CLAIM, LONGEST_WAIT

if TYPE_CHECKING:
    from driftwatch_assets.monitoring import Monitoring
    from driftwatch_assets_tests.monitoring.conftest import Clock

MINUTE = timedelta(minutes=1)
RULE = AlertRule(name="auc_low", metric="auc", condition="<", threshold=0.7, severity="low")


def put(store: Monitoring, count: int, channel: str = "mail") -> None:
    """Put messages into the outbox, by as many rules that fail."""
    rules = [
        AlertRule(name=f"r{number:03}", metric="auc", condition="<", threshold=0.7, severity="low")
        for number in range(count)
    ]
    store.apply_alerts("club", {rule: spans(rule, [("1", 0.5, None)]) for rule in rules}, channels=[channel])


def ids(store: Monitoring, limit: int = 100) -> list[int]:
    return [row.id for row in store.claim(limit)]


def test_messages_are_taken_oldest_first_and_as_many_as_asked_for(store: Monitoring, clock: Clock) -> None:
    put(store, 3)
    clock.pass_by(seconds=1)
    rows = store.claim(2)
    assert [row.payload["rule"] for row in rows] == ["r000", "r001"]
    assert all(row.claimed_until == clock.now + CLAIM for row in rows)
    assert [row.payload["rule"] for row in store.claim(2)] == ["r002"]


def test_a_sent_message_is_gone_for_good(store: Monitoring, clock: Clock) -> None:
    put(store, 1)
    store.sent(ids(store)[0])
    clock.pass_by(days=30)
    assert ids(store) == []
    assert store.overview().outbox_pending == 0


def test_a_failed_message_waits_says_why_and_counts_its_attempts(store: Monitoring, clock: Clock) -> None:
    put(store, 1)
    [number] = ids(store)
    store.failed(number, "421 try again\x00later", clock.now + MINUTE)
    assert ids(store) == []
    clock.pass_by(minutes=1)
    [row] = store.claim(1)
    assert (row.id, row.attempts, row.last_error) == (number, 1, "421 try again\N{REPLACEMENT CHARACTER}later")
    assert store.overview().outbox_pending == 1


def test_a_postponed_message_waits_and_counts_no_attempt(store: Monitoring, clock: Clock) -> None:
    put(store, 1)
    store.postponed(ids(store)[0], clock.now + MINUTE)
    assert ids(store) == []
    clock.pass_by(minutes=1)
    assert store.claim(1)[0].attempts == 0


def test_who_crashes_with_a_claim_loses_it(store: Monitoring, clock: Clock) -> None:
    put(store, 1)
    first = ids(store)
    clock.pass_by(seconds=CLAIM.total_seconds() - 1)
    assert ids(store) == []
    clock.pass_by(seconds=1)
    assert ids(store) == first


def test_a_late_mark_of_a_lost_claim_counts(store: Monitoring, clock: Clock) -> None:
    put(store, 1)
    [number] = ids(store)
    clock.pass_by(hours=1)
    assert ids(store) == [number]
    store.sent(number)
    store.failed(number, "the second one could not", clock.now)
    assert ids(store) == []


def test_a_clock_that_has_jumped_back_holds_no_message_up(store: Monitoring, clock: Clock) -> None:
    put(store, 2)
    failed, claimed = ids(store)
    store.failed(failed, "down", clock.now + LONGEST_WAIT)
    assert ids(store) == []
    clock.pass_by(days=-1)
    assert sorted(ids(store)) == [failed, claimed]


def test_a_clock_that_has_jumped_ahead_repeats_a_message_under_its_id_and_loses_none(
    store: Monitoring, clock: Clock
) -> None:
    put(store, 2)
    first, second = ids(store)
    clock.pass_by(days=400)
    assert ids(store) == [first, second]
    store.sent(first)
    store.failed(second, "down", clock.now + LONGEST_WAIT)
    clock.pass_by(days=-400)
    assert ids(store) == [second]


def test_the_end_of_an_alert_is_not_told_before_its_beginning(store: Monitoring, clock: Clock) -> None:
    for values in ([("1", 0.5, None)], [("1", 0.5, None), ("2", 0.9, None)]):
        store.apply_alerts("club", {RULE: spans(RULE, values)}, channels=["mail", "chat"])
    [mail, chat] = [row for row in store.claim(9) if row.event == "opened"]
    clock.pass_by(seconds=CLAIM.total_seconds())
    store.failed(mail.id, "greylisted", clock.now + MINUTE)
    store.sent(chat.id)
    [end] = store.claim(9)
    assert (end.event, end.channel) == ("resolved", "chat")
    clock.pass_by(minutes=1)
    assert [(row.event, row.channel) for row in store.claim(9)] == [("opened", "mail"), ("resolved", "mail")]


def test_what_waits_for_a_channel_can_be_dropped_without_the_others(store: Monitoring) -> None:
    put(store, 2)
    store.apply_alerts("chess", {RULE: spans(RULE, [("1", 0.5, None)])}, channels=["mail", "mail#a1", "mailing"])
    sent = store.claim(1)[0]
    store.sent(sent.id)
    assert store.waiting() == {"mail": 2, "mail#a1": 1, "mailing": 1}
    assert store.drop("mail", "chess") == 2
    assert store.drop("mail") == 1
    assert store.waiting() == {"mailing": 1}
    assert store.drop("mail") == 0
    assert len(store.alerts()) == 3


def test_sent_messages_are_counted_by_channel_and_time(store: Monitoring, clock: Clock) -> None:
    put(store, 3)
    first, second, third = ids(store)
    store.sent(first, clock.now - 2 * MINUTE)
    store.sent(second, clock.now)
    store.failed(third, "down", clock.now)
    assert store.sent_between("mail", clock.now - MINUTE, clock.now) == 1
    assert store.sent_between("chat", clock.now - MINUTE, clock.now) == 0


@pytest.mark.parametrize("workers", [8])
def test_two_daemons_by_mistake_send_nothing_twice(store: Monitoring, workers: int) -> None:
    put(store, 40)
    url = store.database.engine.url.render_as_string(hide_password=False)
    others = [open_monitoring(url, clock=store.clock) for _ in range(workers)]

    def take(other: Monitoring) -> list[int]:
        taken: list[int] = []
        while found := ids(other, 3):
            taken += found
        return taken

    with ThreadPoolExecutor(workers) as pool:
        taken = [number for part in pool.map(take, others) for number in part]
    assert len(taken) == len(set(taken)) <= 40
    # What one daemon held while another one asked is left for the next call, not lost.
    assert len(taken) + len(ids(store)) == 40
