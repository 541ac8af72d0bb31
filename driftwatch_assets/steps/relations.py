"""What only labels show: drift of the label, of features within a class, and of what features tell of the label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch_assets.drift import (
    ClassReferences,
    CorrelationReference,
    Reference,
    judge,
    judge_correlation,
    judge_within,
)
from driftwatch_assets.steps.reference import CLASSES_FILE, CORRELATION_FILE, LABELS_FILE, features_of_training
from driftwatch_assets.steps.verdicts import (
    class_drift_of,
    columns_drift_of,
    correlation_drift_of,
    unjudged,
    verdict_check,
)

if TYPE_CHECKING:
    import pandas as pd

    from driftwatch_assets.registry import LoadedModel
    from driftwatch_assets.results import ClassDrift, ColumnsDrift, CorrelationDrift
    from driftwatch_assets.steps.outcome import CheckOutcome
    from driftwatch_assets.steps.watched import Watched

NO_LABELS = "not judged: labels are not known"


@dataclass(frozen=True)
class Relations:
    """What was found, and the checks that follow; `None` and empty is what was not looked at."""

    checks: tuple[CheckOutcome, ...] = ()
    label_drift: ColumnsDrift | None = None
    correlation_drift: CorrelationDrift | None = None
    within_classes: tuple[ClassDrift, ...] = ()

    @property
    def found(self) -> dict[str, Any]:
        """The fields of the result that they belong to."""
        return {name: getattr(self, name) for name in ("label_drift", "correlation_drift", "within_classes")}


def judge_relations(watched: Watched, champion: LoadedModel | None, labelled: pd.DataFrame, why: str) -> Relations:
    """Judge what labels show of a batch against its champion's references.

    Parameters
    ----------
    watched
        The model.
    champion
        The batch's champion; `None` where none is older.
    labelled
        Gold rows with a label.
    why
        What is said where there is no champion or no label.

    """
    plan, label = watched.declaration.drift, watched.declaration.task.label
    asked = [name for name, rule in (("label_drift", plan.labels), ("correlation_drift", plan.correlation)) if rule]
    if label is None:
        return Relations()
    if champion is None or labelled.empty:
        return Relations(tuple(unjudged(name, why) for name in asked))
    label_drift: ColumnsDrift | None = None
    correlation_drift: CorrelationDrift | None = None
    checks = []
    features = labelled[list(champion.features)]
    if plan.labels is not None:
        statistics = Reference.from_bytes(champion.references[LABELS_FILE]).compare(
            labelled[[label]].astype(str), plan.labels.alpha
        )
        verdict = judge(statistics, policy=plan.labels)
        label_drift = columns_drift_of(statistics, verdict)
        checks.append(verdict_check("label_drift", verdict))
    if plan.correlation is not None and CORRELATION_FILE in champion.references:
        table = CorrelationReference.from_bytes(champion.references[CORRELATION_FILE]).compare(
            features, labelled[label].astype(str)
        )
        relation = judge_correlation(table, plan.correlation)
        correlation_drift = correlation_drift_of(table, relation)
        checks.append(verdict_check("correlation_drift", relation))
    elif plan.correlation is not None:
        checks.append(unjudged("correlation_drift", "not judged: the champion was trained before this was declared"))
    within = ClassReferences.from_bytes(champion.references[CLASSES_FILE]).compare(
        features, labelled[label], plan.features.alpha
    )
    compared = features_of_training(watched, champion.features)
    within = {name: table.loc[compared] for name, table in within.items()}
    judged = class_drift_of(judge_within(within, policy=plan.features))
    return Relations(tuple(checks), label_drift, correlation_drift, judged)
