"""The SQL of the panels, for PostgreSQL: over the monitoring database, and over MLflow's.

Every query is one SELECT. Names of models are embedded: a declaration allows lower-case letters, digits and
underscores only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEATMAP_FEATURES = 25
HEATMAP_BATCHES = 24
HEATMAP_TOP = 1.0
"""An effect from here on has the strongest colour and shows as this number, an infinite one (a constant that was left)
too, which is stored as drift without a number."""
_RECENT = 50

_LATEST_VALUE = """\
SELECT m.value AS "{metric}", b.batch AS "batch"
FROM metrics m JOIN batches b USING (model, batch)
WHERE m.model = '{model}' AND m.name = '{metric}'
ORDER BY b.position DESC LIMIT 1"""

_LATEST_DRIFT = """\
SELECT CASE WHEN drift_detected THEN coalesce(drift_severity, 'detected') ELSE 'none' END AS "drift", batch AS "batch"
FROM batches
WHERE model = '{model}' AND drift_detected IS NOT NULL
ORDER BY position DESC LIMIT 1"""

_CHAMPION = """\
SELECT version::text AS "version", trained_through AS "trained through", candidate AS "candidate"
FROM model_versions
WHERE model = '{model}' AND is_champion
ORDER BY version DESC LIMIT 1"""

_ALERT_COUNTS = """\
SELECT count(*) FILTER (WHERE state = 'open') AS "open",
       count(*) FILTER (WHERE state = 'acknowledged') AS "acknowledged",
       count(*) FILTER (WHERE state = 'resolved') AS "resolved"
FROM alerts WHERE model = '{model}'"""

_RETRAININGS = """\
SELECT count(*) FILTER (WHERE gate_result = 'promoted') AS "promoted",
       count(*) FILTER (WHERE gate_result = 'refused') AS "refused"
FROM model_versions WHERE model = '{model}'"""

_RUN_COUNTS = """\
SELECT count(*) AS "runs",
       count(*) FILTER (WHERE status = 'FAILURE') AS "failed",
       count(*) FILTER (WHERE ended_at IS NULL) AS "under way"
FROM jobs WHERE model = '{model}'"""

_TREND = """\
SELECT {x},
{lines}
FROM batches b JOIN metrics m USING (model, batch)
WHERE b.model = '{model}' AND m.name IN ({names}){timed}
GROUP BY b.position, b.period_start
ORDER BY b.position"""

_THRESHOLD = """\
       (SELECT r.threshold FROM alert_rules r
        WHERE r.model = '{model}' AND r.name = '{rule}' AND r.enabled) AS "alert {rule}\""""

_ROWS = """\
SELECT {x}, rows AS "rows", quarantined AS "quarantined"
FROM batches b
WHERE model = '{model}' AND rows IS NOT NULL{timed}
ORDER BY position"""

_HEATMAP = """\
WITH drift AS (
  SELECT batch, feature, least(coalesce(effect, CASE WHEN drifted THEN {top} END), {top}) AS effect
  FROM feature_drift WHERE model = '{model}'
), newest AS (
  SELECT batch, position FROM batches
  WHERE model = '{model}' AND batch IN (SELECT batch FROM drift WHERE effect IS NOT NULL)
  ORDER BY position DESC LIMIT {batches}
), strongest AS (
  SELECT feature, max(effect) AS most, avg(effect) AS usual
  FROM drift JOIN newest USING (batch) WHERE effect IS NOT NULL
  GROUP BY feature ORDER BY most DESC, usual DESC, feature LIMIT {features}
)
SELECT drift.feature AS "feature", drift.batch AS "batch", drift.effect AS "effect"
FROM drift JOIN newest USING (batch) JOIN strongest USING (feature)
WHERE drift.effect IS NOT NULL
ORDER BY newest.position, strongest.most DESC, strongest.usual DESC, drift.feature"""

_BATCHES = """\
SELECT batch AS "batch", state AS "state", rows AS "rows", quarantined AS "quarantined",
       champion_version AS "champion",
       CASE WHEN drift_detected THEN coalesce(drift_severity, 'detected')
            WHEN drift_detected IS NOT NULL THEN 'none' END AS "drift",
       headline AS "headline", report_url AS "report"
FROM batches WHERE model = '{model}'
ORDER BY position DESC LIMIT {recent}"""

_OPEN_ALERTS = """\
SELECT {model_column}severity AS "severity", rule AS "rule", state AS "state", opened_batch AS "since batch",
       opened_value AS "value then", condition AS "condition", threshold AS "threshold",
       latest_batch AS "latest batch", latest_value AS "value now", opened_at AS "opened",
       acknowledged_by AS "acknowledged by"
FROM alerts
WHERE {which}state <> 'resolved'
ORDER BY array_position(ARRAY['critical', 'high', 'medium', 'low'], severity::text), opened_at DESC"""

_VERSIONS = """\
SELECT version AS "version", CASE WHEN is_champion THEN 'champion' ELSE gate_result END AS "result",
       trained_through AS "trained through", candidate AS "candidate", metric AS "metric", score AS "score",
       score_low AS "at least", score_high AS "at most", champion_compared AS "against version", reason AS "reason",
       recorded_at AS "recorded"
FROM model_versions WHERE model = '{model}'
ORDER BY version DESC LIMIT {recent}"""

_JOBS = """\
SELECT {model_column}started_at AS "started", job AS "job", purpose AS "purpose", batch AS "batch",
       status AS "status", extract(epoch FROM ended_at - started_at)::float8 AS "duration", error AS "error"
FROM jobs WHERE {which}
ORDER BY coalesce(started_at, recorded_at) DESC LIMIT {recent}"""

_JOB_STATUS = """\
SELECT status AS "status", count(*) AS "runs"
FROM jobs WHERE model = '{model}'
GROUP BY status ORDER BY status"""

_OVERVIEW = """\
WITH newest AS (
  SELECT DISTINCT ON (model) model, batch, state, headline FROM batches ORDER BY model, position DESC
), drifted AS (
  SELECT DISTINCT ON (model) model,
         CASE WHEN drift_detected THEN coalesce(drift_severity, 'detected') ELSE 'none' END AS drift
  FROM batches WHERE drift_detected IS NOT NULL ORDER BY model, position DESC
), champion AS (
  SELECT DISTINCT ON (model) model, version, trained_through, metric
  FROM model_versions WHERE is_champion ORDER BY model, version DESC
), measured AS (
  SELECT DISTINCT ON (m.model) m.model, m.name, m.value, m.batch
  FROM metrics m JOIN batches b USING (model, batch)
  WHERE m.name IN ('anomaly_rate', 'value')
  ORDER BY m.model, m.name, b.position DESC
), alerting AS (
  SELECT model, count(*) AS alerts FROM alerts WHERE state <> 'resolved' GROUP BY model
), trained AS (
  SELECT model, count(*) FILTER (WHERE gate_result = 'promoted') AS promoted,
         count(*) FILTER (WHERE gate_result = 'refused') AS refused
  FROM model_versions GROUP BY model
)
SELECT newest.model AS "model", newest.state AS "state", newest.batch AS "last batch",
       coalesce(alerting.alerts, 0) AS "open alerts", drifted.drift AS "drift",
       CASE measured.name WHEN 'value' THEN champion.metric ELSE measured.name END AS "metric",
       measured.value AS "value", measured.batch AS "measured on",
       champion.version AS "champion", champion.trained_through AS "trained through",
       coalesce(trained.promoted, 0) AS "promoted", coalesce(trained.refused, 0) AS "refused",
       newest.headline AS "headline",
       CASE WHEN length(newest.model) <= {fits} THEN '{prefix}' || newest.model
            ELSE left('{prefix}' || newest.model, 31) || '-' || left(encode(sha256(newest.model::bytea), 'hex'), 8)
       END AS "dashboard"
FROM newest LEFT JOIN drifted USING (model) LEFT JOIN champion USING (model) LEFT JOIN measured USING (model)
     LEFT JOIN alerting USING (model) LEFT JOIN trained USING (model)
ORDER BY "open alerts" DESC, array_position(ARRAY['high', 'medium', 'low', 'none'], drifted.drift), newest.model"""

ALERTS_BY_SEVERITY = """\
SELECT count(*) FILTER (WHERE severity = 'critical') AS "critical", count(*) FILTER (WHERE severity = 'high') AS "high",
       count(*) FILTER (WHERE severity = 'medium') AS "medium", count(*) FILTER (WHERE severity = 'low') AS "low"
FROM alerts WHERE state <> 'resolved'"""

OUTBOX = """\
SELECT count(*) FILTER (WHERE sent_at IS NULL) AS "waiting", count(*) FILTER (WHERE sent_at IS NOT NULL) AS "sent",
       coalesce(max(attempts) FILTER (WHERE sent_at IS NULL), 0) AS "most attempts"
FROM outbox"""

MODEL_COUNT = """\
SELECT count(DISTINCT model) AS "models", count(*) AS "batches" FROM batches"""

RUNS_BY_MODEL = """\
SELECT model AS "model", count(*) FILTER (WHERE status = 'SUCCESS') AS "succeeded",
       count(*) FILTER (WHERE status = 'FAILURE') AS "failed",
       count(*) FILTER (WHERE status NOT IN ('SUCCESS', 'FAILURE')) AS "other"
FROM jobs GROUP BY model ORDER BY model"""

_MLFLOW_OF_MODEL = """\
FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
WHERE e.name = '{model}' AND r.lifecycle_stage = 'active'"""

_MLFLOW_COUNTS = """\
SELECT count(*) AS "runs", count(*) FILTER (WHERE r.status = 'FAILED') AS "failed",
       count(*) FILTER (WHERE r.status = 'RUNNING') AS "under way"
{of_model}"""

_MLFLOW_LATEST = """\
SELECT m.value AS "{score}", to_timestamp(r.start_time / 1000.0) AS "run of"
FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
     JOIN latest_metrics m ON m.run_uuid = r.run_uuid AND m.key = '{score}' AND NOT m.is_nan
WHERE e.name = '{model}' AND r.lifecycle_stage = 'active' AND r.status = 'FINISHED'
ORDER BY r.start_time DESC, r.run_uuid LIMIT 1"""

_MLFLOW_STATUS = """\
SELECT r.status AS "status", count(*) AS "runs"
{of_model}
GROUP BY r.status ORDER BY r.status"""

_MLFLOW_TREND = """\
SELECT row_number() OVER (ORDER BY min(r.start_time), r.run_uuid) AS "training",
       max(m.value) FILTER (WHERE m.key = 'challenger_{metric}') AS "challenger {metric}",
       max(m.value) FILTER (WHERE m.key = 'champion_{metric}') AS "champion {metric}"
FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
     JOIN latest_metrics m ON m.run_uuid = r.run_uuid AND NOT m.is_nan
WHERE e.name = '{model}' AND r.lifecycle_stage = 'active'
      AND m.key IN ('challenger_{metric}', 'champion_{metric}')
GROUP BY r.run_uuid
ORDER BY 1"""

_MLFLOW_RECENT = """\
SELECT to_timestamp(r.start_time / 1000.0) AS "started", r.name AS "run", r.status AS "status",
       (r.end_time - r.start_time) / 1000.0 AS "duration",
       max(p.value) FILTER (WHERE p.key = 'trained_through') AS "trained through",
       max(p.value) FILTER (WHERE p.key = 'candidate') AS "candidate",
       max(p.value) FILTER (WHERE p.key = 'rows') AS "rows",
       (SELECT m.value FROM latest_metrics m
        WHERE m.run_uuid = r.run_uuid AND m.key = '{score}' AND NOT m.is_nan) AS "{score}"
FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
     LEFT JOIN params p ON p.run_uuid = r.run_uuid
WHERE e.name = '{model}' AND r.lifecycle_stage = 'active'
GROUP BY r.run_uuid, r.name, r.status, r.start_time, r.end_time
ORDER BY r.start_time DESC, r.run_uuid LIMIT {recent}"""

MLFLOW_BY_MODEL = """\
SELECT e.name AS "model", count(*) FILTER (WHERE r.status = 'FINISHED') AS "finished",
       count(*) FILTER (WHERE r.status = 'FAILED') AS "failed",
       count(*) FILTER (WHERE r.status NOT IN ('FINISHED', 'FAILED')) AS "other"
FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
WHERE r.lifecycle_stage = 'active'
GROUP BY e.name ORDER BY e.name"""


UID_PREFIX = "driftwatch-"
LONGEST_UID = 40
"""Grafana takes no longer ones; the name of a longer one ends in a digest (see `deploy.grafana.dashboards.uid_of`)."""

OVERVIEW = _OVERVIEW.format(prefix=UID_PREFIX, fits=LONGEST_UID - len(UID_PREFIX))
OPEN_ALERTS = _OPEN_ALERTS.format(model_column='model AS "model", ', which="")
FAILED_RUNS = _JOBS.format(model_column='model AS "model", ', which="status = 'FAILURE'", recent=_RECENT)

POSITION = "batch (place in order)"
"""The column that charts use as their axis where batches have no time; the first batch is 1."""


@dataclass(frozen=True)
class ModelQueries:
    """The queries of one model's dashboard.

    Attributes
    ----------
    model
        Its name.
    timed
        Whether its batches are windows of time; charts then have the window's start as their axis, else the batch's
        place in the order of batches.

    """

    model: str
    timed: bool

    def latest_value(self, metric: str) -> str:
        """Ask for a metric of the newest batch that has it."""
        return _LATEST_VALUE.format(model=self.model, metric=metric)

    @property
    def latest_drift(self) -> str:
        """The verdict on the newest judged batch."""
        return self._of(_LATEST_DRIFT)

    @property
    def champion(self) -> str:
        """The version that scores now."""
        return self._of(_CHAMPION)

    @property
    def alert_counts(self) -> str:
        """Alerts by state."""
        return self._of(_ALERT_COUNTS)

    @property
    def retrainings(self) -> str:
        """How many versions were promoted and refused."""
        return self._of(_RETRAININGS)

    @property
    def run_counts(self) -> str:
        """Dagster runs, and how many failed."""
        return self._of(_RUN_COUNTS)

    def trend(self, metrics: Mapping[str, str], rules: Sequence[str] = ()) -> str:
        """Ask for metrics over the batches, one column each under the mapping's value; then for rules' thresholds."""
        lines = [
            f"       max(m.value) FILTER (WHERE m.name = '{name}') AS \"{said}\"" for name, said in metrics.items()
        ]
        lines += [_THRESHOLD.format(model=self.model, rule=rule) for rule in rules]
        names = ", ".join(f"'{name}'" for name in metrics)
        return _TREND.format(model=self.model, x=self._x, timed=self._timed, lines=",\n".join(lines), names=names)

    @property
    def rows(self) -> str:
        """Rows of each batch, and those set aside."""
        return _ROWS.format(model=self.model, x=self._x, timed=self._timed)

    @property
    def heatmap(self) -> str:
        """Effects of the features that drifted most, in the newest batches: feature, batch, effect."""
        return _HEATMAP.format(model=self.model, batches=HEATMAP_BATCHES, features=HEATMAP_FEATURES, top=HEATMAP_TOP)

    @property
    def batches(self) -> str:
        """The newest batches."""
        return self._of(_BATCHES)

    @property
    def open_alerts(self) -> str:
        """Alerts that are open or acknowledged, the gravest first."""
        return _OPEN_ALERTS.format(model_column="", which=f"model = '{self.model}' AND ")

    @property
    def versions(self) -> str:
        """The champion and every other training, the newest first."""
        return self._of(_VERSIONS)

    @property
    def recent_runs(self) -> str:
        """The newest Dagster runs."""
        return _JOBS.format(model_column="", which=f"model = '{self.model}'", recent=_RECENT)

    @property
    def run_status(self) -> str:
        """Dagster runs by status."""
        return self._of(_JOB_STATUS)

    @property
    def tracked_counts(self) -> str:
        """MLflow runs, and how many failed."""
        return self._of(_MLFLOW_COUNTS)

    @property
    def tracked_status(self) -> str:
        """MLflow runs by status."""
        return self._of(_MLFLOW_STATUS)

    def tracked_latest(self, metric: str) -> str:
        """Ask for a metric of the newest training that finished."""
        return _MLFLOW_LATEST.format(model=self.model, score=f"challenger_{metric}")

    def tracked_trend(self, metric: str) -> str:
        """Ask for challenger and champion in each training, in the order of trainings."""
        return _MLFLOW_TREND.format(model=self.model, metric=metric)

    def tracked_recent(self, metric: str) -> str:
        """Ask for the newest MLflow runs."""
        return _MLFLOW_RECENT.format(model=self.model, score=f"challenger_{metric}", recent=_RECENT)

    def _of(self, query: str) -> str:
        of_model = _MLFLOW_OF_MODEL.format(model=self.model)
        return query.format(model=self.model, recent=_RECENT, of_model=of_model)

    @property
    def _x(self) -> str:
        return 'b.period_start AS "time"' if self.timed else f'b.position + 1 AS "{POSITION}"'

    @property
    def _timed(self) -> str:
        return " AND b.period_start IS NOT NULL" if self.timed else ""
