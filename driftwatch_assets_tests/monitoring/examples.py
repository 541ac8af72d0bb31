"""A model as a whole: some of each table."""

from __future__ import annotations

from datetime import UTC, datetime

from driftwatch_assets.alerting import AlertPlan, AlertRule
from driftwatch_assets.monitoring import BatchRow, FeatureRow, JobRow, MetricRow, Snapshot, VersionRow

LOW = AlertRule(name="accuracy_low", metric="accuracy", condition="<", threshold=0.7, severity="high")
DRIFT = AlertRule(name="psi_high", metric="psi", condition=">=", threshold=0.2, severity="medium")


def version(number: int, *, is_champion: bool = False, **changed: object) -> VersionRow:
    given = {
        "version": number,
        "trained_through": str(number),
        "candidate": "forest",
        "gate_result": "promoted",
        "is_champion": is_champion,
        "metric": "accuracy",
        "score": 0.8,
        "reason": "better by 0.1",
        "fingerprint": f"f{number}",
        "mlflow_run_id": f"r{number}",
    }
    return VersionRow(**{**given, **changed})  # type: ignore[arg-type]


def whole() -> Snapshot:
    return Snapshot(
        versions=(version(1), version(2, is_champion=True, champion_compared=1, score_low=0.7, score_high=0.9)),
        batches=(
            BatchRow(batch="2026-01", position=0, state="complete", period_start=datetime(2026, 1, 1, tzinfo=UTC)),
            BatchRow(
                batch="2026-02",
                position=1,
                state="complete",
                period_start=datetime(2026, 2, 1, tzinfo=UTC),
                rows=120,
                quarantined=3,
                champion_version=2,
                drift_detected=True,
                drift_severity="high",
                headline="Drift: fe_10 is gone, ≥ 99 % missing",
                report_url="http://127.0.0.1:3070/club/reports/2026-02.html",
            ),
        ),
        metrics=(
            MetricRow(batch="2026-01", name="accuracy", value=0.9),
            MetricRow(batch="2026-02", name="accuracy", value=0.1 + 0.2),
            MetricRow(batch="2026-02", name="psi", value=5e-324),
        ),
        feature_drift=(
            FeatureRow(batch="2026-02", feature="fe_10", effect=0.5, psi=0.7, drifted=True),
            FeatureRow(batch="2026-02", feature="fe_11", effect=None, psi=None, drifted=None),
        ),
        rules=AlertPlan(rules=(LOW, DRIFT)).every,
        jobs=(
            JobRow(
                run_id="a1",
                job="club_batch",
                purpose="batch",
                batch="2026-02",
                status="SUCCESS",
                started_at=datetime(2026, 3, 1, 8, tzinfo=UTC),
                ended_at=datetime(2026, 3, 1, 9, tzinfo=UTC),
            ),
            JobRow(
                run_id="b2",
                job="club_training",
                purpose="training",
                status="FAILURE",
                started_at=datetime(2026, 3, 1, 10, tzinfo=UTC),
                error="ValueError: 1 class",
            ),
        ),
    )
