"""Which landed batches are taken in now: a pure plan on what has landed and what was done with it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from driftwatch_assets.attempts import INTERRUPTIONS, AttemptStatus, Patience, retry_command, why_left_alone
from driftwatch_assets.lake import batch_order

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Sequence

IntakeStatus = AttemptStatus


class ArrivalPolicy(BaseModel):
    """How landed batches are let in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settle_seconds: float = Field(default=5.0, ge=0, description="Age below which a file may still be being written.")
    attempts: int = Field(default=2, ge=1, description="Runs of one delivery that may crash before it is left alone.")
    pause_seconds: float = Field(
        default=60.0,
        ge=0,
        le=3600,
        description="Pause after a run during which source, lake or registry went away, or the machine was short of "
        "something; it doubles with each, up to an hour. Such a run is none of the attempts.",
    )
    additions: int = Field(default=50, ge=1, description="Deliveries that one tick looks at, and may ask for.")


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
        `refused` when its content was found bad, `failed` when the run crashed, `interrupted`, `stopped` or `killed`
        when what ended it is no part of it; see `AttemptStatus`.
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
    """Runs to request, batches that wait, and the reason.

    `left_alone` says of batches that are not tried again by themselves why, and which command asks for it.
    """

    requests: tuple[ArrivalRequest, ...]
    held: tuple[str, ...]
    reason: str
    left_alone: tuple[str, ...] = ()


def plan_arrivals(
    landed: Sequence[Landed],
    intakes: Sequence[Intake],
    known: Collection[str],
    *,
    initial_batches: int,
    training_pending: bool,
    policy: ArrivalPolicy,
    now: dt.datetime,
    model: str = "MODEL",
) -> ArrivalPlan:
    """Decide which deliveries are taken in now.

    A delivery is due when, since another content of its batch was last tried, no run of it succeeded, is under way
    or refused it, and fewer than `attempts` runs of it crashed. So a corrected file is taken in, an earlier content
    that is delivered again after a corrected one is taken in again, and what lies there unchanged never is. A run that
    was interrupted (something did not answer, the machine was short of something, the process was stopped or killed)
    says nothing of the delivery: it is tried again for as long as it takes, after a pause (see `Patience`), and later
    batches wait for it. Only one that was killed `KILLS` times in a row is left alone until a person asks for it: it
    may be what kills the process each time.

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
    model
        The model's name, for the commands that are named.

    Returns
    -------
    ArrivalPlan

    Examples
    --------
    >>> import datetime as dt
    >>> landed = [Landed("10", "c"), Landed("1", "a"), Landed("2", "b")]
    >>> noon = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)
    >>> policy = ArrivalPolicy()
    >>> plan = plan_arrivals(landed, [], [], initial_batches=1, training_pending=False, policy=policy, now=noon)
    >>> [request.batch for request in plan.requests], plan.held
    (['1'], ('2', '10'))

    """
    due = sorted(
        (delivery for delivery in landed if _is_due(delivery, intakes, policy)),
        key=lambda delivery: batch_order(delivery.batch),
    )
    left_alone = tuple(
        f"batch {delivery.batch} {why}: mend the cause, then run `{retry_command(model, delivery.batch)}`"
        for delivery in sorted(landed, key=lambda delivery: batch_order(delivery.batch))
        if (why := _why_left_alone(delivery, intakes, policy)) is not None
    )
    if not due:
        reason = "; ".join((f"nothing new among {len(landed)} landed batches", *left_alone))
        return ArrivalPlan((), (), reason, left_alone)
    due = due[: policy.additions]
    everything = sorted({*known, *(delivery.batch for delivery in due)}, key=batch_order)
    first = set(everything[:initial_batches])
    in_flight = {intake.batch for intake in intakes if intake.status == "in_flight"}
    busy = training_pending or bool(in_flight)
    requests: list[ArrivalRequest] = []
    held: list[str] = []
    resting: list[str] = []
    patience = Patience(policy.pause_seconds, now)
    for delivery in due:
        pause = patience.left(_tried(delivery, intakes))
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
    reason = "; ".join((f"taken in: {taken}{waiting}", *left_alone))
    return ArrivalPlan(tuple(requests), tuple(held), reason, left_alone)


def _is_due(delivery: Landed, intakes: Sequence[Intake], policy: ArrivalPolicy) -> bool:
    tries = _tried(delivery, intakes)
    ended_otherwise = {one.status for one in tries} - {"failed"} - INTERRUPTIONS
    return not ended_otherwise and why_left_alone(tries, policy.attempts) is None


def _why_left_alone(delivery: Landed, intakes: Sequence[Intake], policy: ArrivalPolicy) -> str | None:
    tries = _tried(delivery, intakes)
    if any(one.status in {"succeeded", "in_flight", "refused"} for one in tries):
        return None
    return why_left_alone(tries, policy.attempts)


def _tried(delivery: Landed, intakes: Sequence[Intake]) -> list[Intake]:
    """Give the runs of a delivery since another content of its batch was tried, the newest first."""
    of_batch = (intake for intake in reversed(intakes) if intake.batch == delivery.batch)
    return list(takewhile(lambda intake: intake.fingerprint == delivery.fingerprint, of_batch))


def _request(delivery: Landed, intakes: Sequence[Intake]) -> ArrivalRequest:
    earlier = sum(1 for intake in intakes if intake.batch == delivery.batch)
    return ArrivalRequest(delivery.batch, delivery.fingerprint, earlier + 1)
