"""The steps of a batch and of a training, without Dagster: each reads the lake, and writes whole or not at all."""

from driftwatch_assets.steps.clean import clean
from driftwatch_assets.steps.draw import draw_report
from driftwatch_assets.steps.evidence import EvidenceFacts, read_evidence
from driftwatch_assets.steps.features import GoldInvalid, make_features
from driftwatch_assets.steps.history import history
from driftwatch_assets.steps.ingest import DELIVERY_CHECK, DeliveryMissing, find_delivery, ingest
from driftwatch_assets.steps.learn import learn
from driftwatch_assets.steps.measure import measure_performance
from driftwatch_assets.steps.outcome import CheckOutcome, Link, StepOutcome, Text
from driftwatch_assets.steps.score import score
from driftwatch_assets.steps.watch import watch_drift
from driftwatch_assets.steps.watched import Tables, Transforms, Watched

__all__ = [
    "DELIVERY_CHECK",
    "CheckOutcome",
    "DeliveryMissing",
    "EvidenceFacts",
    "GoldInvalid",
    "Link",
    "StepOutcome",
    "Tables",
    "Text",
    "Transforms",
    "Watched",
    "clean",
    "draw_report",
    "find_delivery",
    "history",
    "ingest",
    "learn",
    "make_features",
    "measure_performance",
    "read_evidence",
    "score",
    "watch_drift",
]
