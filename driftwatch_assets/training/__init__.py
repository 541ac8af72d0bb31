"""Candidates, time-ordered selection, challenger against champion."""

from driftwatch_assets.training.candidate import Candidate, Step, check_candidate, locate_candidate
from driftwatch_assets.training.declaration import Gates, TrainingDeclaration
from driftwatch_assets.training.errors import (
    CandidateInvalid,
    FeaturesMissing,
    NotEnoughLabels,
    ScoringFailed,
    TrainingFailed,
)
from driftwatch_assets.training.identity import Champion, training_fingerprint
from driftwatch_assets.training.judging import Comparison, GateResult, Promotion
from driftwatch_assets.training.multiclass import MulticlassReport, measure, wilson_interval
from driftwatch_assets.training.prediction import predict
from driftwatch_assets.training.ranking import Ranking
from driftwatch_assets.training.scores import Score
from driftwatch_assets.training.task import ANOMALY, NORMAL, Anomaly, Binary, Metric, Multiclass, Task
from driftwatch_assets.training.training import TrainingOutcome, train
from driftwatch_assets.training.window import GoldBatch, LabelledRows, training_window

__all__ = [
    "ANOMALY",
    "NORMAL",
    "Anomaly",
    "Binary",
    "Candidate",
    "CandidateInvalid",
    "Champion",
    "Comparison",
    "FeaturesMissing",
    "GateResult",
    "Gates",
    "GoldBatch",
    "LabelledRows",
    "Metric",
    "Multiclass",
    "MulticlassReport",
    "NotEnoughLabels",
    "Promotion",
    "Ranking",
    "Score",
    "ScoringFailed",
    "Step",
    "Task",
    "TrainingDeclaration",
    "TrainingFailed",
    "TrainingOutcome",
    "check_candidate",
    "locate_candidate",
    "measure",
    "predict",
    "train",
    "training_fingerprint",
    "training_window",
    "wilson_interval",
]
