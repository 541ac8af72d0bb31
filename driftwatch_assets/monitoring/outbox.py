"""The outbox: messages that wait for their channel, put there in the transaction in which their alert changed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from driftwatch_assets.monitoring.recording import table_of
from driftwatch_assets.monitoring.rows import OutboxRow
from driftwatch_assets.monitoring.tables import Alert, OutboxEntry
from driftwatch_assets.monitoring.values import document, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from driftwatch_assets.monitoring.rows import Event

OUTBOX = table_of(OutboxEntry)
CLAIM = timedelta(minutes=2)
"""How long a claim lasts: longer than a delivery may take, so that only one that crashed is repeated."""
LONGEST_WAIT = timedelta(hours=1)
"""No row waits longer on purpose; one that would was put off by a clock that has jumped back since."""
LONGEST_ERROR = 2000


def announce(
    connection: sa.Connection,
    alert_id: int,
    event: Event,
    channels: Sequence[str],
    payload: Mapping[str, Any],
    now: datetime,
) -> int:
    """Put a message into the outbox for each channel; one of the same event that it has already gives way.

    The new message has an id of its own: whoever is just sending the old one marks the old one.
    """
    if not channels:
        return 0
    told = tuple(dict.fromkeys(channels))
    connection.execute(sa.delete(OUTBOX).where(_of(alert_id, event), OUTBOX.c.channel.in_(told)))
    rows = [
        {
            "alert_id": alert_id,
            "event": event,
            "channel": channel,
            "payload": document(payload),
            "created_at": now,
            "attempts": 0,
            "next_attempt_at": now,
        }
        for channel in told
    ]
    connection.execute(sa.insert(OUTBOX), rows)
    return len(rows)


def take_back(connection: sa.Connection, alert_id: int, event: Event, now: datetime) -> frozenset[str]:
    """Take an event's messages back from the channels that were not sent theirs, nor are being; give these channels."""
    waiting = sa.and_(_of(alert_id, event), OUTBOX.c.sent_at.is_(None), ~_is_claimed(OUTBOX, now))
    return frozenset(connection.execute(sa.delete(OUTBOX).where(waiting).returning(OUTBOX.c.channel)).scalars())


def heard(connection: sa.Connection, alert_id: int, event: Event) -> frozenset[str]:
    """Give the channels that an event's message was put into the outbox for and not taken back."""
    return frozenset(connection.execute(sa.select(OUTBOX.c.channel).where(_of(alert_id, event))).scalars())


def _of(alert_id: int, event: Event) -> sa.ColumnElement[bool]:
    return sa.and_(OUTBOX.c.alert_id == alert_id, OUTBOX.c.event == event)


def claim(connection: sa.Connection, limit: int, now: datetime) -> list[OutboxRow]:
    """See `Monitoring.claim`."""
    past = sa.select(OUTBOX.c.id).where(_is_overtaken(now)).with_for_update(skip_locked=True)
    connection.execute(sa.delete(OUTBOX).where(OUTBOX.c.id.in_(list(connection.execute(past).scalars()))))
    ready = (
        sa.select(OUTBOX.c.id)
        .where(OUTBOX.c.sent_at.is_(None), _can_be_taken(OUTBOX, now), ~_awaits_an_earlier_one(now))
        .order_by(OUTBOX.c.created_at, OUTBOX.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.execute(ready).scalars())
    if not ids:
        return []
    connection.execute(sa.update(OUTBOX).where(OUTBOX.c.id.in_(ids)).values(claimed_until=now + CLAIM))
    taken = sa.select(OUTBOX).where(OUTBOX.c.id.in_(ids)).order_by(OUTBOX.c.created_at, OUTBOX.c.id)
    return [OutboxRow(**row) for row in connection.execute(taken).mappings()]


def _is_claimed(table: sa.FromClause, now: datetime) -> sa.ColumnElement[bool]:
    until = table.c.claimed_until
    return sa.and_(until.is_not(None), until > now, until <= now + 2 * CLAIM)


def _can_be_taken(table: sa.FromClause, now: datetime) -> sa.ColumnElement[bool]:
    due = sa.or_(table.c.next_attempt_at <= now, table.c.next_attempt_at > now + LONGEST_WAIT)
    return sa.and_(due, ~_is_claimed(table, now))


def _same_alert_and_channel(other: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(other.c.alert_id == OUTBOX.c.alert_id, other.c.channel == OUTBOX.c.channel)


def _is_overtaken(now: datetime) -> sa.ColumnElement[bool]:
    """Tell of a message that an alert was resolved whether it waits although the alert has opened again since."""
    opened = OUTBOX.alias()
    newer = sa.and_(_same_alert_and_channel(opened), opened.c.event == "opened", opened.c.id > OUTBOX.c.id)
    waits = sa.and_(OUTBOX.c.event == "resolved", OUTBOX.c.sent_at.is_(None), ~_is_claimed(OUTBOX, now))
    return sa.and_(waits, sa.exists().where(newer))


def _awaits_an_earlier_one(now: datetime) -> sa.ColumnElement[bool]:
    """Tell whether what a channel is to hear of an alert before is being sent, or still waits to be tried again."""
    earlier = OUTBOX.alias()
    before = sa.and_(_same_alert_and_channel(earlier), earlier.c.id < OUTBOX.c.id, earlier.c.sent_at.is_(None))
    return sa.exists().where(before, ~_can_be_taken(earlier, now))


def sent(connection: sa.Connection, row_id: int, now: datetime) -> None:
    """Mark a message as sent."""
    _change(connection, row_id, sent_at=now, claimed_until=None, last_error=None)


def failed(connection: sa.Connection, row_id: int, error: str, next_attempt_at: datetime) -> None:
    """Count an attempt and let the message wait."""
    _change(
        connection,
        row_id,
        attempts=OUTBOX.c.attempts + 1,
        last_error=text(error)[:LONGEST_ERROR],
        next_attempt_at=next_attempt_at,
        claimed_until=None,
    )


def postponed(connection: sa.Connection, row_id: int, next_attempt_at: datetime) -> None:
    """Let a message wait that was not tried."""
    _change(connection, row_id, next_attempt_at=next_attempt_at, claimed_until=None)


def _change(connection: sa.Connection, row_id: int, **values: Any) -> None:
    same = sa.and_(OUTBOX.c.id == row_id, OUTBOX.c.sent_at.is_(None))
    connection.execute(sa.update(OUTBOX).where(same).values(**values))


def sent_between(connection: sa.Connection, channel: str, since: datetime, until: datetime) -> int:
    """Count the messages that a channel took then."""
    query = sa.select(sa.func.count()).select_from(OUTBOX)
    query = query.where(OUTBOX.c.channel == channel, OUTBOX.c.sent_at > since, OUTBOX.c.sent_at <= until)
    return int(connection.execute(query).scalar_one())


def pending(connection: sa.Connection) -> tuple[int, datetime | None]:
    """Give how many messages wait, and since when the oldest one does."""
    query = sa.select(sa.func.count(), sa.func.min(OUTBOX.c.created_at)).where(OUTBOX.c.sent_at.is_(None))
    count, oldest = connection.execute(query).one()
    return int(count), oldest


def waiting(connection: sa.Connection) -> dict[str, int]:
    """Count the messages that were not sent yet, by channel."""
    query = sa.select(OUTBOX.c.channel, sa.func.count()).where(OUTBOX.c.sent_at.is_(None))
    return dict(connection.execute(query.group_by(OUTBOX.c.channel).order_by(OUTBOX.c.channel)).tuples().all())


def drop(connection: sa.Connection, channel: str, model: str | None) -> int:
    """See `Monitoring.drop`."""
    of_channel = sa.or_(OUTBOX.c.channel == channel, OUTBOX.c.channel.startswith(f"{channel}#", autoescape=True))
    where = sa.and_(of_channel, OUTBOX.c.sent_at.is_(None))
    if model is not None:
        alerts = table_of(Alert)
        where = sa.and_(where, OUTBOX.c.alert_id.in_(sa.select(alerts.c.id).where(alerts.c.model == model)))
    gone = connection.execute(sa.delete(OUTBOX).where(where).returning(OUTBOX.c.id)).all()
    return len(gone)
