"""What the registry's tests, and the processes that they start, train and register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.registry import ModelRegistry
from driftwatch_assets.training import TrainingOutcome, train
from driftwatch_assets_tests.training.drifting import FEATURES, TASK, declaration, drifting_batches

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.training import Champion

MODEL = "trees"
REFERENCES = {"reference.npz": b"kept as it is \x00\xff"}
TRUSTED = ("driftwatch_assets_tests",)


def training(through: str, champion: Champion | None = None, seed: int = 7, **changed: object) -> TrainingOutcome:
    """Train through a batch of the drifting trees; another seed is other data."""
    return train(
        declaration(**changed),
        drifting_batches(9, rows=120, seed=seed),
        through=through,
        task=TASK,
        features=FEATURES,
        champion=champion,
    )


def registry_in(folder: Path) -> ModelRegistry:
    """Give a registry whose store and artifacts lie in a folder."""
    return ModelRegistry(
        f"sqlite:///{folder}/mlflow/mlflow.db",
        MODEL,
        artifact_root=str(folder / "mlflow" / "artifacts"),
        trusted_modules=TRUSTED,
    )
