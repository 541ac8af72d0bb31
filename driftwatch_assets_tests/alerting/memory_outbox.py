"""An outbox in memory, for tests that set the clock; the monitoring database's own is tested by the same promises."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLAIM = timedelta(minutes=2)


@dataclass
class Clock:
    """A clock that stands still until it is set; `spent` is what never jumps."""

    at: datetime = NOON
    spent: float = 0.0

    def now(self) -> datetime:
        return self.at

    def elapsed(self) -> float:
        return self.spent

    def pass_by(self, **by: float) -> None:
        self.at += timedelta(**by)
        self.spent += timedelta(**by).total_seconds()


@dataclass(frozen=True)
class Entry:
    id: int
    channel: str
    payload: Mapping[str, Any]
    event: str = "opened"
    attempts: int = 0
    next_attempt_at: datetime = NOON
    claimed_until: datetime | None = None
    sent_at: datetime | None = None
    last_error: str | None = None


@dataclass
class MemoryOutbox:
    entries: dict[int, Entry] = field(default_factory=dict)

    def put(self, channel: str, payload: Mapping[str, Any], event: str = "opened") -> int:
        number = len(self.entries) + 1
        self.entries[number] = Entry(number, channel, payload, event)
        return number

    def claim(self, limit: int, now: datetime) -> list[Entry]:
        free = [
            entry
            for entry in self.entries.values()
            if entry.sent_at is None
            and entry.next_attempt_at <= now
            and (entry.claimed_until is None or entry.claimed_until <= now)
        ][:limit]
        for entry in free:
            self._change(entry.id, claimed_until=now + CLAIM)
        return [self.entries[entry.id] for entry in free]

    def sent(self, id: int, now: datetime) -> None:  # noqa: A002 - as the column is called
        self._change(id, sent_at=now, claimed_until=None)

    def failed(self, id: int, error: str, next_attempt_at: datetime) -> None:  # noqa: A002 - as above
        self._change(
            id,
            attempts=self.entries[id].attempts + 1,
            last_error=error,
            next_attempt_at=next_attempt_at,
            claimed_until=None,
        )

    def postponed(self, id: int, next_attempt_at: datetime) -> None:  # noqa: A002 - as above
        self._change(id, next_attempt_at=next_attempt_at, claimed_until=None)

    def sent_between(self, channel: str, since: datetime, until: datetime) -> int:
        return sum(
            entry.channel == channel and entry.sent_at is not None and since < entry.sent_at <= until
            for entry in self.entries.values()
        )

    @property
    def waiting(self) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.sent_at is None]

    def _change(self, number: int, **values: Any) -> None:
        self.entries[number] = replace(self.entries[number], **values)
