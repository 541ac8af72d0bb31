"""Alerts: declared rules, when one opens and resolves, what is said, and the channels that say it."""

from driftwatch_assets.alerting.channels import Channel, channels_of, finder
from driftwatch_assets.alerting.delivery import LONGEST_BACK_OFF, ChannelFailed, Delivered, Outbox, deliver
from driftwatch_assets.alerting.message import Message, compose, digest
from driftwatch_assets.alerting.notice import DriftedFeature, Notice
from driftwatch_assets.alerting.redaction import redacted
from driftwatch_assets.alerting.rule import (
    RUN_FAILED,
    SEVERITIES,
    AlertPlan,
    AlertRule,
    Condition,
    RunRule,
    Severity,
    mail_address,
)
from driftwatch_assets.alerting.states import CHOSEN_ASSETS, AlertSpan, EndedRun, run_spans, spans

__all__ = [
    "CHOSEN_ASSETS",
    "LONGEST_BACK_OFF",
    "RUN_FAILED",
    "SEVERITIES",
    "AlertPlan",
    "AlertRule",
    "AlertSpan",
    "Channel",
    "ChannelFailed",
    "Condition",
    "Delivered",
    "DriftedFeature",
    "EndedRun",
    "Message",
    "Notice",
    "Outbox",
    "RunRule",
    "Severity",
    "channels_of",
    "compose",
    "deliver",
    "digest",
    "finder",
    "mail_address",
    "redacted",
    "run_spans",
    "spans",
]
