"""Gold and predictions against the champion's references → drift statistics and verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.drift import (
    Reference,
    against_newest,
    compare_whole_table,
    judge,
    judge_whole_table,
    presence_of,
)
from driftwatch_assets.lake import batch_order
from driftwatch_assets.results import DriftResult
from driftwatch_assets.steps.champion import as_champion, champion_of
from driftwatch_assets.steps.evidence import identity, write_result
from driftwatch_assets.steps.labels import with_labels
from driftwatch_assets.steps.outcome import StepOutcome, Text
from driftwatch_assets.steps.reference import (
    FEATURES_FILE,
    PREDICTIONS_FILE,
    newest_before,
    prediction_columns,
    reference_rows,
    watched_features,
)
from driftwatch_assets.steps.relations import NO_LABELS, Relations, judge_relations
from driftwatch_assets.steps.verdicts import (
    columns_drift_of,
    data_drift_of,
    unjudged,
    verdict_check,
    whole_table_drift_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from driftwatch_assets.drift import NewestValues
    from driftwatch_assets.registry import LoadedModel
    from driftwatch_assets.results import ColumnsDrift, WholeTableDrift
    from driftwatch_assets.steps.outcome import CheckOutcome
    from driftwatch_assets.steps.watched import Watched

_SHOWN = 15
NO_CHAMPION = "not judged: no champion is older than this batch"


def watch_drift(watched: Watched, batch: str) -> StepOutcome:
    """Compare a batch with its champion's references and judge the differences.

    Where no champion is older than the batch there is nothing to compare with: nothing is judged, and the evidence
    says so. What needs labels is judged here only where these come with the batch.

    Raises
    ------
    driftwatch_assets.registry.RegistryIncomplete
        What scored the batch was deleted from the registry; the stored verdict stays.

    """
    tables, task, plan = watched.tables, watched.declaration.task, watched.declaration.drift
    gold = watched.lake.read(tables.gold, batch)
    labelled = _labelled(watched, batch)
    record = champion_of(watched, batch)
    gold_fingerprint = watched.lake.fingerprint(tables.gold, batch)
    newest = newest_before(watched, batch)
    result = DriftResult(
        batch=batch,
        rows=len(gold),
        labelled_rows=len(gold) if task.label is None else len(labelled),
        gold_fingerprint=gold_fingerprint,
        identity=identity(
            gold_fingerprint, None if record is None else record.fingerprint, _fingerprints(watched, newest)
        ),
    )
    if record is None or gold.empty:
        reason = NO_CHAMPION if record is None else "not judged: the batch has no row"
        _, fingerprint = write_result(watched, batch, "drift", result)
        checks = [unjudged("data_drift", reason)]
        checks += [unjudged("prediction_drift", reason)] if plan.predictions else []
        checks += [unjudged("whole_table_drift", reason)] if plan.whole_table else []
        if not task.known_after:
            checks += judge_relations(watched, None, labelled, reason).checks
        return StepOutcome({"rows": float(len(gold)), "verdict": reason, "fingerprint": fingerprint}, tuple(checks))
    champion = watched.registry.load(record)
    statistics = Reference.from_bytes(champion.references[FEATURES_FILE]).compare(
        gold[list(champion.features)], plan.features.alpha
    )
    statistics = statistics.loc[watched_features(watched, champion.features)]
    statistics = against_newest(statistics, gold, newest, plan.features.alpha)
    verdict = judge(statistics, policy=plan.features)
    table = verdict.mark(statistics)
    written = watched.lake.write(tables.drift, batch, table.reset_index(), {"gold_fingerprint": gold_fingerprint})
    prediction_drift, predictions_check = _predictions(watched, batch, champion)
    whole_table, whole_table_check = _whole_table(watched, gold, champion)
    relations = Relations() if task.known_after else judge_relations(watched, champion, labelled, NO_LABELS)
    result = result.model_copy(
        update={
            "champion": as_champion(record),
            "data_drift": data_drift_of(verdict, newest),
            "prediction_drift": prediction_drift,
            "whole_table_drift": whole_table,
            **relations.found,
        }
    )
    checks = [verdict_check("data_drift", verdict), *predictions_check, *whole_table_check, *relations.checks]
    _, fingerprint = write_result(watched, batch, "drift", result)
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
    if whole_table is not None:
        facts["whole_table_auc"] = whole_table.auc
    return StepOutcome(facts, tuple(checks), stored=table.reset_index(), uri=written.uri)


def _fingerprints(watched: Watched, newest: Mapping[str, NewestValues]) -> str:
    """Give the fingerprints of the batches that some features are compared with; empty where none is."""
    batches = sorted({batch for one in newest.values() for batch in one.batches}, key=batch_order)
    return "\n".join(watched.lake.fingerprint(watched.tables.gold, batch) for batch in batches)


def _labelled(watched: Watched, batch: str) -> pd.DataFrame:
    """Give the rows whose label came with the batch."""
    task = watched.declaration.task
    gold = with_labels(watched, batch, as_of=batch).gold
    return gold.iloc[:0] if task.label is None else gold[gold[task.label].notna()]


def _predictions(
    watched: Watched, batch: str, champion: LoadedModel
) -> tuple[ColumnsDrift | None, tuple[CheckOutcome, ...]]:
    policy = watched.declaration.drift.predictions
    if policy is None:
        return None, ()
    said = watched.lake.read(watched.tables.predictions, batch)
    if said.empty:
        return None, (unjudged("prediction_drift", "not judged: nothing was predicted"),)
    reference = Reference.from_bytes(champion.references[PREDICTIONS_FILE])
    statistics = reference.compare(said[prediction_columns(watched.declaration.task)], policy.alpha)
    verdict = judge(statistics, policy=policy)
    return columns_drift_of(statistics, verdict), (verdict_check("prediction_drift", verdict),)


def _whole_table(
    watched: Watched, gold: pd.DataFrame, champion: LoadedModel
) -> tuple[WholeTableDrift | None, tuple[CheckOutcome, ...]]:
    policy = watched.declaration.drift.whole_table
    if policy is None:
        return None, ()
    features = watched_features(watched, champion.features)
    reference = reference_rows(watched, champion, policy.max_rows)
    by_definition = watched.declaration.drift.against_newest
    before, now = (presence_of(rows[features], by_definition) for rows in (reference, gold))
    found = compare_whole_table(before, now, policy)
    verdict = judge_whole_table(found, policy)
    return whole_table_drift_of(verdict), (verdict_check("whole_table_drift", verdict),)


def _strongest(table: pd.DataFrame) -> str:
    top = table.sort_values("effect", ascending=False).head(_SHOWN)
    lines = ["| feature | drifted | because | effect | W1/sd | PSI | missing |", "|---|---|---|---|---|---|---|"]
    for name, row in top.iterrows():
        drifted = "yes" if row["drifted"] else ""
        numbers = [row["effect"], row["wasserstein_scaled"], row["psi"], row["missing_rate_current"]]
        told = " | ".join("" if value != value else f"{value:.2f}" for value in numbers)  # noqa: PLR0124 - NaN
        lines.append(f"| {name} | {drifted} | {row['because']} | {told} |")
    return "\n".join(lines)
