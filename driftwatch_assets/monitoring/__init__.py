"""The monitoring database: what the lake and the registry know, as tables for dashboards, and the outbox of alerts."""

from driftwatch_assets.monitoring.errors import (
    AlertUnknown,
    MonitoringError,
    MonitoringRefused,
    MonitoringUnreachable,
    MonitoringUrlRefused,
)
from driftwatch_assets.monitoring.rows import (
    AlertChanges,
    AlertRecord,
    AlertState,
    BatchRow,
    Changes,
    FeatureRow,
    JobRow,
    MetricRow,
    ModelOverview,
    OutboxRow,
    Overview,
    Snapshot,
    VersionRow,
)
from driftwatch_assets.monitoring.store import Monitoring, open_monitoring

__all__ = [
    "AlertChanges",
    "AlertRecord",
    "AlertState",
    "AlertUnknown",
    "BatchRow",
    "Changes",
    "FeatureRow",
    "JobRow",
    "MetricRow",
    "ModelOverview",
    "Monitoring",
    "MonitoringError",
    "MonitoringRefused",
    "MonitoringUnreachable",
    "MonitoringUrlRefused",
    "OutboxRow",
    "Overview",
    "Snapshot",
    "VersionRow",
    "open_monitoring",
]
