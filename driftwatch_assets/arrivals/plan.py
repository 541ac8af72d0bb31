"""Which landed batches are taken in now: a pure plan on what has landed and what was done with it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from driftwatch_assets.lake import batch_order

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

IntakeStatus = Literal["in_flight", "succeeded", "refused", "interrupted", "failed"]

_LONGEST_PAUSE = dt.timedelta(hours=1)


class ArrivalPolicy(BaseModel):
    """How landed batches are let in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settle_seconds: float = Field(default=5.0, ge=0, description="Age below which a file may still be being written.")
    attempts: int = Field(default=2, ge=1, description="Runs of one delivery that may crash before it is left alone.")
    pause_seconds: float = Field(
        default=60.0,
        ge=0,
        le=3600,
        description="Pause after a run during which source, lake or registry went away; it doubles with each, up to an "
        "hour. Such a run is none of the attempts.",
    )
    additions: int = Field(default=50, ge=1, description="Partitions that one tick may add.")


@dataclass(frozen=True)
class Landed:
    """A delivery that lies in the landing folder: its batch and the fingerprint of its content."""

    batch: str
    fingerprint: str


@dataclass(frozen=True)
class Intake:
    """One run that took a delivery in, or tried to.

    Attributes
    ----------
    batch, fingerprint
        The delivery.
    status
        `refused` when its content was found bad, `interrupted` when something that is no part of it did not answer,
        `failed` when the run crashed.
    ended
        When the run ended, with a zone; `None` while it is under way.

    """

    batch: str
    fingerprint: str
    status: IntakeStatus
    ended: dt.datetime | None = None


@dataclass(frozen=True)
class ArrivalRequest:
    """A run to ask for."""

    batch: str
    fingerprint: str
    attempt: int


@dataclass(frozen=True)
class ArrivalPlan:
    """Partitions to add, runs to request, and batches that wait, each with the reason."""

    additions: tuple[str, ...]
    requests: tuple[ArrivalRequest, ...]
    held: tuple[str, ...]
    reason: str


def plan_arrivals(
    landed: Sequence[Landed],
    intakes: Sequence[Intake],
    known: Collection[str],
    *,
    initial_batches: int,
    training_pending: bool,
    policy: ArrivalPolicy,
    now: dt.datetime,
) -> ArrivalPlan:
    """Decide which deliveries are taken in now.

    A delivery is due when, since another content of its batch was last tried, no run of it succeeded, is under way
    or refused it, and fewer than `attempts` runs of it crashed. So a corrected file is taken in, an earlier content
    that is delivered again after a corrected one is taken in again, and what lies there unchanged never is. A run that
    was interrupted, since the database, the lake or the registry did not answer, says nothing of the delivery: it is
    tried again for as long as it takes, after the n-th such run in a row at the earliest
    ``min(pause_seconds * 2**(n - 1), 1 h)`` later, and later batches wait for it.

    Due batches go in batch order; a batch that is under way waits for its end. The first `initial_batches` of a model
    are let in together, since no champion can be older than they are. Each later one waits until nothing of the model
    is under way and no training is pending: its champion must be the one that it would have met had it arrived alone,
    so that a backfill gives the same predictions again.

    Parameters
    ----------
    landed
        Deliveries in the landing folder.
    intakes
        Past and present runs that took deliveries in.
    known
        Batches that are partitions already.
    initial_batches
        Batches before the first training.
    training_pending
        Whether a training is due or under way.
    policy
        The declared policy.
    now
        The time, with a zone.

    Returns
    -------
    ArrivalPlan

    Examples
    --------
    >>> landed = [Landed("10", "c"), Landed("1", "a"), Landed("2", "b")]
    >>> noon = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)
    >>> policy = ArrivalPolicy()
    >>> plan = plan_arrivals(landed, [], [], initial_batches=1, training_pending=False, policy=policy, now=noon)
    >>> plan.additions, [request.batch for request in plan.requests], plan.held
    (('1', '2', '10'), ['1'], ('2', '10'))

    """
    due = sorted(
        (delivery for delivery in landed if _is_due(delivery, intakes, policy)),
        key=lambda delivery: batch_order(delivery.batch),
    )
    if not due:
        return ArrivalPlan((), (), (), f"nothing new among {len(landed)} landed batches")
    due = due[: policy.additions]
    additions = tuple(delivery.batch for delivery in due if delivery.batch not in known)
    everything = sorted({*known, *additions}, key=batch_order)
    first = set(everything[:initial_batches])
    in_flight = {intake.batch for intake in intakes if intake.status == "in_flight"}
    busy = training_pending or bool(in_flight)
    requests: list[ArrivalRequest] = []
    held: list[str] = []
    resting: list[str] = []
    for delivery in due:
        pause = _pause_left(_tried(delivery, intakes), policy, now)
        if pause:
            resting.append(
                f"batch {delivery.batch} was interrupted and is tried again in {pause.total_seconds():.0f} s"
            )
        alone = not busy and not requests and not resting
        if not pause and delivery.batch not in in_flight and (delivery.batch in first or alone):
            requests.append(_request(delivery, intakes))
        else:
            held.append(delivery.batch)
    why = "a training is due or under way" if training_pending else "one batch goes at a time"
    why = resting[0] if resting else why
    waiting = f"; waiting, since {why}: {', '.join(held)}" if held else ""
    taken = ", ".join(request.batch for request in requests) or "none"
    return ArrivalPlan(additions, tuple(requests), tuple(held), f"taken in: {taken}{waiting}")


def _is_due(delivery: Landed, intakes: Sequence[Intake], policy: ArrivalPolicy) -> bool:
    statuses = [intake.status for intake in _tried(delivery, intakes)]
    return statuses.count("failed") < policy.attempts and {*statuses} <= {"failed", "interrupted"}


def _tried(delivery: Landed, intakes: Sequence[Intake]) -> list[Intake]:
    """Give the runs of a delivery since another content of its batch was tried, the newest first."""
    of_batch = (intake for intake in reversed(intakes) if intake.batch == delivery.batch)
    return list(takewhile(lambda intake: intake.fingerprint == delivery.fingerprint, of_batch))


def _pause_left(tried: Sequence[Intake], policy: ArrivalPolicy, now: dt.datetime) -> dt.timedelta:
    """Give how long a delivery rests on; nothing unless its newest runs were interrupted."""
    interrupted = list(takewhile(lambda intake: intake.status == "interrupted", tried))
    if not interrupted or interrupted[0].ended is None:
        return dt.timedelta(0)
    doublings = min(len(interrupted) - 1, 12)
    pause = min(_LONGEST_PAUSE, dt.timedelta(seconds=policy.pause_seconds * 2.0**doublings))
    # A run that ends in what is the future by now was timed by a clock that has jumped back.
    return max(dt.timedelta(0), pause - abs(now - interrupted[0].ended))


def _request(delivery: Landed, intakes: Sequence[Intake]) -> ArrivalRequest:
    earlier = sum(1 for intake in intakes if intake.batch == delivery.batch)
    return ArrivalRequest(delivery.batch, delivery.fingerprint, earlier + 1)
