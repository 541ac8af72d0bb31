"""When a model is retrained: a pure decision on verdicts, past trainings and a declared policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from driftwatch_assets.attempts import AttemptStatus, crashes, why_left_alone
from driftwatch_assets.retraining.rule import Rule

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from driftwatch_assets.attempts import Patience

Trigger = Literal[
    "data_drift",
    "prediction_drift",
    "label_drift",
    "correlation_drift",
    "whole_table_drift",
    "performance",
    "governance",
]
TrainingStatus = AttemptStatus
DecisionKind = Literal["retrain", "wait", "none", "give_up"]

_INITIAL = "initial-"


class RetrainingPolicy(BaseModel):
    """What must have failed, how often, and what must be known before a model is retrained.

    Examples
    --------
    >>> RetrainingPolicy(failures=3, of=2)
    Traceback (most recent call last):
    ...
    pydantic_core._pydantic_core.ValidationError: 1 validation error for RetrainingPolicy
      Value error, failures is 3 but only the last 2 batches are looked at (of); set failures to at most 2...
    >>> RetrainingPolicy(triggers=("governance",), rule="recall < 0.50").rule.names
    ('recall',)

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    triggers: tuple[Trigger, ...] = Field(
        default=("data_drift", "performance"),
        min_length=1,
        description="Checks whose failure counts; governance is the rule's.",
    )
    rule: Rule | None = Field(
        default=None,
        description="Expression over metrics whose truth is the failure of the check governance, such as "
        "`auc < 0.70 or psi >= 0.2`; null: there is no such check.",
    )
    failures: int = Field(default=1, ge=1, description="k: failing batches that are needed.")
    of: int = Field(default=1, ge=1, description="n: the newest judged batches since the last training.")
    cool_down: int = Field(default=0, ge=0, description="Batches that must pass after a training.")
    minimum_labels: int = Field(default=50, ge=1, description="Labelled rows of a batch that is trained through.")
    attempts: int = Field(default=2, ge=1, description="Runs that may fail before the sensor gives up.")

    @model_validator(mode="after")
    def _k_within_n(self) -> RetrainingPolicy:
        if self.failures > self.of:
            message = (
                f"failures is {self.failures} but only the last {self.of} batches are looked at (of); "
                f"set failures to at most {self.of}"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _governed_by_a_rule(self) -> RetrainingPolicy:
        if self.rule is None and "governance" in self.triggers:
            message = "triggers name governance, but there is no rule; add one such as rule: auc < 0.70 or psi >= 0.2"
            raise ValueError(message)
        if self.rule is not None and "governance" not in self.triggers:
            message = (
                f"there is a rule ({self.rule}), but triggers do not name governance, so that it would never count; "
                "add governance to triggers, or remove the rule"
            )
            raise ValueError(message)
        return self


@dataclass(frozen=True)
class BatchEvidence:
    """What the checks of one batch say.

    Attributes
    ----------
    batch
        The batch's key.
    evidence
        Content identity of what was judged (gold and champion); the same content gives the same identity.
    failed
        Names of the failed triggers; empty where all passed.
    judged
        Whether the batch could be judged at all (there was a champion and enough rows).
    labelled_rows
        Rows whose label is known.

    """

    batch: str
    evidence: str
    failed: tuple[str, ...]
    judged: bool
    labelled_rows: int


@dataclass(frozen=True)
class Training:
    """One run that trained, or tried to train, through a batch; see `AttemptStatus`."""

    batch: str
    evidence: str
    status: TrainingStatus
    ended: dt.datetime | None = None


@dataclass(frozen=True)
class Decision:
    """What to do now, for which batch, on which evidence, and why.

    `blocked` tells that a training is wanted and does not come by itself: somebody has to mend what the reason names.
    """

    kind: DecisionKind
    reason: str
    batch: str | None = None
    evidence: str | None = None
    attempt: int = 1
    triggers: tuple[str, ...] = ()
    blocked: bool = False

    @property
    def pending(self) -> bool:
        """Whether a training is due or under way, so that later batches should wait for it."""
        return self.kind in {"retrain", "wait"}


def decide(
    batches: Sequence[BatchEvidence],
    trainings: Sequence[Training],
    *,
    has_champion: bool,
    initial_batches: int,
    policy: RetrainingPolicy,
    patience: Patience | None = None,
) -> Decision:
    """Decide whether the model is to be trained now.

    The rule, for batches in batch order::

        initial:  no champion and at least `initial_batches` batches with labels: through the last of these that has
                  `minimum_labels`; where that was refused or given up on what it holds now, through the newest such
                  batch
        retrain:  fresh = judged batches after the last training (its own batch counts again only when the content
                  changed)
                  the newest fresh batch failed, and
                  #failed among the last `of` fresh batches >= failures, and
                  batches since the last training > cool_down, and
                  a failed fresh batch has minimum_labels labelled rows: the newest such batch is trained through

    A training that succeeded consumes all evidence up to its batch, whether its challenger was promoted or
    refused: the same evidence never trains twice, and is not counted among the `failures` again. A training by hand
    consumes whatever its batch holds. A run that failed is tried again until `attempts` runs failed, and one that was
    interrupted for as long as it takes, after a pause. The first training is done once one succeeded: where a run has
    registered the first champion and ended before all of it was done, the same training is asked for again.

    Parameters
    ----------
    batches
        Evidence of all batches, in batch order.
    trainings
        Past and present training runs, oldest first.
    has_champion
        Whether a promoted model exists.
    initial_batches
        Labelled batches that the first training needs.
    policy
        The declared policy.
    patience
        How long an interrupted training rests; None where it rests not at all.

    Returns
    -------
    Decision
        `retrain` with its batch, evidence and attempt; `wait` while a training is under way or rests; `give_up` when
        the last allowed attempt failed; `none` otherwise. Always with a reason in words.

    Examples
    --------
    >>> calm = BatchEvidence("7", "a1", (), judged=True, labelled_rows=300)
    >>> drifted = BatchEvidence("8", "b2", ("data_drift",), judged=True, labelled_rows=300)
    >>> decide([calm, drifted], [], has_champion=True, initial_batches=6, policy=RetrainingPolicy()).batch
    '8'
    >>> done = Training("8", "b2", "succeeded")
    >>> decide([calm, drifted], [done], has_champion=True, initial_batches=6, policy=RetrainingPolicy()).reason
    'no batch was judged since the training through batch 8'

    """
    running = next((training for training in trainings if training.status == "in_flight"), None)
    if running is not None:
        return Decision("wait", f"a training through batch {running.batch} is under way", running.batch)
    if not has_champion:
        return _decide_initial(batches, trainings, initial_batches, policy, patience)
    begun = _begun(batches, trainings, policy)
    if begun is not None:
        decision = _initial_through(begun, trainings, policy, patience)
        if decision.kind != "give_up":
            return decision
    return _decide_again(batches, trainings, policy, patience)


def _begun(
    batches: Sequence[BatchEvidence], trainings: Sequence[Training], policy: RetrainingPolicy
) -> BatchEvidence | None:
    """Give the batch of a first training that was begun on what stands there still, where none was ever finished."""
    if not trainings or any(training.status == "succeeded" for training in trainings):
        return None
    last = trainings[-1]
    for one in batches:
        if one.batch == last.batch and _INITIAL + one.evidence == last.evidence:
            return one if one.labelled_rows >= policy.minimum_labels else None
    return None


def _decide_initial(
    batches: Sequence[BatchEvidence],
    trainings: Sequence[Training],
    initial_batches: int,
    policy: RetrainingPolicy,
    patience: Patience | None,
) -> Decision:
    labelled = [batch for batch in batches if batch.labelled_rows > 0]
    if len(labelled) < initial_batches:
        return Decision(
            "none", f"the first training needs {initial_batches} labelled batches; there are {len(labelled)}"
        )
    ready = [batch for batch in labelled[initial_batches - 1 :] if batch.labelled_rows >= policy.minimum_labels]
    if not ready:
        return Decision(
            "none",
            f"the first training needs {policy.minimum_labels} labelled rows in the batch that it goes through; none "
            f"from batch {labelled[initial_batches - 1].batch} on has them, the most being "
            f"{max(batch.labelled_rows for batch in labelled[initial_batches - 1 :])}: nothing is trained, and no "
            f"batch is judged. Lower minimum_labels in retraining, or deliver larger batches",
            blocked=True,
        )
    target = ready[-1] if _ended(ready[0], trainings, policy) else ready[0]
    if _consumed(target, [training for training in trainings if training.status == "succeeded"]):
        return Decision(
            "none",
            f"the first training, through batch {target.batch}, was refused; a newer batch is needed, or other gold of "
            f"batch {ready[0].batch} (see `driftwatch backfill`)",
        )
    return _initial_through(target, trainings, policy, patience)


def _initial_through(
    target: BatchEvidence, trainings: Sequence[Training], policy: RetrainingPolicy, patience: Patience | None
) -> Decision:
    reason = f"first training, through batch {target.batch}"
    return _attempt(target.batch, _INITIAL + target.evidence, ("initial",), reason, trainings, policy, patience)


def _ended(batch: BatchEvidence, trainings: Sequence[Training], policy: RetrainingPolicy) -> bool:
    """Tell whether a training through a batch was refused, or given up, on what the batch holds now."""
    if _consumed(batch, [training for training in trainings if training.status == "succeeded"]):
        return True
    evidence = _INITIAL + batch.evidence
    same = [
        training for training in reversed(trainings) if (training.batch, training.evidence) == (batch.batch, evidence)
    ]
    return why_left_alone(same, policy.attempts) is not None


def _decide_again(
    batches: Sequence[BatchEvidence],
    trainings: Sequence[Training],
    policy: RetrainingPolicy,
    patience: Patience | None,
) -> Decision:
    position = {batch.batch: index for index, batch in enumerate(batches)}
    succeeded = [training for training in trainings if training.status == "succeeded" and training.batch in position]
    last = max(succeeded, key=lambda training: position[training.batch], default=None)
    last_position = -1 if last is None else position[last.batch]
    fresh = [
        batch
        for batch in batches
        if batch.judged and position[batch.batch] >= last_position and not _consumed(batch, succeeded)
    ]
    if not fresh:
        since = "" if last is None else f" since the training through batch {last.batch}"
        return Decision("none", f"no batch was judged{since}")
    newest = fresh[-1]
    if not newest.failed:
        return Decision("none", f"batch {newest.batch} passed its checks")
    failing = sum(1 for batch in fresh[-policy.of :] if batch.failed)
    if failing < policy.failures:
        return Decision(
            "none",
            f"{failing} of the last {policy.of} judged batches failed since the last training; "
            f"{policy.failures} are needed",
        )
    if last is not None and 0 < position[newest.batch] - last_position <= policy.cool_down:
        return Decision(
            "none",
            f"batch {newest.batch} failed, but only {position[newest.batch] - last_position} batches came since the "
            f"training through batch {last.batch} (cool-down: {policy.cool_down})",
        )
    enough = [batch for batch in fresh if batch.failed and batch.labelled_rows >= policy.minimum_labels]
    target = enough[-1] if enough else None
    if target is None:
        return Decision(
            "none",
            f"batch {newest.batch} failed, but only {newest.labelled_rows} of its rows have a label "
            f"({policy.minimum_labels} are needed)",
            blocked=True,
        )
    reason = f"batch {target.batch} failed: {', '.join(target.failed)}"
    return _attempt(target.batch, target.evidence, target.failed, reason, trainings, policy, patience)


def _consumed(batch: BatchEvidence, succeeded: Sequence[Training]) -> bool:
    return any(
        training.batch == batch.batch and training.evidence.removeprefix(_INITIAL) in {"", batch.evidence}
        for training in succeeded
    )


def _attempt(
    batch: str,
    evidence: str,
    triggers: tuple[str, ...],
    reason: str,
    trainings: Sequence[Training],
    policy: RetrainingPolicy,
    patience: Patience | None,
) -> Decision:
    same = [training for training in reversed(trainings) if (training.batch, training.evidence) == (batch, evidence)]
    if any(training.status == "succeeded" for training in same):
        return Decision("none", f"the training through batch {batch} has been done on this evidence")
    why = why_left_alone(same, policy.attempts)
    if why is not None:
        failed = crashes(same)
        said = (
            f"{reason}; {failed} of {policy.attempts} training runs failed: mend the cause and launch the partition "
            f"{batch} of the model by hand"
            if failed >= policy.attempts
            else f"{reason}; it {why}: mend the cause and launch the partition {batch} of the model by hand"
        )
        return Decision(
            "give_up",
            f"{said}; with another declaration of the training, once `driftwatch backfill` has made other gold of the "
            f"batch, or with `driftwatch retry`, it is tried again by itself",
            batch,
            evidence,
            len(same),
            triggers,
            blocked=True,
        )
    rest = patience.left(same).total_seconds() if patience is not None else 0.0
    if rest > 0:
        return Decision("wait", f"{reason}; it was interrupted and is tried again in {rest:.0f} s", batch, evidence)
    return Decision("retrain", reason, batch, evidence, len(same) + 1, triggers)
