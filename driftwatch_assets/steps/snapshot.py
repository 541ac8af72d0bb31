"""What the lake and the registry know of a model, as rows of the monitoring database."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from driftwatch_assets.monitoring import BatchRow, FeatureRow, MetricRow, Snapshot, VersionRow
from driftwatch_assets.registry import RegistryIncomplete, champion_among
from driftwatch_assets.retraining import METRICS, RECORDED
from driftwatch_assets.sources import window_of
from driftwatch_assets.steps.champion import check_scorers
from driftwatch_assets.steps.evidence import champion_named, load_drift, load_performance
from driftwatch_assets.steps.figures import figures_of
from driftwatch_assets.steps.watch import NO_CHAMPION
from driftwatch_assets.steps.watched import FEATURES, LATE_LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from driftwatch_assets.results import DriftResult, PerformanceResult
    from driftwatch_assets.steps.watched import Watched


def snapshot(watched: Watched) -> Snapshot:
    """Give all that lake and registry know of a model; what ran is known to the orchestrator alone."""
    batches = watched.lake.batches(watched.tables.gold)
    return Snapshot(
        versions=_versions(watched),
        batches=tuple(batch_row(watched, batch, position) for position, batch in enumerate(batches)),
        metrics=tuple(row for batch in batches for row in metric_rows(watched, batch)),
        feature_drift=tuple(feature_rows(watched, batches)),
        rules=watched.declaration.alerts.every,
    )


def _versions(watched: Watched) -> tuple[VersionRow, ...] | None:
    """Give every version; nothing is told of them where one is gone that scored what is stored."""
    try:
        check_scorers(watched)
    except RegistryIncomplete:
        return None
    return tuple(version_rows(watched))


def version_rows(watched: Watched) -> list[VersionRow]:
    """Give every version that was trained, promoted or refused."""
    versions = watched.registry.history(watched.name)
    champion = champion_among(versions)
    return [
        VersionRow(
            version=one.version,
            trained_through=one.trained_through,
            candidate=one.candidate,
            gate_result=one.gate_result,
            is_champion=champion is not None and one.version == champion.version,
            metric=one.metric,
            score=one.scores.get("challenger"),
            score_low=one.scores.get("challenger_low"),
            score_high=one.scores.get("challenger_high"),
            champion_compared=one.champion_compared,
            reason=one.reason,
            fingerprint=one.fingerprint,
            mlflow_run_id=one.run_id,
        )
        for one in versions
    ]


def batch_row(watched: Watched, batch: str, position: int) -> BatchRow:
    """Give how a batch stands; `position` counts from zero in batch order."""
    drift, performance = _results(watched, batch)
    judged = None if drift is None else drift.data_drift
    found = [one for one in (drift, performance) if one is not None]
    champion = champion_named(drift, performance)
    page = watched.tables.page(batch)
    return BatchRow(
        batch=batch,
        position=position,
        state=_state(drift, performance),
        period_start=_period_start(watched, batch),
        rows=found[0].rows if found else None,
        quarantined=_quarantined(watched, batch),
        champion_version=None if champion is None else int(champion.version),
        drift_detected=None if judged is None else judged.drift_detected,
        drift_severity=None if judged is None else judged.severity,
        headline=NO_CHAMPION if judged is None else judged.reason,
        report_url=f"{watched.reports_url}/{page}" if watched.lake.has_file(page) else "",
    )


def metric_rows(watched: Watched, batch: str) -> list[MetricRow]:
    """Give every number that there may be of a batch; one that is not known has no value."""
    known: dict[str, float] = figures_of(*_results(watched, batch))
    known["quarantined"] = float(_quarantined(watched, batch))
    return [MetricRow(batch=batch, name=name, value=known.get(name)) for name in (*METRICS, *RECORDED)]


def feature_rows(watched: Watched, batches: Iterable[str]) -> list[FeatureRow]:
    """Give how far each feature of some batches is from its reference."""
    lake, table = watched.lake, watched.tables.drift
    columns = ["feature", "effect", "psi", "drifted"]
    return [
        FeatureRow(
            batch=batch,
            feature=str(row["feature"]),
            effect=_number(row["effect"]),
            psi=_number(row["psi"]),
            drifted=None if row["drifted"] is None else bool(row["drifted"]),
        )
        for batch in batches
        if lake.exists(table, batch)
        for row in lake.read(table, batch, columns).astype(object).to_dict("records")
    ]


def _results(watched: Watched, batch: str) -> tuple[DriftResult | None, PerformanceResult | None]:
    return load_drift(watched, batch), load_performance(watched, batch)


def _state(drift: DriftResult | None, performance: PerformanceResult | None) -> str:
    """Say in a word how a batch stands; what is worse goes first."""
    if performance is not None and performance.verdict.degraded:
        return "degraded"
    detected = None if drift is None or drift.data_drift is None else drift.data_drift.drift_detected
    return {None: "unjudged", True: "drift", False: "stable"}[detected]


def _period_start(watched: Watched, batch: str) -> dt.datetime | None:
    every = watched.declaration.source.every
    # The clock of a source has no zone; dashboards need one moment for everybody, which is UTC's.
    return None if every is None else window_of(every, batch).start.replace(tzinfo=dt.UTC)


def _quarantined(watched: Watched, batch: str) -> int:
    names = (*watched.sources, FEATURES, LATE_LABELS)
    tables: Sequence[str] = [watched.tables.quarantine(name) for name in names]
    return sum(watched.lake.rows(name, batch) for name in tables if watched.lake.exists(name, batch))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
