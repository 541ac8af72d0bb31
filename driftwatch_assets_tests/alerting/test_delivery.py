"""What leaves the outbox, when, and what stays in it: nothing is lost, and no channel gets more than it bears."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.alerting import ChannelFailed, Delivered, channels_of, deliver, finder
from driftwatch_assets.alerting.delivery import (
    BUDGET_SECONDS,
    DIGEST_ABOVE,
    LONGEST_BACK_OFF,
    MESSAGES_A_MINUTE,
    SEND_SECONDS,
    back_off,
)
from driftwatch_assets.monitoring.outbox import CLAIM, LONGEST_WAIT
from driftwatch_assets_tests.alerting.conftest import NOTICE
from driftwatch_assets_tests.alerting.memory_outbox import Clock, MemoryOutbox
from driftwatch_assets_tests.alerting.webhook_server import Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch_assets.alerting import Message
    from driftwatch_assets_tests.alerting.mail_server import Mailbox


@dataclass(eq=False)
class Fake:
    """A channel that does what it is told to; `seconds` is how long it takes by the test's clock."""

    clock: Clock
    fails: Callable[[Message], Exception | None] = lambda _: None
    seconds: float = 0.0
    taken: list[Message] = field(default_factory=list)
    tried: int = 0

    def send(self, message: Message, *, within: float) -> None:
        self.tried += 1
        self.clock.pass_by(seconds=min(self.seconds, within))
        if self.seconds > within:
            raise ChannelFailed("it did not answer")
        error = self.fails(message)
        if error is not None:
            raise error
        self.taken.append(message)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox() -> MemoryOutbox:
    return MemoryOutbox()


def run(outbox: MemoryOutbox, clock: Clock, **channels: Fake) -> Delivered:
    return deliver(outbox, lambda _, name: channels[name], now=clock.now, elapsed=clock.elapsed, jitter=lambda: 1.0)


def put(outbox: MemoryOutbox, channel: str, count: int = 1) -> None:
    for number in range(count):
        outbox.put(channel, replace(NOTICE, batch=f"{channel}-{number}").payload())


def down(_: Message) -> ChannelFailed:
    return ChannelFailed("down")


def test_what_is_due_is_sent_once(outbox: MemoryOutbox, clock: Clock) -> None:
    put(outbox, "mail", 2)
    mail = Fake(clock)
    assert run(outbox, clock, mail=mail) == Delivered(sent=2)
    assert run(outbox, clock, mail=mail) == Delivered()
    assert len(mail.taken) == 2


def test_a_channel_that_is_down_is_tried_ever_more_seldom_until_it_is_up(outbox: MemoryOutbox, clock: Clock) -> None:
    put(outbox, "mail")
    mail = Fake(clock, fails=down)
    waits = []
    for _ in range(10):
        assert run(outbox, clock, mail=mail).errors == {"mail": "down"}
        entry = outbox.entries[1]
        waits.append((entry.next_attempt_at - clock.at).total_seconds())
        clock.at = entry.next_attempt_at - timedelta(seconds=1)
        assert run(outbox, clock, mail=mail) == Delivered()
        clock.at = entry.next_attempt_at
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert outbox.entries[1].last_error == "down"
    mail.fails = lambda _: None
    assert run(outbox, clock, mail=mail).sent == 1


def test_a_back_off_is_never_longer_than_the_outbox_holds_for_possible() -> None:
    assert LONGEST_BACK_OFF <= LONGEST_WAIT
    chance = random.Random(3)  # noqa: S311 - no secret is made of it
    for attempts in range(200):
        assert timedelta(seconds=10) < back_off(attempts, chance.random()) <= LONGEST_BACK_OFF


def test_a_call_ends_before_its_claims_do() -> None:
    assert CLAIM.total_seconds() > BUDGET_SECONDS + SEND_SECONDS


def test_a_channel_that_hangs_keeps_no_other_from_its_alerts(outbox: MemoryOutbox, clock: Clock) -> None:
    put(outbox, "slack")
    put(outbox, "mail")
    hanging, mail = Fake(clock, seconds=1e9), Fake(clock)
    assert run(outbox, clock, slack=hanging, mail=mail) == Delivered(1, 1, 0, {"slack": "it did not answer"})
    assert clock.spent <= SEND_SECONDS


def test_a_call_takes_no_longer_than_its_budget_and_what_is_left_is_due_at_once(
    outbox: MemoryOutbox, clock: Clock
) -> None:
    names = [f"hook{number}" for number in range(6)]
    for name in names:
        put(outbox, name)
    channels = {name: Fake(clock, seconds=1e9) for name in names}
    done = run(outbox, clock, **channels)
    assert clock.spent <= BUDGET_SECONDS
    assert (done.failed, done.waiting) == (3, 3)
    assert sum(entry.attempts for entry in outbox.waiting) == 3
    assert run(outbox, clock, **channels).failed == 3
    assert all(channel.tried == 1 for channel in channels.values())


def test_channels_that_failed_before_come_last(outbox: MemoryOutbox, clock: Clock) -> None:
    order: list[str] = []

    def noting(name: str) -> Fake:
        return Fake(clock, fails=lambda _: order.append(name) or down(_))  # type: ignore[func-returns-value]

    channels = {"slack": noting("slack"), "mail": noting("mail")}
    put(outbox, "slack")
    run(outbox, clock, **channels)
    clock.pass_by(minutes=5)
    put(outbox, "mail")
    run(outbox, clock, **channels)
    assert order == ["slack", "mail", "slack"]


def test_one_message_that_is_never_taken_does_not_stand_in_the_way_of_the_next(
    outbox: MemoryOutbox, clock: Clock
) -> None:
    put(outbox, "mail", 3)
    mail = Fake(clock, fails=lambda message: ChannelFailed("554") if "mail-0" in message.title else None)
    assert run(outbox, clock, mail=mail) == Delivered(2, 1, 0, {"mail": "554"})


def test_the_end_of_an_alert_waits_where_its_beginning_was_just_not_taken(outbox: MemoryOutbox, clock: Clock) -> None:
    beginning = replace(NOTICE, batch="7", opened_batch="7")
    outbox.put("mail", beginning.payload())
    outbox.put("mail", replace(beginning, event="resolved", batch="8").payload())
    put(outbox, "mail")
    mail = Fake(clock, fails=lambda message: down(message) if mail.tried == 1 else None)
    assert run(outbox, clock, mail=mail) == Delivered(sent=1, failed=1, waiting=1, errors={"mail": "down"})
    assert [message.alerts[0]["batch"] for message in mail.taken] == ["mail-0"]


def test_a_channel_that_fails_twice_in_a_row_is_left_alone_for_this_call(outbox: MemoryOutbox, clock: Clock) -> None:
    put(outbox, "mail", 5)
    mail = Fake(clock, fails=down)
    assert run(outbox, clock, mail=mail) == Delivered(0, 2, 3, {"mail": "down"})
    assert mail.tried == 2
    assert [entry.attempts for entry in outbox.waiting] == [1, 1, 0, 0, 0]


def test_many_alerts_are_one_message(outbox: MemoryOutbox, clock: Clock) -> None:
    put(outbox, "mail", DIGEST_ABOVE + 1)
    mail = Fake(clock)
    assert run(outbox, clock, mail=mail).sent == DIGEST_ABOVE + 1
    assert [len(message.alerts) for message in mail.taken] == [DIGEST_ABOVE + 1]


def test_a_digest_spans_models_and_none_of_it_is_lost_where_it_fails(outbox: MemoryOutbox, clock: Clock) -> None:
    for number in range(DIGEST_ABOVE + 1):
        outbox.put("mail", replace(NOTICE, model=f"model{number % 2}").payload())
    mail = Fake(clock, fails=down)
    assert run(outbox, clock, mail=mail).failed == DIGEST_ABOVE + 1
    assert mail.tried == 1
    clock.pass_by(minutes=1)
    mail.fails = lambda _: None
    assert run(outbox, clock, mail=mail).sent == DIGEST_ABOVE + 1
    assert "model0" in mail.taken[0].title
    assert "model1" in mail.taken[0].title


def test_a_channel_gets_no_more_than_it_bears_and_the_rest_a_minute_later(outbox: MemoryOutbox, clock: Clock) -> None:
    mail = Fake(clock)
    sent = 0
    for _ in range(4):
        put(outbox, "mail", 4)
        sent += run(outbox, clock, mail=mail).sent
        clock.pass_by(seconds=1)
    assert sent == len(mail.taken) == MESSAGES_A_MINUTE
    assert len(outbox.waiting) == 6
    assert all(entry.attempts == 0 for entry in outbox.waiting)
    clock.pass_by(minutes=1)
    run(outbox, clock, mail=mail)
    assert outbox.waiting == []


def test_a_fault_of_a_library_is_a_failure_of_the_channel_and_its_text_is_not_kept(
    outbox: MemoryOutbox, clock: Clock
) -> None:
    put(outbox, "mail")
    mail = Fake(clock, fails=lambda _: RuntimeError("https://hooks.example.org/s3cr3t"))
    assert run(outbox, clock, mail=mail).errors == {"mail": "the channel failed with RuntimeError"}
    assert "s3cr3t" not in str(outbox.entries)


def test_alerts_for_a_channel_that_is_not_there_wait_and_say_so(outbox: MemoryOutbox, clock: Clock) -> None:
    put(outbox, "ops")
    done = deliver(outbox, finder({}, {}), now=clock.now, elapsed=clock.elapsed)
    assert done.failed == 1
    assert "loan_default has no channel 'ops'" in done.errors["ops"]
    assert len(outbox.waiting) == 1


def test_a_payload_that_cannot_be_read_is_told_of_and_holds_up_nothing(outbox: MemoryOutbox, clock: Clock) -> None:
    outbox.put("mail", {"model": ["?"], "value": "x", "features": 3})
    put(outbox, "mail")
    mail = Fake(clock)
    assert run(outbox, clock, mail=mail).sent == 2


def test_a_database_that_is_gone_between_sending_and_marking_is_raised_and_the_row_goes_out_once_more(
    outbox: MemoryOutbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise ConnectionError("the database is gone")

    put(outbox, "mail")
    mail = Fake(clock)
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "sent", gone)
        with pytest.raises(ConnectionError):
            run(outbox, clock, mail=mail)
    assert run(outbox, clock, mail=mail) == Delivered()
    clock.pass_by(seconds=CLAIM.total_seconds())
    assert run(outbox, clock, mail=mail).sent == 1
    first, second = mail.taken
    assert first.alerts[0]["key"] == second.alerts[0]["key"]


class TestOverRealServers:
    def test_a_webhook_that_is_down_for_a_while_gets_every_alert_in_the_end(
        self, outbox: MemoryOutbox, clock: Clock
    ) -> None:
        with receiving(Receiver(statuses=[503, 429])) as receiver:
            environment = {"DRIFTWATCH_ALERT_CHANNELS": f"ops={receiver.webhook}"}
            put(outbox, "ops", 3)
            rounds = 0
            while outbox.waiting and rounds < 10:
                deliver(outbox, finder({}, environment), now=clock.now, elapsed=clock.elapsed)
                clock.pass_by(minutes=2)
                rounds += 1
            keys = [alert["key"] for told in receiver.told for alert in told["alerts"]]
            assert len(keys) == len(set(keys)) == 3
            assert rounds == 2

    def test_a_greylisting_mail_server_gets_each_recipient_s_mail_once(
        self, outbox: MemoryOutbox, clock: Clock, mailbox: Mailbox
    ) -> None:
        mailbox.delayed |= {"ann@example.org"}
        mailbox.refused |= {"gone@example.org"}
        environment = {"DRIFTWATCH_ALERT_CHANNELS": mailbox.address("ann@example.org", "gone@example.org")}
        recipients = {"loan_default": ["bob@example.org"]}
        for channel in channels_of("loan_default", recipients["loan_default"], environment):
            put(outbox, channel.name)
        for _ in range(5):
            deliver(outbox, finder(recipients, environment), now=clock.now, elapsed=clock.elapsed)
            clock.pass_by(minutes=10)
        assert sorted(mailbox.recipients) == ["ann@example.org", "bob@example.org"]
        (left,) = outbox.waiting
        assert left.attempts == 5
        assert "550" in str(left.last_error)
        assert "@" not in str(left.last_error)
