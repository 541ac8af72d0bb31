"""Gold of the gas sensors, made from files by the functions that the assets use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.defs.gas_sensors.transforms import FEATURES, gold, silver
from driftwatch_assets.sources.libsvm import LibsvmSource
from driftwatch_assets.sources.quarantine import readable
from driftwatch_assets.training import GoldBatch, Multiclass, TrainingDeclaration

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FEATURES", "TASK", "declaration", "gold_batches"]

TASK = Multiclass(
    id="reading", label="gas", classes=("ethanol", "ethylene", "ammonia", "acetaldehyde", "acetone", "toluene")
)


def gold_batches(folder: Path) -> list[GoldBatch]:
    """Read batch1.dat … batch10.dat as far as they are there."""
    source = LibsvmSource(features=128)
    batches = []
    for key in map(str, range(1, 11)):
        path = folder / f"batch{key}.dat"
        if path.is_file():
            named = silver(readable(source.read(path).to_pandas()))
            table = gold(named[named["reject_reason"].isna()].drop(columns="reject_reason")).reset_index(drop=True)
            batches.append(GoldBatch(key, table, key))
    return batches


def declaration(**changed: object) -> TrainingDeclaration:
    """Give what is declared for the gas sensors, with changes."""
    power = {"estimator": "sklearn.preprocessing.PowerTransformer"}
    discriminant = {
        "estimator": "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
        "parameters": {"solver": "lsqr", "shrinkage": "auto"},
    }
    vectors = {"estimator": "sklearn.svm.SVC", "parameters": {"C": 10, "gamma": 0.005}}
    declared: dict[str, object] = {
        "candidates": [
            {"name": "discriminant", "steps": [power, discriminant]},
            {"name": "support_vectors", "steps": [power, vectors]},
            {
                "name": "extra_trees",
                "estimator": "sklearn.ensemble.ExtraTreesClassifier",
                "parameters": {"n_estimators": 100, "n_jobs": 2},
            },
        ],
        "metric": "accuracy",
        "rank_batches": 2,
        "judge_share": 0.5,
        "gates": {"minimum": 0.7, "per_class_floor": 0.5},
    }
    return TrainingDeclaration.model_validate(declared | changed)
