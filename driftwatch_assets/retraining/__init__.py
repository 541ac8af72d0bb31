"""When a model is retrained."""

from driftwatch_assets.retraining.policy import (
    BatchEvidence,
    Decision,
    RetrainingPolicy,
    Training,
    TrainingStatus,
    decide,
)

__all__ = ["BatchEvidence", "Decision", "RetrainingPolicy", "Training", "TrainingStatus", "decide"]
