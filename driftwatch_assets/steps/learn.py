"""Gold → model: candidates compete, the challenger is judged, and what was found is registered."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from driftwatch_assets.drift import (
    CorrelationReference,
    Reference,
    against_newest,
    fit_within,
    judge,
    newest_values,
)
from driftwatch_assets.lake import batch_order
from driftwatch_assets.steps.champion import champion_of
from driftwatch_assets.steps.evidence import newly_known, read_evidence
from driftwatch_assets.steps.labels import with_labels
from driftwatch_assets.steps.outcome import CheckOutcome, StepOutcome, Text
from driftwatch_assets.steps.pictures import previews, training_pictures
from driftwatch_assets.steps.reference import (
    CLASSES_FILE,
    CORRELATION_FILE,
    EXPECTED_FILE,
    FEATURES_FILE,
    LABELS_FILE,
    PREDICTIONS_FILE,
    SIGNATURE_FILE,
    prediction_columns,
    watched_features,
)
from driftwatch_assets.training import (
    ColumnsAbsent,
    GoldBatch,
    NotEnoughLabels,
    Signature,
    labelled_parts,
    train,
    with_features,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from driftwatch_assets.steps.watched import Watched
    from driftwatch_assets.training import TrainingOutcome

PROMOTION_CHECK = "promotion"
_TOLD = frozenset({"accuracy", "f1_macro", "auc", "precision", "recall", "f1", "brier", "anomaly_rate", "rate_fit"})


def learn(watched: Watched, batch: str, *, progress: Callable[[str], None] = lambda _: None) -> StepOutcome:
    """Train through a batch and register what came of it, promoted or refused.

    Only labels that were known when the batch had arrived are used.

    Raises
    ------
    driftwatch_assets.registry.RegistryIncomplete
        The champion that it would be compared with was deleted from the registry.

    """
    declaration, task = watched.declaration, watched.declaration.task
    watched.registry.prepare()
    gold = _gold_through(watched, batch)
    if not gold:
        return StepOutcome({}, refused=_no_row(watched, batch))
    features = _features(watched, batch, gold)
    gold, aligned = with_features(gold, features, declaration.training.new_columns)
    record = champion_of(watched, batch)
    champion = None if record is None else watched.registry.load(record)
    try:
        outcome = train(
            declaration.training,
            gold,
            task=task,
            through=batch,
            newest=newly_known(watched, batch),
            features=features,
            champion=champion,
            progress=progress,
        )
    except (NotEnoughLabels, ColumnsAbsent) as reason:
        return StepOutcome({}, refused=f"{watched.name}, trained through batch {batch}: {reason}")
    progress("registering")
    window = {one.batch: one.frame for one in gold if one.batch in outcome.window}
    references, table = _references(watched, outcome, window)
    pictures = training_pictures(watched, outcome)
    version = watched.registry.register(watched.name, outcome, references=references, figures=pictures)
    comparison = outcome.comparison
    facts: dict[str, Any] = {
        "promoted": outcome.promotion.promote,
        "decision": outcome.promotion.reason,
        "version": float(version.version),
        "trained_through": version.trained_through,
        "rows": float(outcome.rows),
        "candidate": outcome.candidate.name,
        "ranking": Text(_as_markdown(outcome.ranking.table)),
        "ranking_reason": outcome.ranking.reason,
        "gates": Text("\n".join(f"- {gate.sentence}" for gate in outcome.gates) or "No gate is declared."),
        "metric": comparison.metric,
        "challenger": comparison.challenger.value,
        **{
            f"challenger_{name}": value
            for name, value in comparison.challenger_report.metrics().items()
            if name in _TOLD and name != comparison.metric
        },
        "training_batches_against_reference": Text(_as_markdown(table)),
        "fingerprint": version.fingerprint,
        "data_fingerprint": version.data_fingerprint,
        "mlflow_run": version.run_id,
        "evidence": read_evidence(watched, batch).identity,
        **({"new_columns": aligned} if aligned else {}),
        **previews(watched, f"{batch}, held out", pictures),
    }
    if comparison.champion is not None and comparison.difference is not None:
        facts |= {
            "champion": comparison.champion.value,
            "difference": comparison.difference.value,
            "difference_interval": f"{comparison.difference.low:+.3f} … {comparison.difference.high:+.3f} (95 %)",
        }
    return StepOutcome(facts, (_promotion(outcome),), uri=f"models:/{watched.name}/{version.version}")


def why_untrainable(watched: Watched, batch: str) -> str | None:
    """Say why the labels that were known when a batch had arrived cannot carry a training; `None` where they can."""
    declaration = watched.declaration
    gold = _gold_through(watched, batch)
    if not gold:
        return _no_row(watched, batch)
    try:
        labelled_parts(
            declaration.training,
            gold,
            task=declaration.task,
            through=batch,
            features=_features(watched, batch, gold),
            newest=newly_known(watched, batch),
        )
    except (NotEnoughLabels, ColumnsAbsent) as reason:
        return f"{watched.name}, trained through batch {batch}: {reason}"
    return None


def _features(watched: Watched, batch: str, gold: Sequence[GoldBatch]) -> list[str]:
    """Give the features of the newest batch whose labels are known; what only later ones have cannot be learned yet."""
    newest = newly_known(watched, batch)
    frames = [one.frame for one in gold if one.batch == newest] or [gold[-1].frame]
    return watched.features(frames[0])


def _no_row(watched: Watched, batch: str) -> str:
    return f"{watched.name} cannot be trained through batch {batch}: no batch up to it has a row in gold"


def _promotion(outcome: TrainingOutcome) -> CheckOutcome:
    """Tell whether the challenger was deployed; one below the absolute minimum is told as an error."""
    failed = [gate.gate for gate in outcome.gates if not gate.passed]
    return CheckOutcome(
        PROMOTION_CHECK,
        passed=outcome.promotion.promote,
        severity="error" if "minimum" in failed else "warn",
        description=outcome.promotion.reason,
        facts={"failed_gates": failed, "challenger": outcome.comparison.challenger.value},
    )


def _gold_through(watched: Watched, batch: str) -> list[GoldBatch]:
    """Read gold up to a batch, each with the labels that were known when that batch had arrived."""
    table, found = watched.tables.gold, []
    for one in watched.lake.batches(table):
        if batch_order(one) > batch_order(batch):
            continue
        labelled = with_labels(watched, one, as_of=batch)
        if labelled.gold.empty:
            continue
        fingerprint = watched.lake.fingerprint(table, one)
        if labelled.fingerprint:
            fingerprint = hashlib.sha256(f"{fingerprint}\n{labelled.fingerprint}".encode()).hexdigest()
        found.append(GoldBatch(one, labelled.gold, fingerprint))
    return found


def _references(
    watched: Watched, outcome: TrainingOutcome, window: Mapping[str, pd.DataFrame]
) -> tuple[dict[str, bytes], pd.DataFrame]:
    """Fit the references that belong to the model, and see how its own training batches stand against them."""
    plan, task = watched.declaration.drift, watched.declaration.task
    chosen = list(window) if plan.reference == "all" else list(window)[-plan.reference :]
    rows = pd.concat([window[one] for one in chosen], ignore_index=True)
    features, compared = list(outcome.features), watched_features(watched, outcome.features)
    held_out = outcome.held_out[prediction_columns(task)]
    files = {
        PREDICTIONS_FILE: Reference.fit(held_out).to_bytes(),
        EXPECTED_FILE: json.dumps(_expected(outcome)).encode(),
        SIGNATURE_FILE: Signature.fit(window.values(), features).to_bytes(),
    }
    if task.label is not None:
        rows = rows[rows[task.label].notna()]
        labels = rows[task.label].astype(str)
        files[LABELS_FILE] = Reference.fit(labels.to_frame()).to_bytes()
        files[CLASSES_FILE] = fit_within(rows[features], labels).to_bytes()
        if plan.correlation is not None:
            files[CORRELATION_FILE] = CorrelationReference.fit(rows[features], labels).to_bytes()
    reference = Reference.fit(rows[features])
    files[FEATURES_FILE] = reference.to_bytes()
    verdicts = []
    earlier: list[tuple[str, pd.DataFrame]] = []
    for one, frame in window.items():
        statistics = reference.compare(frame[features], plan.features.alpha).loc[compared]
        if plan.newest is not None:
            newest = newest_values(reversed(earlier), plan.newest.features, plan.newest.batches)
            statistics = against_newest(statistics, frame, newest, plan.features.alpha)
        earlier.append((one, frame))
        verdict = judge(statistics, policy=plan.features)
        verdicts.append(
            {
                "batch": one,
                "in reference": one in chosen,
                "drift": verdict.drift_detected,
                "severity": verdict.severity,
                "drifted features": len(verdict.drifted_features),
            }
        )
    return files, pd.DataFrame(verdicts).set_index("batch")


def _expected(outcome: TrainingOutcome) -> dict[str, Any]:
    """Give what a later batch should show: what the candidate reached on batches that it had not seen.

    Where there was nothing to rank on, it is what the challenger reached on the judging rows.
    """
    ranked = float(outcome.ranking.table["score"].astype(float)[outcome.candidate.name])
    judged = math.isnan(ranked)
    return {
        "metric": outcome.comparison.metric,
        "value": outcome.comparison.challenger.value if judged else ranked,
        "candidate": outcome.candidate.name,
        "measured_on": "judging" if judged else "ranking",
    }


def _as_markdown(table: pd.DataFrame) -> str:
    named = table.reset_index()
    lines = ["| " + " | ".join(map(str, named.columns)) + " |", "|" + "---|" * len(named.columns)]
    rows = ("| " + " | ".join(_cell(value) for value in row) + " |" for row in named.itertuples(index=False))
    return "\n".join([*lines, *rows])


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.3f}"
    return str(value)
