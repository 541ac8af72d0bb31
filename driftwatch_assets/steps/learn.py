"""Gold → model: candidates compete, the challenger is judged, and what was found is registered."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from driftwatch_assets.drift import Reference, fit_within, judge
from driftwatch_assets.lake import batch_order
from driftwatch_assets.steps.evidence import read_evidence
from driftwatch_assets.steps.outcome import StepOutcome, Text
from driftwatch_assets.training import GoldBatch, NotEnoughLabels, train

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from driftwatch_assets.steps.watched import Watched
    from driftwatch_assets.training import TrainingOutcome

FEATURES_FILE = "reference.npz"
CLASSES_FILE = "reference_classes.npz"
LABELS_FILE = "reference_labels.npz"
PREDICTIONS_FILE = "reference_predictions.npz"
EXPECTED_FILE = "expected.json"
PREDICTION_COLUMNS = ["predicted", "confidence"]
_TOLD = frozenset({"accuracy", "f1_macro", "auc", "precision", "recall", "f1", "brier", "anomaly_rate", "rate_fit"})


def learn(watched: Watched, batch: str, *, progress: Callable[[str], None] = lambda _: None) -> StepOutcome:
    """Train through a batch and register what came of it, promoted or refused."""
    declaration, task = watched.declaration, watched.declaration.task
    watched.registry.prepare()
    gold = _gold_through(watched, batch)
    record = watched.registry.champion_as_of(watched.name, batch)
    champion = None if record is None else watched.registry.load(record)
    features = watched.features(gold[-1].frame)
    try:
        outcome = train(
            declaration.training,
            gold,
            task=task,
            through=batch,
            features=features,
            champion=champion,
            progress=progress,
        )
    except NotEnoughLabels as reason:
        return StepOutcome({}, refused=f"{watched.name}, trained through batch {batch}: {reason}")
    progress("registering")
    window = {one.batch: one.frame for one in gold if one.batch in outcome.window}
    references, table = _references(watched, outcome, window)
    version = watched.registry.register(watched.name, outcome, references=references)
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
    }
    if comparison.champion is not None and comparison.difference is not None:
        facts |= {
            "champion": comparison.champion.value,
            "difference": comparison.difference.value,
            "difference_interval": f"{comparison.difference.low:+.3f} … {comparison.difference.high:+.3f} (95 %)",
        }
    return StepOutcome(facts, uri=f"models:/{watched.name}/{version.version}")


def _gold_through(watched: Watched, batch: str) -> list[GoldBatch]:
    table = watched.tables.gold
    return [
        GoldBatch(one, watched.lake.read(table, one), watched.lake.fingerprint(table, one))
        for one in watched.lake.batches(table)
        if batch_order(one) <= batch_order(batch)
    ]


def _references(
    watched: Watched, outcome: TrainingOutcome, window: Mapping[str, pd.DataFrame]
) -> tuple[dict[str, bytes], pd.DataFrame]:
    """Fit the references that belong to the model, and see how its own training batches stand against them."""
    plan, label = watched.declaration.drift, watched.declaration.task.label
    chosen = list(window) if plan.reference == "all" else list(window)[-plan.reference :]
    rows = pd.concat([window[one] for one in chosen], ignore_index=True)
    if label is not None:
        rows = rows[rows[label].notna()]
    features = list(outcome.features)
    reference = Reference.fit(rows[features])
    verdicts = []
    for one, frame in window.items():
        verdict = judge(reference.compare(frame[features]), policy=plan.features)
        verdicts.append(
            {
                "batch": one,
                "in reference": one in chosen,
                "drift": verdict.drift_detected,
                "severity": verdict.severity,
                "drifted features": len(verdict.drifted_features),
            }
        )
    said = [name for name in (*PREDICTION_COLUMNS, "score") if name in outcome.held_out]
    files = {
        FEATURES_FILE: reference.to_bytes(),
        PREDICTIONS_FILE: Reference.fit(outcome.held_out[said]).to_bytes(),
        EXPECTED_FILE: json.dumps(_expected(outcome)).encode(),
    }
    if label is not None:
        files[CLASSES_FILE] = fit_within(rows[features], rows[label]).to_bytes()
        files[LABELS_FILE] = Reference.fit(rows[[label]].astype(str)).to_bytes()
    return files, pd.DataFrame(verdicts).set_index("batch")


def _expected(outcome: TrainingOutcome) -> dict[str, Any]:
    """Give what a later batch should show: what the candidate reached on batches that it had not seen.

    Where there was nothing to rank on, it is what the challenger reached on the judging rows.
    """
    ranked = float(outcome.ranking.table["score"].astype(float)[outcome.candidate.name])
    comparison = outcome.comparison
    return {
        "metric": comparison.metric,
        "value": comparison.challenger.value if math.isnan(ranked) else ranked,
        "candidate": outcome.candidate.name,
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
