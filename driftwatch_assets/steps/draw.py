"""What is stored of a batch → its page, its JSON twin, and the summary over all batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from driftwatch_assets import reporting
from driftwatch_assets.lake import BatchMissing
from driftwatch_assets.reporting import (
    anomaly_from,
    json_bytes,
    performance_from,
    quality_name,
    relation_from,
    statistics_from,
    verdict_from,
    whole_table_from,
)
from driftwatch_assets.results import AnomalyMeasured, ClassesMeasured
from driftwatch_assets.steps.champion import expected_of, version_named
from driftwatch_assets.steps.evidence import load_drift, load_performance
from driftwatch_assets.steps.history import history
from driftwatch_assets.steps.labels import with_labels
from driftwatch_assets.steps.outcome import Link, StepOutcome
from driftwatch_assets.steps.reference import prediction_columns, reference_batches, reference_rows
from driftwatch_assets.steps.watch import NO_CHAMPION
from driftwatch_assets.steps.watched import FEATURES, LATE_LABELS
from driftwatch_assets.training import Binary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.registry import LoadedModel
    from driftwatch_assets.reporting import BatchReport, Distribution
    from driftwatch_assets.results import Champion, ColumnsDrift, DriftResult, LabelledDrift, PerformanceResult
    from driftwatch_assets.steps.watched import Watched

_DRAWN = 6
_SAMPLE_ROWS = 5000
_BASELINE = {
    "ranking": "later batches that the chosen candidate had not seen when it was ranked",
    "judging": "rows of the newest batch that the champion had not seen when it was judged",
}


def draw_report(watched: Watched, batch: str) -> StepOutcome:
    """Draw a batch's page and its JSON twin, and the summary over all batches so far stored."""
    tables, lake = watched.tables, watched.lake
    report = describe(watched, batch)
    page = reporting.render_batch(report).encode()
    lake.write_file(tables.page_json(batch), json_bytes(reporting.batch_json(report)))
    uri = lake.write_file(tables.page(batch), page)
    records = history(watched)
    heatmap = reporting.heatmap_of(_statistics(watched))
    title = watched.declaration.title
    summary = reporting.render_summary(watched.name, records, heatmap, title=title)
    lake.write_file(tables.summary_json, json_bytes(reporting.summary_json(watched.name, records, heatmap)))
    lake.write_file(tables.summary, summary.encode())
    facts = {
        "report": Link(f"{watched.reports_url}/{tables.page(batch)}"),
        "summary": Link(f"{watched.reports_url}/{tables.summary}"),
        "all_models": Link(f"{watched.reports_url}/"),
        "page_kilobytes": len(page) / 1024,
        "headline": report.verdict.reason,
    }
    return StepOutcome(facts, uri=uri)


def redraw(watched: Watched, batch: str) -> None:
    """Draw a page that is there already again, since what it tells of has changed."""
    tables = watched.tables
    if watched.lake.has_file(tables.page(batch)):
        draw_report(watched, batch)


def describe(watched: Watched, batch: str) -> BatchReport:
    """Gather what is stored of a batch into the content of its report."""
    tables, lake, task = watched.tables, watched.lake, watched.declaration.task
    drift, performance = load_drift(watched, batch), load_performance(watched, batch)
    if drift is None:
        message = f"{watched.name}: batch {batch} has no verdict on drift to report; materialize drift for it first"
        raise BatchMissing(tables.drift, batch, lake.batches(tables.drift)) from LookupError(message)
    gold = with_labels(watched, batch).gold
    loaded = None if drift.champion is None else watched.registry.load(version_named(watched, batch, drift.champion))
    judged = drift.data_drift
    statistics = None if loaded is None or judged is None else lake.read(tables.drift, batch).set_index("feature")
    # What only labels show stands beside the drift, or beside the performance where labels come later.
    labelled: LabelledDrift | None = performance if task.known_after else drift
    distributions: tuple[Distribution, ...] = ()
    sides: tuple[pd.DataFrame, pd.DataFrame] | None = None
    if loaded is not None and judged is not None and statistics is not None:
        sides = (reference_rows(watched, loaded, _SAMPLE_ROWS), gold)
        distributions = tuple(
            _distribution(watched, name, sides, judged.newest.get(name, ()))
            for name in reporting.strongest(statistics, _DRAWN)
        )
    measured = None if performance is None else performance.metrics
    correlation = None if labelled is None else labelled.correlation_drift
    return reporting.BatchReport(
        model=watched.name,
        title=watched.declaration.title,
        batch=batch,
        rows=drift.rows,
        verdict=reporting.Verdict(None, reason=_unjudged(watched, drift)) if judged is None else verdict_from(judged),
        statistics=statistics,
        champion=drift.champion,
        quarantine=_quarantine(watched, batch),
        reference="" if loaded is None else _reference_words(watched, loaded),
        label_drift=None
        if labelled is None or task.label is None
        else _column(labelled.label_drift, sides, task.label),
        prediction_drift=_prediction_column(drift.prediction_drift, loaded, watched, batch),
        within_classes=() if labelled is None else labelled.within_classes,
        performance=_performance(watched, batch, gold, performance, loaded),
        performance_missing=missing_words(watched, batch, performance),
        mean_confidence=None if performance is None else performance.mean_confidence,
        distributions=distributions,
        history=tuple(reporting.HistoryEntry.of(record) for record in history(watched, through=batch)),
        decision=_decision(watched, batch),
        provenance=_provenance(watched, batch, drift.champion),
        task=task.kind,
        anomaly=anomaly_from(measured, performance.verdict)
        if performance is not None and isinstance(measured, AnomalyMeasured)
        else None,
        correlation=None if correlation is None else relation_from(correlation),
        whole_table=None if drift.whole_table_drift is None else whole_table_from(drift.whole_table_drift),
        governance=None if performance is None else performance.governance,
        quality_page=quality_name(batch) if lake.has_file(tables.quality_page(batch)) else "",
    )


def _distribution(
    watched: Watched, feature: str, sides: tuple[pd.DataFrame, pd.DataFrame], newest: Sequence[str]
) -> Distribution:
    """Count both sides of a feature, the reference's being what it was compared with."""
    reference, current = (side[feature] for side in sides)
    if newest:
        kept = [watched.lake.read(watched.tables.gold, one, [feature])[feature] for one in newest]
        reference = pd.concat(kept, ignore_index=True)
    return reporting.histogram(feature, reference, current)


def _unjudged(watched: Watched, drift: DriftResult) -> str:
    """Say why a batch was not judged, and where it has too few labels, that no training goes through it."""
    labelled, needed = drift.labelled_rows, watched.declaration.retraining.minimum_labels
    if watched.declaration.task.known_after or labelled >= needed or not drift.rows:
        return NO_CHAMPION
    return (
        f"{NO_CHAMPION}; {labelled} of its rows have a label, and a training goes through none with fewer than "
        f"{needed} (minimum_labels)"
    )


def _reference_words(watched: Watched, champion: LoadedModel) -> str:
    batches = reference_batches(watched, champion)
    return f"batch {batches[0]}" if len(batches) == 1 else f"batches {batches[0]} to {batches[-1]}"


def _column(
    found: ColumnsDrift | None, sides: tuple[pd.DataFrame, pd.DataFrame] | None, column: str
) -> reporting.ColumnDrift | None:
    if found is None or sides is None:
        return None
    return reporting.ColumnDrift(
        statistics_from(found),
        verdict_from(found),
        reporting.histogram(column, sides[0][column], sides[1][column]),
    )


def _prediction_column(
    found: ColumnsDrift | None, champion: LoadedModel | None, watched: Watched, batch: str
) -> reporting.ColumnDrift | None:
    if found is None or champion is None:
        return None
    predictions = watched.lake.read(watched.tables.predictions, batch)
    return _column(found, (champion.held_out, predictions), prediction_columns(watched.declaration.task)[0])


def _decision(watched: Watched, batch: str) -> reporting.Decision | None:
    trained = [one for one in watched.registry.history(watched.name) if one.trained_through == batch]
    if not trained:
        return None
    return reporting.Decision(True, trained[-1].reason)


def _performance(
    watched: Watched,
    batch: str,
    gold: pd.DataFrame,
    found: PerformanceResult | None,
    champion: LoadedModel | None,
) -> reporting.Performance | None:
    if found is None or not isinstance(found.metrics, ClassesMeasured):
        return None
    task = watched.declaration.task
    scores: tuple[reporting.ScoreBin, ...] = ()
    if isinstance(task, Binary):
        said = watched.lake.read(watched.tables.predictions, batch)
        known = gold[gold[task.label].notna()][[task.id, task.label]].merge(said, on=task.id)
        scores = reporting.score_bins(known[f"score_{task.positive}"], known[task.label].astype(str), task.positive)
    return performance_from(
        found.metrics,
        found.verdict,
        baseline_rows="" if champion is None else _BASELINE[expected_of(champion).measured_on],
        scores=scores,
    )


def missing_words(watched: Watched, batch: str, found: PerformanceResult | None) -> str:
    """Say why nothing is told of a batch's performance."""
    after = watched.declaration.task.known_after
    if found is not None and found.labels_fingerprint:
        return f"The labels of batch {batch} are known; {found.verdict.reason}."
    if after:
        return f"The labels of batch {batch} become known {after} batches later."
    return "The labels of this batch are not known yet."


def _quarantine(watched: Watched, batch: str) -> dict[str, int]:
    """Count rejected rows by reason; what differs from row to row only in the line is one reason."""
    lake, tables = watched.lake, watched.tables
    names = [tables.quarantine(name) for name in (*watched.sources, FEATURES, LATE_LABELS)]
    found = [lake.read(name, batch)["reason"] for name in names if lake.exists(name, batch)]
    kinds = pd.concat(found).astype(str).str.replace(r"^line \d+, (column \S+: )?", "", regex=True)
    kinds = kinds.str.replace(r"\bline \d+\b", "another line", regex=True)
    return {str(reason): int(count) for reason, count in kinds.value_counts().items()}


def _provenance(watched: Watched, batch: str, champion: Champion | None) -> dict[str, str]:
    tables, lake = watched.tables, watched.lake
    known = {}
    for name in watched.sources:
        silver = lake.provenance(tables.silver(name), batch)
        of = "" if len(watched.sources) == 1 else f" of {name}"
        known[f"source{of or ' file'}"] = silver["source_file"]
        known[f"source fingerprint{of}"] = silver["source_fingerprint"]
    known["gold fingerprint"] = lake.fingerprint(tables.gold, batch)
    known["predictions fingerprint"] = lake.fingerprint(tables.predictions, batch)
    if champion is not None:
        known["champion fingerprint"] = champion.fingerprint
    return known


def _statistics(watched: Watched) -> dict[str, pd.DataFrame]:
    """Read the drift statistics of every batch that was compared."""
    columns = ["feature", "wasserstein_scaled", "effect", "drifted"]
    table = watched.tables.drift
    return {one: watched.lake.read(table, one, columns).set_index("feature") for one in watched.lake.batches(table)}
