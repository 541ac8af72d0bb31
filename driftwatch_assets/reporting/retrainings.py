"""What each retraining bought: the first batch that its champion scored, beside what the others would have reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch_assets.reporting.history import RATE, retrained_places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.reporting.history import HistoryEntry


@dataclass(frozen=True)
class RetrainingGain:
    """One retraining and the batch that tells what it bought.

    Attributes
    ----------
    trained_through
        The batch that the retraining was trained through.
    promoted
        Whether its challenger became champion.
    batch
        The first batch that the new champion scored; None when there is none, and `note` says why.
    value, previous, frozen
        The metric on that batch: of the new champion, the champion before it, the first champion; None when not known.
    note
        Why there is no such batch.
    metric
        What the champions are judged by.
    target
        What the metric is to be: the nearer, the better. None: the more, the better.
    """

    trained_through: str
    promoted: bool
    batch: str | None = None
    value: float | None = None
    previous: float | None = None
    frozen: float | None = None
    note: str = ""
    metric: str = "accuracy"
    target: float | None = None

    @property
    def accuracy(self) -> float | None:
        """The accuracy of the new champion, where it is judged by that."""
        return self.value if self.metric == "accuracy" else None

    @property
    def outcome(self) -> str:
        """What became of the challenger, in words."""
        return "promoted" if self.promoted else "refused"

    @property
    def over_previous(self) -> float | None:
        """What was won over the champion before; of a metric with a target, how much nearer the new one comes."""
        return self._over(self.previous)

    @property
    def over_frozen(self) -> float | None:
        """What was won over the first champion, likewise."""
        return self._over(self.frozen)

    def _over(self, other: float | None) -> float | None:
        if self.value is None or other is None:
            return None
        if self.target is None:
            return self.value - other
        return abs(other - self.target) - abs(self.value - self.target)


def retraining_gains(history: Sequence[HistoryEntry]) -> tuple[RetrainingGain, ...]:
    """Tell what each retraining bought; the training of the first champion replaced nothing and is left out.

    The batch that raised the alarm does not count: the first later batch whose champion was trained through the
    retraining's batch does.

    Parameters
    ----------
    history
        In batch order.

    Examples
    --------
    >>> from driftwatch_assets.reporting.history import HistoryEntry
    >>> seven = HistoryEntry("7", champion_trained_through="6", accuracy=0.7, retrained=True, promoted=True)
    >>> eight = HistoryEntry("8", champion_trained_through="7", accuracy=0.9, previous_accuracy=0.8)
    >>> [(gain.batch, round(gain.over_previous, 3)) for gain in retraining_gains([seven, eight])]
    [('8', 0.1)]
    """
    return tuple(_gain(history[at], history[at + 1 :]) for at in retrained_places(history))


def _gain(entry: HistoryEntry, later: Sequence[HistoryEntry]) -> RetrainingGain:
    if not entry.promoted:
        refused = "the challenger was refused; the champion stayed"
        return RetrainingGain(entry.batch, promoted=False, note=refused, metric=entry.metric)
    scored = next((each for each in later if each.champion_trained_through == entry.batch), None)
    if scored is None:
        unscored = "no batch has been scored by it yet"
        return RetrainingGain(entry.batch, promoted=True, note=unscored, metric=entry.metric)
    return RetrainingGain(
        entry.batch,
        promoted=True,
        batch=scored.batch,
        value=scored.value,
        previous=scored.previous_value,
        frozen=scored.frozen_value,
        note="its labels are not known yet" if scored.waits_for_labels else "",
        metric=scored.metric,
        target=scored.contamination if scored.metric == RATE else None,
    )
