"""Candidates, time-ordered selection, challenger against champion."""

from driftwatch_assets.training.anomaly import AnomalyReport
from driftwatch_assets.training.binary import BinaryReport
from driftwatch_assets.training.candidate import Candidate, Step, check_candidate, locate_candidate
from driftwatch_assets.training.declaration import Gates, TrainingDeclaration
from driftwatch_assets.training.errors import (
    CandidateInvalid,
    ColumnsAbsent,
    FeaturesMissing,
    LabelUnknown,
    NotEnoughLabels,
    ScoringFailed,
    TrainingFailed,
)
from driftwatch_assets.training.identity import Champion, training_fingerprint
from driftwatch_assets.training.judging import ABSOLUTE, Comparison, GateResult, Promotion
from driftwatch_assets.training.multiclass import MulticlassReport, measure
from driftwatch_assets.training.prediction import predict
from driftwatch_assets.training.ranking import Ranking
from driftwatch_assets.training.report import Report, measure_task
from driftwatch_assets.training.scores import Score
from driftwatch_assets.training.shares import wilson_interval
from driftwatch_assets.training.signature import Field, Signature
from driftwatch_assets.training.task import ANOMALY, NORMAL, Anomaly, Binary, Metric, Multiclass, Task, TaskKind
from driftwatch_assets.training.training import TrainingOutcome, labelled_parts, train
from driftwatch_assets.training.trees import trees_in_turn
from driftwatch_assets.training.window import GoldBatch, LabelledRows, training_window, with_features

__all__ = [
    "ABSOLUTE",
    "ANOMALY",
    "NORMAL",
    "Anomaly",
    "AnomalyReport",
    "Binary",
    "BinaryReport",
    "Candidate",
    "CandidateInvalid",
    "Champion",
    "ColumnsAbsent",
    "Comparison",
    "FeaturesMissing",
    "Field",
    "GateResult",
    "Gates",
    "GoldBatch",
    "LabelUnknown",
    "LabelledRows",
    "Metric",
    "Multiclass",
    "MulticlassReport",
    "NotEnoughLabels",
    "Promotion",
    "Ranking",
    "Report",
    "Score",
    "ScoringFailed",
    "Signature",
    "Step",
    "Task",
    "TaskKind",
    "TrainingDeclaration",
    "TrainingFailed",
    "TrainingOutcome",
    "check_candidate",
    "labelled_parts",
    "locate_candidate",
    "measure",
    "measure_task",
    "predict",
    "train",
    "training_fingerprint",
    "training_window",
    "trees_in_turn",
    "wilson_interval",
    "with_features",
]
