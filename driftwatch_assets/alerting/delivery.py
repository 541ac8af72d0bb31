"""Alerts leave the outbox: each by its channel, again until it is taken, and never more than a channel bears."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from driftwatch_assets.alerting.message import Message, digest
from driftwatch_assets.alerting.notice import Notice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

BUDGET_SECONDS = 20.0
"""What one call may take in all; a claim has to last longer."""
SEND_SECONDS = 8.0
"""What one message may take of it."""
FIRST_BACK_OFF = timedelta(seconds=30)
LONGEST_BACK_OFF = timedelta(hours=1)
"""A row whose next attempt is further ahead than this was put off by a clock that has jumped back: it is due."""
MESSAGES_A_MINUTE = 10
"""So many messages a channel bears in a minute; what is above waits."""
DIGEST_ABOVE = 5
"""Where more rows than this wait for a channel, they go out as one message."""
CLAIMED_ROWS = 200
"""So many rows are taken from the outbox at once."""
_FAILURES_UNTIL_DOWN = 2
_SHORTEST_SEND = 0.5
_MINUTE = timedelta(minutes=1)


class ChannelFailed(Exception):  # noqa: N818 - named for what happened
    """A channel did not take a message; the text holds no secret and no mail address."""


class Row(Protocol):
    """A row of the outbox: one event of one alert for one channel."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def event(self) -> str: ...  # noqa: D102
    @property
    def channel(self) -> str: ...  # noqa: D102
    @property
    def payload(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def attempts(self) -> int: ...  # noqa: D102


class Outbox(Protocol):
    """The outbox, as far as delivery needs it; the monitoring database has it."""

    def claim(self, limit: int, now: datetime) -> Sequence[Row]:
        """Take rows that are due, oldest first; no other claim gets them until they are told of or this one expires."""

    def sent(self, id: int, now: datetime) -> None:  # noqa: A002 - as the column is called
        """Mark a row as delivered."""

    def failed(self, id: int, error: str, next_attempt_at: datetime) -> None:  # noqa: A002 - as above
        """Count an attempt that failed and give the row back until then."""

    def postponed(self, id: int, next_attempt_at: datetime) -> None:  # noqa: A002 - as above
        """Give a row back until then without counting an attempt."""

    def sent_between(self, channel: str, since: datetime, until: datetime) -> int:
        """Count the rows of a channel that were delivered then."""


class Takes(Protocol):
    """A channel, as far as delivery needs it."""

    def send(self, message: Message, *, within: float) -> None:
        """Hand over a message, or raise `ChannelFailed`; takes no more than so many seconds."""


@dataclass(frozen=True)
class Delivered:
    """What a call came to, in rows of the outbox.

    Attributes
    ----------
    sent
        Rows that their channel took.
    failed
        Rows that it did not take; they are tried again.
    waiting
        Rows that were not tried: the channel had enough, was down, or the time was over.
    errors
        What went wrong, by channel.
    """

    sent: int = 0
    failed: int = 0
    waiting: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)


def back_off(attempts: int, jitter: float) -> timedelta:
    """Say how long a row waits after its attempt number ``attempts`` (from 0) failed.

    ``min(30 s * 2**attempts, 1 h) * (1/2 + jitter/2)``: doubled each time, with half of it left to chance, so that
    channels that went down together are not tried together.

    Examples
    --------
    >>> [back_off(attempts, 1.0).total_seconds() for attempts in (0, 1, 2, 10, 10_000)]
    [30.0, 60.0, 120.0, 3600.0, 3600.0]
    >>> back_off(0, 0.0).total_seconds()
    15.0
    """
    doubled = FIRST_BACK_OFF * float(1 << min(max(attempts, 0), 10))
    return min(doubled, LONGEST_BACK_OFF) * (0.5 + 0.5 * jitter)


def deliver(
    outbox: Outbox,
    find: Callable[[str, str], Takes],
    *,
    budget: float = BUDGET_SECONDS,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    elapsed: Callable[[], float] = time.monotonic,
    jitter: Callable[[], float] = random.random,
) -> Delivered:
    """Deliver what is due.

    Each row reaches its channel at least once: a row counts as sent only after the channel took it, and what happens
    between the two (a crash, a database that is gone) makes it go out once more when its claim expires. Channels that
    failed before come last and a channel that fails twice in a row is left alone until the next call, so that one that
    hangs keeps none of the others waiting. No failure of a channel is raised.

    Parameters
    ----------
    outbox
        Where the rows are.
    find
        Gives a channel by model and name; raises `ChannelFailed` where there is none.
    budget
        Seconds that the call may take.
    now, elapsed, jitter
        The clock, a clock that never jumps, and chance in [0, 1).

    Raises
    ------
    Exception
        What the outbox raises, as when the monitoring database cannot be reached.
    """
    deadline = elapsed() + budget
    rows = outbox.claim(CLAIMED_ROWS, now())
    done = _Call(outbox, now, jitter, lambda: deadline - elapsed())
    for group in _in_turn(rows, find):
        done.through(group)
    return Delivered(done.counts["sent"], done.counts["failed"], done.counts["waiting"], done.errors)


@dataclass(frozen=True)
class _Group:
    """Rows that wait for the same channel; where there is no such channel, why."""

    channel: str
    takes: Takes | str
    rows: list[Row]


def _in_turn(rows: Sequence[Row], find: Callable[[str, str], Takes]) -> list[_Group]:
    """Group rows by channel, over models: those that have not failed yet first, else in the order of their coming."""
    groups: dict[tuple[str, Takes | str], _Group] = {}
    for row in rows:
        takes = _found(Notice.from_payload(row.payload).model, row.channel, find)
        groups.setdefault((row.channel, takes), _Group(row.channel, takes, [])).rows.append(row)
    return sorted(groups.values(), key=lambda group: max(row.attempts for row in group.rows) > 0)


def _found(model: str, channel: str, find: Callable[[str, str], Takes]) -> Takes | str:
    try:
        return find(model, channel)
    except ChannelFailed as failure:
        return str(failure)


_Alert = tuple[str, str, str | None]


def _alerts(rows: Sequence[Row]) -> set[_Alert]:
    """Give which alerts rows are about: the end of one is not told where telling of its beginning has just failed."""
    told = [Notice.from_payload(row.payload, row.event) for row in rows]
    return {(one.model, one.rule, one.opened_batch or one.batch) for one in told}


class _Call:
    """One call's doings: what was sent and what was not."""

    def __init__(
        self,
        outbox: Outbox,
        now: Callable[[], datetime],
        jitter: Callable[[], float],
        remaining: Callable[[], float],
    ) -> None:
        self.outbox, self.now, self.jitter, self.remaining = outbox, now, jitter, remaining
        self.counts: Counter[str] = Counter()
        self.errors: dict[str, str] = {}

    def through(self, group: _Group) -> None:
        """Send a channel what waits for it."""
        at = self.now()
        borne = MESSAGES_A_MINUTE - self.outbox.sent_between(group.channel, at - _MINUTE, at)
        bundles = [group.rows] if len(group.rows) > DIGEST_ABOVE else [[row] for row in group.rows]
        failures, untold = 0, set[_Alert]()
        for number, bundle in enumerate(bundles):
            if number >= borne:
                self._postpone(bundle, self.now() + _MINUTE)
            elif untold.intersection(_alerts(bundle)):
                self._postpone(bundle, self.now())
            elif failures >= _FAILURES_UNTIL_DOWN:
                self._postpone(bundle, self.now() + back_off(0, self.jitter()))
            elif self.remaining() < _SHORTEST_SEND:
                self._postpone(bundle, self.now())
            else:
                error = self._error_of(group.takes, bundle)
                failures = 0 if error is None else failures + 1
                untold.update(() if error is None else _alerts(bundle))
                self._mark(bundle, group.channel, error)

    def _error_of(self, takes: Takes | str, bundle: Sequence[Row]) -> str | None:
        if isinstance(takes, str):
            return takes
        try:
            message = digest([Notice.from_payload(row.payload, row.event, row.id) for row in bundle])
            takes.send(message, within=min(self.remaining(), SEND_SECONDS))
        except ChannelFailed as failure:
            return str(failure)
        except Exception as error:  # noqa: BLE001 - a library's fault is a channel's failure; its text may hold a secret
            return f"the channel failed with {type(error).__name__}"
        return None

    def _mark(self, bundle: Sequence[Row], name: str, error: str | None) -> None:
        for row in bundle:
            if error is None:
                self.outbox.sent(row.id, self.now())
            else:
                self.outbox.failed(row.id, error, self.now() + back_off(row.attempts, self.jitter()))
                self.errors[name] = error
        self.counts["sent" if error is None else "failed"] += len(bundle)

    def _postpone(self, bundle: Sequence[Row], until: datetime) -> None:
        for row in bundle:
            self.outbox.postponed(row.id, until)
        self.counts["waiting"] += len(bundle)
