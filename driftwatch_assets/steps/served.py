"""What the service said, hour by hour, as batches that are watched."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch_assets.drift import NOTHING, Reference, against_newest, judge
from driftwatch_assets.lake import BatchMissing
from driftwatch_assets.results import ServedChampion, ServedResult
from driftwatch_assets.steps.champion import expected_of
from driftwatch_assets.steps.evidence import identity, load_result, store_result
from driftwatch_assets.steps.measure import judge_measured, judged_of, measured, measured_of
from driftwatch_assets.steps.outcome import CheckOutcome, StepOutcome
from driftwatch_assets.steps.reference import FEATURES_FILE, PREDICTIONS_FILE, prediction_columns, watched_features
from driftwatch_assets.steps.verdicts import columns_drift_of

if TYPE_CHECKING:
    import pandas as pd

    from driftwatch_assets.drift import Verdict
    from driftwatch_assets.performance import PerformanceVerdict
    from driftwatch_assets.registry import LoadedModel, ModelVersion
    from driftwatch_assets.results import AnyMeasured
    from driftwatch_assets.steps.watched import Watched

HOUR = "%Y-%m-%dT%H"
"""Format of the key of an hour, in UTC."""
SERVED_CHECKS = {
    "data_drift": "The features of requests are distributed as in the reference of the champion that answered.",
    "prediction_drift": "What was answered is as on rows held out at training.",
    "performance": "Where labels have been told, performance is what was expected of the champion.",
}
"""The checks of served traffic, with what each promises."""
_LOOKED_AT_AGAIN = 48


@dataclass(frozen=True)
class _Judged:
    """What is known of the rows that one champion answered in an hour."""

    version: ModelVersion
    rows: int
    labelled: int
    features: pd.DataFrame
    data_drift: Verdict
    predictions: pd.DataFrame
    prediction_drift: Verdict | None
    performance: PerformanceVerdict | None
    metrics: AnyMeasured | None

    @property
    def result(self) -> ServedChampion:
        """What is stored of it."""
        said = self.prediction_drift
        return ServedChampion(
            version=str(self.version.version),
            trained_through=self.version.trained_through,
            fingerprint=self.version.fingerprint,
            rows=self.rows,
            labelled_rows=self.labelled,
            data_drift=columns_drift_of(self.features, self.data_drift),
            prediction_drift=None if said is None else columns_drift_of(self.predictions, said),
            performance=None if self.performance is None else judged_of(self.performance),
            metrics=self.metrics,
        )


def due_served(watched: Watched, now: dt.datetime) -> list[tuple[str, str]]:
    """Give the hours whose evidence does not rest on what is stored of them, with the identity of what is.

    An hour is looked at when it is over. What is looked at again is an hour of the last two days with traffic, where
    a service that had crashed may still bring rows, and every hour of which labels have been told.
    """
    lake, tables = watched.lake, watched.tables
    over = [one for one in lake.batches(tables.served) if one < now.astimezone(dt.UTC).strftime(HOUR)]
    again = {*over[-_LOOKED_AT_AGAIN:], *lake.batches(tables.served_labels)}
    known = set(lake.files(tables.served_evidence))
    due = []
    for hour in over:
        path = tables.hour_evidence(hour)
        if path in known and hour not in again:
            continue
        stored, found = load_result(watched, path, ServedResult), _identity(watched, hour)
        if stored is None or stored.identity != found:
            due.append((hour, found))
    return due


def watch_served(watched: Watched, hour: str) -> StepOutcome:
    """Judge an hour of served traffic, by each champion that answered, on the rows that it answered.

    The features of requests are compared with the champion's reference and the answers with its answers on held-out
    rows, by the declared policies. Where labels have been told (see `take_labels`), the performance is judged too.
    Verdicts are for people: a training is asked for by batches of the source, whose labels and gates it needs.

    Raises
    ------
    BatchMissing
        When nothing was served in that hour.

    """
    served = watched.lake.read(watched.tables.served, hour)
    labels = _labels(watched, hour)
    versions = {str(one.version): one for one in watched.registry.history(watched.name)}
    judged: list[_Judged] = []
    forgotten = 0
    for version, rows in served.groupby("champion_version", sort=True):
        if str(version) not in versions:
            forgotten += len(rows)
            continue
        judged.append(_judge(watched, versions[str(version)], rows, labels))
    result = ServedResult(
        hour=hour,
        rows=len(served),
        identity=_identity(watched, hour),
        rows_of_unknown_versions=forgotten,
        champions=tuple(one.result for one in judged),
    )
    uri, fingerprint = store_result(watched, watched.tables.hour_evidence(hour), result)
    facts: dict[str, Any] = {
        "rows": float(len(served)),
        "requests": float(served["request_id"].nunique()),
        "labelled_rows": float(sum(one.labelled for one in judged)),
        "champions": ", ".join(f"version {one.version.version}: {one.rows} rows" for one in judged),
        "fingerprint": fingerprint,
    }
    if forgotten:
        facts["rows_of_unknown_versions"] = float(forgotten)
    checks = (
        _drift_check("data_drift", [(one.version, one.data_drift) for one in judged]),
        _drift_check("prediction_drift", [(one.version, one.prediction_drift) for one in judged]),
        _performance_check([(one.version, one.performance) for one in judged]),
    )
    return StepOutcome(facts, checks, stored=served, uri=uri)


def _judge(watched: Watched, version: ModelVersion, rows: pd.DataFrame, labels: pd.DataFrame | None) -> _Judged:
    champion = watched.registry.load(version)
    plan = watched.declaration.drift
    features = Reference.from_bytes(champion.references[FEATURES_FILE]).compare(
        rows[list(champion.features)], plan.features.alpha
    )
    # What an hour of traffic is newer than, no batch tells: of these features the missing rate alone is compared.
    unknown = dict.fromkeys(plan.against_newest, NOTHING)
    features = against_newest(features.loc[watched_features(watched, champion.features)], rows, unknown)
    predictions = rows[prediction_columns(watched.declaration.task)]
    compared = Reference.from_bytes(champion.references[PREDICTIONS_FILE]).compare(
        predictions, None if plan.predictions is None else plan.predictions.alpha
    )
    performance, metrics, labelled = _performance(watched, champion, rows, labels)
    return _Judged(
        version,
        len(rows),
        labelled,
        features,
        judge(features, policy=plan.features),
        compared,
        None if plan.predictions is None else judge(compared, policy=plan.predictions),
        performance,
        metrics,
    )


def _performance(
    watched: Watched, champion: LoadedModel, rows: pd.DataFrame, labels: pd.DataFrame | None
) -> tuple[PerformanceVerdict | None, AnyMeasured | None, int]:
    task = watched.declaration.task
    if task.label is not None:
        if labels is None:
            return None, None, 0
        rows = rows.merge(labels, on=task.id, how="inner", validate="many_to_one")
        if rows.empty:
            return None, None, 0
    report = measured(watched, rows, rows, champion.threshold)
    confidence = float(rows["confidence"].mean()) if "confidence" in rows else None
    verdict = judge_measured(watched, report, expected_of(champion), len(rows), confidence)
    return verdict, measured_of(report), 0 if task.label is None else len(rows)


def _labels(watched: Watched, hour: str) -> pd.DataFrame | None:
    try:
        return watched.lake.read(watched.tables.served_labels, hour)
    except BatchMissing:
        return None


def _identity(watched: Watched, hour: str) -> str:
    """Give the identity of what is stored of an hour: the rows and the labels that have been told."""
    lake, tables = watched.lake, watched.tables
    told = lake.fingerprint(tables.served_labels, hour) if lake.exists(tables.served_labels, hour) else ""
    return identity(lake.fingerprint(tables.served, hour), None, told)


def _drift_check(name: str, verdicts: list[tuple[ModelVersion, Verdict | None]]) -> CheckOutcome:
    told = [(version, verdict) for version, verdict in verdicts if verdict is not None]
    failed = [verdict for _, verdict in told if verdict.drift_detected]
    return CheckOutcome(
        name,
        passed=not failed,
        severity="error" if any(verdict.severity == "high" for verdict in failed) else "warn",
        description=_words([(version, verdict.reason) for version, verdict in told], "nothing was declared to judge"),
        facts={
            "judged": any(verdict.drift_detected is not None for _, verdict in told),
            "drifted_features": sorted({feature for verdict in failed for feature in verdict.drifted_features}),
        },
    )


def _performance_check(verdicts: list[tuple[ModelVersion, PerformanceVerdict | None]]) -> CheckOutcome:
    told = [(version, verdict) for version, verdict in verdicts if verdict is not None]
    failed = [verdict for _, verdict in told if verdict.degraded]
    return CheckOutcome(
        "performance",
        passed=not failed,
        severity="error" if any(verdict.severity == "high" for verdict in failed) else "warn",
        description=_words(
            [(version, verdict.reason) for version, verdict in told], "no labels of these rows have been told"
        ),
        facts={
            "judged": any(verdict.degraded is not None for _, verdict in told),
            **{f"value_version_{version.version}": verdict.value for version, verdict in told},
        },
    )


def _words(told: list[tuple[ModelVersion, str]], otherwise: str) -> str:
    return "; ".join(f"version {version.version}: {reason}" for version, reason in told) or otherwise
