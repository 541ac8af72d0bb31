"""Gold and predictions against the champion's references → drift statistics and verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from driftwatch_assets.drift import ClassReferences, Reference, judge, judge_within
from driftwatch_assets.steps.evidence import identity, write_evidence
from driftwatch_assets.steps.learn import (
    CLASSES_FILE,
    FEATURES_FILE,
    LABELS_FILE,
    PREDICTION_COLUMNS,
    PREDICTIONS_FILE,
)
from driftwatch_assets.steps.outcome import CheckOutcome, StepOutcome, Text

if TYPE_CHECKING:
    from driftwatch_assets.drift import Policy, Verdict
    from driftwatch_assets.steps.watched import Watched

_SHOWN = 15


def watch_drift(watched: Watched, batch: str) -> StepOutcome:
    """Compare a batch with its champion's references and judge the differences.

    Where no champion is older than the batch there is nothing to compare with: nothing is judged, and the evidence
    says so.
    """
    tables, task, plan = watched.tables, watched.declaration.task, watched.declaration.drift
    gold = watched.lake.read(tables.gold, batch)
    predictions = watched.lake.read(tables.predictions, batch)
    labelled = gold[gold[task.label].notna()]
    record = watched.registry.champion_as_of(watched.name, batch)
    gold_fingerprint = watched.lake.fingerprint(tables.gold, batch)
    content: dict[str, Any] = {
        "batch": batch,
        "rows": len(gold),
        "labelled_rows": len(labelled),
        "gold_fingerprint": gold_fingerprint,
        "identity": identity(gold_fingerprint, None if record is None else record.fingerprint),
        "champion": None,
    }
    if record is None or predictions.empty:
        _, fingerprint = write_evidence(watched, batch, "drift", content)
        reason = "not judged: no champion is older than this batch"
        return StepOutcome(
            {"rows": float(len(gold)), "verdict": reason, "fingerprint": fingerprint},
            tuple(_unjudged(name, reason) for name in ("data_drift", "label_drift", "prediction_drift")),
        )
    champion = watched.registry.load(record)
    features = gold[list(champion.features)]
    statistics = Reference.from_bytes(champion.references[FEATURES_FILE]).compare(features)
    verdict = judge(statistics, policy=plan.features)
    label = _judged(champion.references[LABELS_FILE], labelled[[task.label]].astype(str), plan.labels)
    said = _judged(champion.references[PREDICTIONS_FILE], predictions[PREDICTION_COLUMNS], plan.predictions)
    within = ClassReferences.from_bytes(champion.references[CLASSES_FILE]).compare(
        labelled[list(champion.features)], labelled[task.label]
    )
    table = verdict.mark(statistics)
    written = watched.lake.write(tables.drift, batch, table.reset_index(), {"gold_fingerprint": gold_fingerprint})
    content |= {
        "champion": {
            "version": str(record.version),
            "trained_through": record.trained_through,
            "fingerprint": record.fingerprint,
            "candidate": record.candidate,
        },
        "data_drift": verdict.as_dict(),
        "label_drift": None if label is None else _as_json(*label),
        "prediction_drift": None if said is None else _as_json(*said),
        "within_classes": _plain(judge_within(within, policy=plan.features)),
    }
    _, fingerprint = write_evidence(watched, batch, "drift", content)
    checks = [
        _check("data_drift", verdict),
        _unjudged("label_drift", "not judged: labels are not known")
        if label is None
        else _check("label_drift", label[1]),
        _unjudged("prediction_drift", "not judged: nothing was predicted")
        if said is None
        else _check("prediction_drift", said[1]),
    ]
    facts = {
        "rows": float(len(gold)),
        "verdict": verdict.reason,
        "severity": verdict.severity,
        "drifted_features": float(len(verdict.drifted_features)),
        "drifted_share": verdict.share_drifted,
        "effect": verdict.severity_effect,
        "strongest": Text(_strongest(table)),
        "champion": f"version {record.version}, trained through batch {record.trained_through}",
        "fingerprint": fingerprint,
    }
    return StepOutcome(facts, tuple(checks), stored=table.reset_index(), uri=written.uri)


def _judged(reference: bytes, frame: pd.DataFrame, policy: Policy) -> tuple[pd.DataFrame, Verdict] | None:
    if frame.empty:
        return None
    statistics = Reference.from_bytes(reference).compare(frame)
    return statistics, judge(statistics, policy=policy)


def _check(name: str, verdict: Verdict) -> CheckOutcome:
    return CheckOutcome(
        name,
        passed=verdict.drift_detected is not True,
        severity="error" if verdict.severity == "high" else "warn",
        description=verdict.reason,
        facts={
            "judged": verdict.drift_detected is not None,
            "severity": verdict.severity,
            "drifted": float(len(verdict.drifted_features)),
            "drifted_share": verdict.share_drifted,
            "effect": verdict.severity_effect,
            "drifted_features": list(verdict.drifted_features),
        },
    )


def _unjudged(name: str, reason: str) -> CheckOutcome:
    return CheckOutcome(name, passed=True, severity="warn", description=reason, facts={"judged": False})


def _as_json(statistics: pd.DataFrame, verdict: Verdict) -> dict[str, Any]:
    return {**verdict.as_dict(), "statistics": _plain(verdict.mark(statistics))}


def _plain(statistics: pd.DataFrame) -> list[dict[str, Any]]:
    rows = statistics.reset_index().to_dict("records")
    return [{str(name): _value(value) for name, value in row.items()} for row in rows]


def _value(value: Any) -> Any:
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if value is None or value is pd.NA:
        return None
    if isinstance(value, str | int | bool | list):
        return value
    return value.item() if hasattr(value, "item") else str(value)


def _strongest(table: pd.DataFrame) -> str:
    top = table.sort_values("wasserstein_scaled", ascending=False).head(_SHOWN)
    lines = ["| feature | drifted | W1/sd | PSI | KS |", "|---|---|---|---|---|"]
    for name, row in top.iterrows():
        drifted = "yes" if row["drifted"] else ""
        lines.append(f"| {name} | {drifted} | {row['wasserstein_scaled']:.2f} | {row['psi']:.2f} | {row['ks']:.2f} |")
    return "\n".join(lines)
