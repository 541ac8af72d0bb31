"""When a model is retrained."""

from driftwatch_assets.retraining.course import Course
from driftwatch_assets.retraining.metrics import MEASURED, METRICS, RECORDED
from driftwatch_assets.retraining.policy import (
    BatchEvidence,
    Decision,
    RetrainingPolicy,
    Training,
    TrainingStatus,
    decide,
)
from driftwatch_assets.retraining.rule import Rule, RulePart, RuleVerdict
from driftwatch_assets.retraining.rule_text import RuleInvalid

__all__ = [
    "MEASURED",
    "METRICS",
    "RECORDED",
    "BatchEvidence",
    "Course",
    "Decision",
    "RetrainingPolicy",
    "Rule",
    "RuleInvalid",
    "RulePart",
    "RuleVerdict",
    "Training",
    "TrainingStatus",
    "decide",
]
