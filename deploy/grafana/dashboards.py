"""What is on each dashboard: one a monitored model, made of its declaration, and one over all."""

from __future__ import annotations

import datetime as dt
import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING

from deploy.grafana import queries
from deploy.grafana.panels import MLFLOW, MONITORING, Column, Dashboard, Row, bars, chart, heatmap, stat, table
from deploy.grafana.queries import POSITION, ModelQueries
from driftwatch_assets.sources import Files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deploy.grafana.panels import Colour, Panel
    from driftwatch_assets.declaration import Declaration

OVERVIEW_UID = "driftwatch"

_DRIFT: dict[str, Colour] = {"none": "green", "low": "yellow", "medium": "orange", "high": "red", "detected": "orange"}
_SEVERITY: dict[str, Colour] = {"low": "yellow", "medium": "orange", "high": "red", "critical": "purple"}
_RESULT: dict[str, Colour] = {"champion": "green", "promoted": "blue", "refused": "orange"}
_RUN: dict[str, Colour] = {
    "SUCCESS": "green",
    "FAILURE": "red",
    "CANCELED": "orange",
    "STARTED": "blue",
    "QUEUED": "text",
}
_TRACKED: dict[str, Colour] = {"FINISHED": "green", "FAILED": "red", "KILLED": "orange", "RUNNING": "blue"}

_LINES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "multiclass": {"accuracy": "accuracy", "f1_macro": "macro F1", "mean_confidence": "mean confidence"},
        "binary": {"auc": "AUC", "precision": "precision", "recall": "recall", "f1": "F1"},
        "anomaly": {
            "anomaly_rate": "anomaly rate",
            "anomaly_rate_low": "at least",
            "anomaly_rate_high": "at most",
        },
    }
)
"""By the task's kind, the metrics of its chart and what each is called."""


def uid_of(model: str) -> str:
    """Give the last part of the address of a model's dashboard; Grafana allows 40 characters.

    Examples
    --------
    >>> uid_of("gas_sensors")
    'driftwatch-gas_sensors'
    >>> len(uid_of("a_model_with_a_name_that_is_longer_than_others"))
    40

    """
    uid = f"{queries.UID_PREFIX}{model}"
    if len(uid) <= queries.LONGEST_UID:
        return uid
    mark = hashlib.sha256(model.encode()).hexdigest()[:8]
    return f"{uid[: queries.LONGEST_UID - len(mark) - 1]}-{mark}"


def model_dashboard(declared: Declaration) -> Dashboard:
    """Give the dashboard of a declared model.

    A model whose batches are windows of time has charts over time, from its first declared day; the others have the
    batch's place in the order of batches on the axis.
    """
    ask = ModelQueries(declared.name, timed=not isinstance(declared.source, Files))
    start, end = _span(declared)
    return Dashboard(
        uid=uid_of(declared.name),
        title=declared.title,
        description=declared.description,
        start=start,
        end=end,
        rows=(
            Row("Now", _now(declared, ask)),
            Row("Batches", _over_batches(declared, ask)),
            Row("Alerts, champion and retrainings", _decided(ask)),
            Row("Runs", _runs(ask)),
            Row("Trainings in MLflow", _tracked(declared, ask)),
        ),
    )


def overview() -> Dashboard:
    """Give the dashboard over all models that the monitoring database knows, whether declared or not."""
    address = "/d/${__data.fields.dashboard}"
    models = table(
        "Models",
        "Every model with its newest batch; the one that needs attention first.",
        MONITORING,
        queries.OVERVIEW,
        columns=(
            Column("model", link=address, width=170),
            Column("drift", colours=_DRIFT),
            Column("value", decimals=3),
            Column("headline", width=420),
        ),
    )
    return Dashboard(
        uid=OVERVIEW_UID,
        title="All models",
        description="The monitored models, what needs attention first.",
        rows=(
            Row(
                "Now",
                (
                    stat("Watched", "Models and batches that are recorded.", MONITORING, queries.MODEL_COUNT, width=6),
                    stat(
                        "Alerts by severity",
                        "Alerts that are open or acknowledged, by severity.",
                        MONITORING,
                        queries.ALERTS_BY_SEVERITY,
                        width=10,
                    ),
                    stat(
                        "Messages",
                        "Messages of alerts: waiting for their channel, and sent.",
                        MONITORING,
                        queries.OUTBOX,
                        width=8,
                    ),
                    models,
                ),
            ),
            Row("Alerts", (_open_alerts(queries.OPEN_ALERTS),)),
            Row(
                "Runs",
                (
                    bars(
                        "Runs by model", "Dagster runs by how they ended.", MONITORING, queries.RUNS_BY_MODEL, x="model"
                    ),
                    table(
                        "Failed runs",
                        "The newest runs that failed, and why.",
                        MONITORING,
                        queries.FAILED_RUNS,
                        columns=_JOB_COLUMNS,
                        empty="No run has failed.",
                        width=16,
                    ),
                    bars(
                        "Trainings by model",
                        "MLflow runs by how they ended.",
                        MLFLOW,
                        queries.MLFLOW_BY_MODEL,
                        x="model",
                        width=24,
                    ),
                ),
            ),
        ),
    )


def _span(declared: Declaration) -> tuple[str, str]:
    source = declared.source
    if isinstance(source, Files):
        return "now-30d", "now"
    end = "now" if source.end is None else f"{source.end + dt.timedelta(days=1)}T00:00:00.000Z"
    # A batch may begin before the declared day: a week with its Monday, a year with its January.
    before = {"day": 0, "week": 7, "month": 31, "year": 366}[source.every]
    return f"{source.start - dt.timedelta(days=before)}T00:00:00.000Z", end


def _now(declared: Declaration, ask: ModelQueries) -> tuple[Panel, ...]:
    metric = _shown_metric(declared)
    return (
        stat(
            "Latest value",
            f"{metric} of the newest batch for which it is known.",
            MONITORING,
            ask.latest_value(metric),
            columns=(Column(metric, decimals=3),),
        ),
        stat(
            "Drift",
            "The verdict on the newest batch that was judged.",
            MONITORING,
            ask.latest_drift,
            columns=(Column("drift", colours=_DRIFT),),
        ),
        stat("Champion", "The version that scores new batches.", MONITORING, ask.champion),
        stat("Alerts", "Alerts by state.", MONITORING, ask.alert_counts),
        stat("Retrainings", "Trainings whose model was promoted or refused.", MONITORING, ask.retrainings),
        stat("Runs", "Dagster runs of this model.", MONITORING, ask.run_counts),
    )


def _over_batches(declared: Declaration, ask: ModelQueries) -> tuple[Panel, ...]:
    x = None if ask.timed else POSITION
    lines = dict(_LINES[declared.task.kind])
    if declared.task.kind != "anomaly":
        metric = _shown_metric(declared)
        lines = {
            metric: lines.get(metric, metric),
            **lines,
            "frozen_value": f"{lines.get(metric, metric)}, never retrained",
        }
    rules = [rule.name for rule in declared.alerts.rules if rule.enabled and rule.metric in lines]
    plan = declared.drift
    drift = {"drifted_share": "share of features"}
    if plan.predictions is not None:
        drift["psi"] = "PSI of the score"
    if plan.whole_table is not None:
        drift["whole_table_auc"] = "whole table (AUC)"
    if plan.correlation is not None:
        drift["correlation_change"] = "change of correlation"
    return (
        chart(
            "Trend",
            "How well the batch's champion did; dashed: thresholds of alert rules.",
            MONITORING,
            ask.trend(lines, rules),
            x=x,
            columns=tuple(Column(f"alert {rule}", dashed=True) for rule in rules),
            bounded=declared.task.kind != "anomaly",
            unit="percentunit" if declared.task.kind == "anomaly" else "none",
        ),
        chart(
            "Drift over batches",
            "How far batches are from their champion's reference.",
            MONITORING,
            ask.trend(drift),
            x=x,
        ),
        heatmap(
            "Drift of the features",
            f"Effect by feature and batch: the {queries.HEATMAP_FEATURES} features that drifted most, the newest "
            f"{queries.HEATMAP_BATCHES} batches; what is above {queries.HEATMAP_TOP:g} shows as that.",
            MONITORING,
            ask.heatmap,
            row="feature",
            column="batch",
            value="effect",
            top=queries.HEATMAP_TOP,
        ),
        chart("Rows", "Rows of each batch, and those that were set aside.", MONITORING, ask.rows, x=x, width=8),
        table(
            "Newest batches",
            "What was found in each, with its report.",
            MONITORING,
            ask.batches,
            columns=(
                Column("drift", colours=_DRIFT),
                Column("headline", width=320),
                Column("report", link="${__data.fields.report}"),
            ),
            width=16,
        ),
    )


def _decided(ask: ModelQueries) -> tuple[Panel, ...]:
    return (
        _open_alerts(ask.open_alerts),
        table(
            "Champion and retrainings",
            "Every training, the newest first: what it was judged by, and why it was promoted or refused.",
            MONITORING,
            ask.versions,
            columns=(
                Column("result", colours=_RESULT),
                Column("score", decimals=3),
                Column("at least", decimals=3),
                Column("at most", decimals=3),
                Column("reason", width=360),
            ),
        ),
    )


def _open_alerts(sql: str) -> Panel:
    return table(
        "Open alerts",
        "Alerts that are open or acknowledged, the gravest first.",
        MONITORING,
        sql,
        columns=(
            Column("severity", colours=_SEVERITY),
            Column("value then", decimals=3),
            Column("value now", decimals=3),
        ),
        empty="No alert is open.",
    )


_JOB_COLUMNS = (Column("status", colours=_RUN), Column("duration", unit="s"), Column("error", width=420))


def _runs(ask: ModelQueries) -> tuple[Panel, ...]:
    return (
        bars("Run status", "Dagster runs by how they ended.", MONITORING, ask.run_status, x="status"),
        table(
            "Recent runs",
            "The newest Dagster runs, and why one failed.",
            MONITORING,
            ask.recent_runs,
            columns=_JOB_COLUMNS,
            width=16,
        ),
    )


def _tracked(declared: Declaration, ask: ModelQueries) -> tuple[Panel, ...]:
    metric = declared.training.metric_for(declared.task)
    score = f"challenger_{metric}"
    return (
        stat("MLflow runs", "Runs of this model's experiment.", MLFLOW, ask.tracked_counts),
        stat(
            "Latest training",
            "What the newest finished training's challenger scored.",
            MLFLOW,
            ask.tracked_latest(metric),
            columns=(Column(score, decimals=3), Column("run of", unit="dateTimeAsIso")),
        ),
        bars("MLflow run status", "Runs by how they ended.", MLFLOW, ask.tracked_status, x="status", width=4),
        chart(
            "Challenger against champion",
            f"{metric} on the rows that judged each training, in the order of trainings.",
            MLFLOW,
            ask.tracked_trend(metric),
            x="training",
        ),
        table(
            "Recent trainings",
            "The newest runs of this model's experiment.",
            MLFLOW,
            ask.tracked_recent(metric),
            columns=(
                Column("status", colours=_TRACKED),
                Column("duration", unit="s"),
                Column(score, decimals=3),
            ),
        ),
    )


def _shown_metric(declared: Declaration) -> str:
    """Give the metric that people look at first: of a detector its rate, which says more than how well it fits."""
    if declared.task.kind == "anomaly":
        return "anomaly_rate"
    return declared.training.metric_for(declared.task)


def all_dashboards(declarations: Sequence[Declaration]) -> list[Dashboard]:
    """Give the overview and each declared model's dashboard, by name."""
    return [overview(), *(model_dashboard(one) for one in sorted(declarations, key=lambda one: one.name))]
