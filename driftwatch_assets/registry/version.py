"""A registered version: what its tags say, and the model when it is loaded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from driftwatch_assets.lake import batch_order
from driftwatch_assets.training import TaskKind, predict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

GateResultTag = Literal["promoted", "refused"]


@dataclass(frozen=True)
class FailedGate:
    """A gate that a challenger did not pass: its name, what was measured, and what that was held against."""

    gate: str
    value: float
    threshold: float


@dataclass(frozen=True)
class ModelVersion:
    """One registered version, as the registry's tags tell it.

    Attributes
    ----------
    model
        Name of the registered model.
    version
        Its number, counted up by the registry in the order of registration.
    trained_through
        The last batch that it has seen.
    gate_result
        Whether it was promoted.
    candidate
        Name of the candidate that it is.
    fingerprint, judged_fingerprint, training_fingerprint, data_fingerprint
        See `TrainingOutcome`.
    content
        SHA-256 over the stored files that are read when it is loaded.
    champion_compared
        Version of the champion that it was compared with; None at the first training.
    metric
        The declared metric.
    scores
        `challenger`, `challenger_low`, `challenger_high`, and where there was a champion the same of `champion` and
        `difference`; on the judging rows.
    reason
        Why it was promoted or refused.
    run_id
        MLflow run that made it.
    model_id
        MLflow's id of the stored model.
    failed_gates
        The gates that it did not pass.

    """

    model: str
    version: int
    trained_through: str
    gate_result: GateResultTag
    candidate: str
    fingerprint: str
    judged_fingerprint: str
    training_fingerprint: str
    data_fingerprint: str
    content: str
    champion_compared: int | None
    metric: str
    scores: Mapping[str, float]
    reason: str
    run_id: str
    model_id: str
    failed_gates: tuple[FailedGate, ...] = ()

    @classmethod
    def of(cls, registered: Any) -> ModelVersion:
        """Read MLflow's version."""
        tags = registered.tags
        compared = tags["champion_compared"]
        return cls(
            model=registered.name,
            version=int(registered.version),
            trained_through=tags["trained_through"],
            gate_result=tags["gate_result"],
            candidate=tags["candidate"],
            fingerprint=tags["fingerprint"],
            judged_fingerprint=tags["judged_fingerprint"],
            training_fingerprint=tags["training_fingerprint"],
            data_fingerprint=tags["data_fingerprint"],
            content=tags["content"],
            champion_compared=None if compared == "none" else int(compared),
            metric=tags["metric"],
            scores=MappingProxyType(json.loads(tags["scores"])),
            reason=registered.description or "",
            run_id=registered.run_id,
            model_id=tags["model_id"],
            failed_gates=tuple(FailedGate(**gate) for gate in json.loads(tags.get("failed_gates", "[]"))),
        )


def champion_among(versions: Iterable[ModelVersion], before: str | None = None) -> ModelVersion | None:
    """Give the newest promoted version by batch order.

    Parameters
    ----------
    versions
        In any order.
    before
        Only versions trained through an earlier batch count; None lets all count.

    Returns
    -------
    ModelVersion or None
        Of two that were trained through the same batch, the one registered later.

    """
    bound = None if before is None else batch_order(before)[0]
    promoted = [
        version
        for version in versions
        if version.gate_result == "promoted" and (bound is None or batch_order(version.trained_through)[0] < bound)
    ]
    return max(promoted, key=lambda one: (batch_order(one.trained_through)[0], one.version), default=None)


@dataclass(frozen=True)
class LoadedModel:
    """A registered model in memory. It can predict; nothing of it is ever fitted again.

    Attributes
    ----------
    version
        What the registry says of it.
    estimator
        The fitted classifier or detector, its preprocessing and its threshold included.
    features, classes
        Columns that it was fitted on; class names in the order of its scores.
    window
        The batches that it was trained on.
    task_kind
        `multiclass`, `binary` or `anomaly`.
    threshold
        The threshold that it applies: the probability of the positive class for a binary task, an anomaly score for an
        anomaly task, else None.
    held_out
        The judging rows as the judged model scored them (see `TrainingOutcome.held_out`).
    references
        Files that were stored beside the model, by name.

    """

    version: ModelVersion
    estimator: Any
    features: tuple[str, ...]
    classes: tuple[str, ...]
    window: tuple[str, ...]
    task_kind: TaskKind
    threshold: float | None
    held_out: pd.DataFrame
    references: Mapping[str, bytes]

    @property
    def fingerprint(self) -> str:
        """Its content fingerprint."""
        return self.version.fingerprint

    @property
    def trained_through(self) -> str:
        """The last batch that it has seen."""
        return self.version.trained_through

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Score rows (see `driftwatch_assets.training.predict`)."""
        return predict(self.estimator, frame, self.features)
