"""What is stored of a batch → its page, its JSON twin, and the summary over all batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets import reporting
from driftwatch_assets.lake import BatchMissing
from driftwatch_assets.reporting import json_bytes
from driftwatch_assets.steps.evidence import load_evidence
from driftwatch_assets.steps.history import history
from driftwatch_assets.steps.outcome import Link, StepOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch_assets.registry import LoadedModel
    from driftwatch_assets.reporting import BatchReport, Distribution
    from driftwatch_assets.steps.watched import Watched

_DRAWN = 6
_HEATMAP_STATISTIC = "wasserstein_scaled"
_SAMPLE_ROWS = 5000


def draw_report(watched: Watched, batch: str) -> StepOutcome:
    """Draw a batch's page and its JSON twin, and the summary over all batches so far stored."""
    tables, lake = watched.tables, watched.lake
    report = describe(watched, batch)
    page = reporting.render_batch(report).encode()
    lake.write_file(tables.page_json(batch), json_bytes(reporting.batch_json(report)))
    uri = lake.write_file(tables.page(batch), page)
    records = history(watched)
    heatmap = _heatmap(watched)
    title = watched.declaration.title
    summary = reporting.render_summary(watched.name, records, heatmap, title=title)
    lake.write_file(tables.summary_json, json_bytes(reporting.summary_json(watched.name, records, heatmap)))
    lake.write_file(tables.summary, summary.encode())
    facts = {
        "report": Link(f"{watched.reports_url}/{tables.page(batch)}"),
        "summary": Link(f"{watched.reports_url}/{tables.summary}"),
        "page_kilobytes": len(page) / 1024,
        "headline": report.verdict.reason,
    }
    return StepOutcome(facts, uri=uri)


def describe(watched: Watched, batch: str) -> BatchReport:
    """Gather what is stored of a batch into the content of its report."""
    tables, lake, task = watched.tables, watched.lake, watched.declaration.task
    drift = load_evidence(watched, batch, "drift")
    performance = load_evidence(watched, batch, "performance")
    if drift is None:
        message = f"{watched.name}: batch {batch} has no verdict on drift to report; materialize drift for it first"
        raise BatchMissing(tables.drift, batch, lake.batches(tables.drift)) from LookupError(message)
    gold = lake.read(tables.gold, batch)
    champion = drift["champion"]
    loaded = _champion(watched, champion)
    statistics = lake.read(tables.drift, batch).set_index("feature") if champion is not None else None
    distributions: tuple[Distribution, ...] = ()
    sides: tuple[pd.DataFrame, pd.DataFrame] | None = None
    if loaded is not None and statistics is not None:
        sides = (_reference_rows(watched, loaded), gold)
        distributions = reporting.histograms(*sides, reporting.strongest(statistics, _DRAWN))
    return reporting.BatchReport(
        model=watched.name,
        title=watched.declaration.title,
        batch=batch,
        rows=drift["rows"],
        verdict=_verdict(drift.get("data_drift"), "not judged: no champion is older than this batch"),
        statistics=statistics,
        champion=None
        if champion is None
        else reporting.Champion(champion["version"], champion["trained_through"], champion["candidate"]),
        quarantine=_quarantine(watched, batch),
        reference="" if loaded is None else _reference_words(watched, loaded),
        label_drift=_column(drift.get("label_drift"), sides, task.label),
        prediction_drift=_prediction_column(drift.get("prediction_drift"), loaded, watched, batch),
        within_classes=tuple(
            reporting.WithinClass(
                name=str(row["class"]),
                n_reference=int(row["n_reference"]),
                n_current=int(row["n_current"]),
                drifted=None if row["drifted"] is None else int(row["drifted"]),
                features=int(row["features"]),
                strongest=str(row.get("strongest") or ""),
            )
            for row in drift.get("within_classes", [])
        ),
        performance=_performance(performance),
        mean_confidence=None if performance is None else performance["mean_confidence"],
        distributions=distributions,
        history=tuple(reporting.HistoryEntry.of(record) for record in history(watched, through=batch)),
        decision=_decision(watched, batch),
        provenance=_provenance(watched, batch, champion),
    )


def _champion(watched: Watched, champion: Mapping[str, Any] | None) -> LoadedModel | None:
    if champion is None:
        return None
    versions = watched.registry.history(watched.name)
    return watched.registry.load(next(one for one in versions if str(one.version) == champion["version"]))


def _reference_batches(watched: Watched, champion: LoadedModel) -> list[str]:
    size = watched.declaration.drift.reference
    return list(champion.window) if size == "all" else list(champion.window)[-size:]


def _reference_rows(watched: Watched, champion: LoadedModel) -> pd.DataFrame:
    """Give reference rows for pictures: evenly spaced ones where there are many."""
    table = watched.tables.gold
    rows = pd.concat([watched.lake.read(table, one) for one in _reference_batches(watched, champion)])
    if len(rows) <= _SAMPLE_ROWS:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, _SAMPLE_ROWS).astype(int)]


def _reference_words(watched: Watched, champion: LoadedModel) -> str:
    batches = _reference_batches(watched, champion)
    return f"batch {batches[0]}" if len(batches) == 1 else f"batches {batches[0]} to {batches[-1]}"


def _verdict(stored: Mapping[str, Any] | None, otherwise: str) -> reporting.Verdict:
    if stored is None:
        return reporting.Verdict(None, reason=otherwise)
    return reporting.Verdict(
        stored["drift_detected"],
        stored["severity"],
        tuple(stored["drifted_features"]),
        stored["reason"],
        stored["rule"],
    )


def _column(
    stored: Mapping[str, Any] | None, sides: tuple[pd.DataFrame, pd.DataFrame] | None, column: str
) -> reporting.ColumnDrift | None:
    if stored is None or sides is None:
        return None
    return reporting.ColumnDrift(
        pd.DataFrame(stored["statistics"]).set_index("feature"),
        _verdict(stored, ""),
        reporting.histogram(column, sides[0][column], sides[1][column]),
    )


def _prediction_column(
    stored: Mapping[str, Any] | None, champion: LoadedModel | None, watched: Watched, batch: str
) -> reporting.ColumnDrift | None:
    if stored is None or champion is None:
        return None
    predictions = watched.lake.read(watched.tables.predictions, batch)
    return _column(stored, (champion.held_out, predictions), "predicted")


def _performance(stored: Mapping[str, Any] | None) -> reporting.Performance | None:
    if stored is None or stored["metrics"] is None:
        return None
    metrics, verdict = stored["metrics"], stored["verdict"]
    return reporting.Performance(
        rows=verdict["labelled_rows"],
        accuracy=metrics["accuracy"],
        interval=(metrics["accuracy_low"], metrics["accuracy_high"]),
        f1_macro=metrics["f1_macro"],
        per_class=pd.DataFrame.from_dict(metrics["per_class"], orient="index").astype(float),
        confusion=np.asarray(metrics["confusion"]["counts"], dtype=int),
        classes=tuple(metrics["confusion"]["classes"]),
        baseline_accuracy=verdict["baseline"],
        baseline_rows="later batches that the chosen candidate had not seen when it was ranked",
        degraded=verdict["degraded"],
        reason=verdict["reason"],
    )


def _quarantine(watched: Watched, batch: str) -> dict[str, int]:
    """Count rejected rows by reason; what differs from row to row only in the line is one reason."""
    rejected = watched.lake.read(watched.tables.quarantine, batch)
    kinds = rejected["reason"].astype(str).str.replace(r"^line \d+, (column \S+: )?", "", regex=True)
    kinds = kinds.str.replace(r"\bline \d+\b", "another line", regex=True)
    return {str(reason): int(count) for reason, count in kinds.value_counts().items()}


def _decision(watched: Watched, batch: str) -> reporting.Decision | None:
    trained = [one for one in watched.registry.history(watched.name) if one.trained_through == batch]
    if not trained:
        return None
    return reporting.Decision(True, trained[-1].reason)


def _provenance(watched: Watched, batch: str, champion: Mapping[str, Any] | None) -> dict[str, str]:
    tables, lake = watched.tables, watched.lake
    bronze = lake.provenance(tables.bronze, batch)
    known = {
        "source file": bronze["source_file"],
        "source fingerprint": bronze["source_fingerprint"],
        "gold fingerprint": lake.fingerprint(tables.gold, batch),
        "predictions fingerprint": lake.fingerprint(tables.predictions, batch),
    }
    if champion is not None:
        known["champion fingerprint"] = champion["fingerprint"]
    return known


def _heatmap(watched: Watched) -> reporting.Heatmap | None:
    columns = ["feature", _HEATMAP_STATISTIC, "drifted"]
    tables = {
        batch: watched.lake.read(watched.tables.drift, batch, columns).set_index("feature")
        for batch in watched.lake.batches(watched.tables.drift)
    }
    if not tables:
        return None
    values = pd.DataFrame({batch: table[_HEATMAP_STATISTIC] for batch, table in tables.items()})
    drifted = pd.DataFrame({batch: table["drifted"] for batch, table in tables.items()}).eq(other=True)
    return reporting.Heatmap(_HEATMAP_STATISTIC, values, drifted)
