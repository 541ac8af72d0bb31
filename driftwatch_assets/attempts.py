"""What counts as an attempt at something: pure rules on how the earlier runs of it ended."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

AttemptStatus = Literal["in_flight", "succeeded", "refused", "failed", "interrupted", "stopped", "killed", "released"]
"""How a run stands.

`refused`: its content was found bad. `failed`: it crashed by a fault of its own. The others were interrupted:
`interrupted`, since something was away, or the machine short of disk, descriptors or processes; `stopped`, by a signal
or by a person who asks for another try; `killed`, without a word, or since there was no memory left; `released`, killed
too, and a person replays since, so that what it tried rests no longer.
"""

KILLS = 10
"""So many kills of one thing in a row, and it is held: it may be what kills the machine each time."""

INTERRUPTIONS = frozenset[AttemptStatus]({"interrupted", "stopped", "killed", "released"})

_LONGEST_PAUSE = dt.timedelta(hours=1)


class Ended(Protocol):
    """A run, with how it stands."""

    @property
    def status(self) -> AttemptStatus:
        """How it stands."""

    @property
    def ended(self) -> dt.datetime | None:
        """When it ended, with a zone; None while it is under way."""


@dataclass(frozen=True)
class Attempt:
    """One run of something."""

    status: AttemptStatus
    ended: dt.datetime | None = None


@dataclass(frozen=True)
class Patience:
    """How long something rests that was interrupted, looked at now.

    Attributes
    ----------
    pause_seconds
        The pause after the first interruption; it doubles with each, up to an hour.
    now
        The time, with a zone.
    """

    pause_seconds: float
    now: dt.datetime

    def left(self, tries: Sequence[Ended]) -> dt.timedelta:
        """Give how long something rests on, by its runs, the newest first; nothing unless the newest was interrupted.

        After n interruptions in a row the pause is ``min(pause_seconds * 2**(n - 1), 1 h)``. One that was stopped rests
        not at all, and a kill counts from the second in a row on: a process may be killed for any reason once.

        Examples
        --------
        >>> noon = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)
        >>> patience = Patience(60, now=noon + dt.timedelta(seconds=20))
        >>> patience.left([Attempt("interrupted", noon), Attempt("interrupted", noon)]).total_seconds()
        100.0
        >>> patience.left([Attempt("killed", noon)]), patience.left([Attempt("failed", noon)])
        (datetime.timedelta(0), datetime.timedelta(0))
        >>> patience.left([Attempt("killed", noon), Attempt("killed", noon)]).total_seconds()
        40.0
        >>> patience.left([Attempt("released", noon), Attempt("killed", noon)])
        datetime.timedelta(0)
        """
        in_a_row = list(takewhile(lambda one: one.status in {"interrupted", "killed"}, tries))
        kills = sum(one.status == "killed" for one in in_a_row)
        times = len(in_a_row) - (1 if kills else 0)
        if times < 1 or in_a_row[0].ended is None:
            return dt.timedelta(0)
        pause = min(_LONGEST_PAUSE, dt.timedelta(seconds=self.pause_seconds * 2.0 ** min(times - 1, 12)))
        # A run that ends in what is the future by now was timed by a clock that has jumped back.
        return max(dt.timedelta(0), pause - abs(self.now - in_a_row[0].ended))


def crashes(tries: Sequence[Ended]) -> int:
    """Count the runs that are attempts: those that crashed by a fault of their own."""
    return sum(one.status == "failed" for one in tries)


def is_held(tries: Sequence[Ended]) -> bool:
    """Tell whether something was killed `KILLS` times since it last ended in another way than by an interruption.

    Examples
    --------
    >>> is_held([Attempt("killed")] * 10), is_held([Attempt("stopped"), *[Attempt("killed")] * 9])
    (True, False)
    >>> is_held([Attempt("killed"), *[Attempt("released")] * 9])
    True
    """
    in_a_row = takewhile(lambda one: one.status in INTERRUPTIONS, tries)
    return sum(one.status in {"killed", "released"} for one in in_a_row) >= KILLS


def why_left_alone(tries: Sequence[Ended], allowed: int) -> str | None:
    """Say why something is not tried again until a person asks for it; None where it is.

    Examples
    --------
    >>> why_left_alone([Attempt("failed")] * 2, allowed=2)
    'failed 2 times'
    >>> why_left_alone([Attempt("killed"), *[Attempt("interrupted")] * 50], allowed=2)
    """
    if crashes(tries) >= allowed:
        return f"failed {crashes(tries)} times"
    if is_held(tries):
        return f"was killed {KILLS} times, or was short of memory, and may be what does it"
    return None


def retry_command(model: str, batch: str) -> str:
    """Give the command that lets something be tried again."""
    return f"driftwatch retry {model} {batch}"
