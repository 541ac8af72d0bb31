"""The steps of a batch and of a training, without Dagster: each reads the lake, and writes whole or not at all."""

from driftwatch_assets.steps.arrive import Arrived, SourceRefused, look
from driftwatch_assets.steps.clean import PersonalKept, SilverInvalid, clean
from driftwatch_assets.steps.dashboard import draw_dashboard
from driftwatch_assets.steps.draw import draw_report
from driftwatch_assets.steps.evidence import EvidenceFacts, read_evidence
from driftwatch_assets.steps.extract import DeliveryMissing, find_delivery
from driftwatch_assets.steps.features import GoldInvalid, LookAhead, make_features
from driftwatch_assets.steps.fetch import NotFetched, NothingToFetch, fetch_batch
from driftwatch_assets.steps.governance import counts_at
from driftwatch_assets.steps.history import history
from driftwatch_assets.steps.ingest import DELIVERY_CHECK, ingest
from driftwatch_assets.steps.intake import content_taken_in, note_intake
from driftwatch_assets.steps.labels import due_labels, known_with, newest_labelled, with_labels
from driftwatch_assets.steps.learn import PROMOTION_CHECK, learn, why_untrainable
from driftwatch_assets.steps.monitor import RECORDED_CHECK, judge_alerts, monitor, record_all
from driftwatch_assets.steps.outcome import CheckOutcome, Link, StepOutcome, Text
from driftwatch_assets.steps.perform import perform
from driftwatch_assets.steps.score import score
from driftwatch_assets.steps.served import SERVED_CHECKS, due_served, watch_served
from driftwatch_assets.steps.served_labels import LabelsRefused, LabelsTaken, take_labels
from driftwatch_assets.steps.unscored import unscored
from driftwatch_assets.steps.watch import watch_drift
from driftwatch_assets.steps.watched import Tables, Transforms, Watched

__all__ = [
    "DELIVERY_CHECK",
    "PROMOTION_CHECK",
    "RECORDED_CHECK",
    "SERVED_CHECKS",
    "Arrived",
    "CheckOutcome",
    "DeliveryMissing",
    "EvidenceFacts",
    "GoldInvalid",
    "LabelsRefused",
    "LabelsTaken",
    "Link",
    "LookAhead",
    "NotFetched",
    "NothingToFetch",
    "PersonalKept",
    "SilverInvalid",
    "SourceRefused",
    "StepOutcome",
    "Tables",
    "Text",
    "Transforms",
    "Watched",
    "clean",
    "content_taken_in",
    "counts_at",
    "draw_dashboard",
    "draw_report",
    "due_labels",
    "due_served",
    "fetch_batch",
    "find_delivery",
    "history",
    "ingest",
    "judge_alerts",
    "known_with",
    "learn",
    "look",
    "make_features",
    "monitor",
    "newest_labelled",
    "note_intake",
    "perform",
    "read_evidence",
    "record_all",
    "score",
    "take_labels",
    "unscored",
    "watch_drift",
    "watch_served",
    "why_untrainable",
    "with_labels",
]
