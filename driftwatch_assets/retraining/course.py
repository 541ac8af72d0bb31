"""What decisions about retraining rest on, so that the one of an earlier batch can be told again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch_assets.retraining.policy import BatchEvidence, Decision, RetrainingPolicy, Training, decide

if TYPE_CHECKING:
    from driftwatch_assets.attempts import Patience


@dataclass(frozen=True)
class Course:
    """All batches and trainings of a model.

    Attributes
    ----------
    batches
        Evidence of all batches, in batch order.
    trainings
        Past and present training runs, oldest first.
    promoted
        The batches that promoted models were trained through.
    initial_batches, policy
        As declared.
    patience
        How long an interrupted training rests; None where it rests not at all.

    Examples
    --------
    >>> bare = BatchEvidence("8", "b2", ("data_drift",), judged=True, labelled_rows=3)
    >>> calm = BatchEvidence("9", "c3", (), judged=True, labelled_rows=300)
    >>> course = Course((bare, calm), (), promoted=("7",), initial_batches=1, policy=RetrainingPolicy())
    >>> course.decision().reason
    'batch 9 passed its checks'
    >>> course.decision("8").reason
    'batch 8 failed, but only 3 of its rows have a label (50 are needed)'
    """

    batches: tuple[BatchEvidence, ...]
    trainings: tuple[Training, ...]
    promoted: tuple[str, ...]
    initial_batches: int
    policy: RetrainingPolicy
    patience: Patience | None = None

    def decision(self, through: str | None = None) -> Decision:
        """Let the policy decide; with `through`, as if there were no batch after that one, nor a training through it.

        Where a batch asked for a training that never was, since a later batch decided otherwise, this is said.
        """
        names = [batch.batch for batch in self.batches]
        whole = self._decided(len(names))
        if through is None:
            return whole
        if through not in names:
            return Decision("none", f"nothing is known of how batch {through} was judged")
        told = self._decided(names.index(through) + 1)
        if told.kind == "retrain" and whole.batch != told.batch:
            return Decision("none", f"{told.reason}; with the batches after it, {whole.reason}")
        return told

    def _decided(self, count: int) -> Decision:
        later = {batch.batch for batch in self.batches[count:]}
        return decide(
            self.batches[:count],
            [training for training in self.trainings if training.batch not in later],
            has_champion=any(batch not in later for batch in self.promoted),
            initial_batches=self.initial_batches,
            policy=self.policy,
            patience=self.patience,
        )
