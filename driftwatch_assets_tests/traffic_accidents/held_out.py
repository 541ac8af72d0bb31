"""The declared detector, trained as the system trains it, on crashes that are parted at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.defs.traffic_accidents.transforms import FEATURES
from driftwatch_assets.training import GoldBatch, train
from driftwatch_assets.training.outliers import ThresholdedDetector

if TYPE_CHECKING:
    import pandas as pd

    from driftwatch_assets.training import Candidate, TrainingOutcome

MODEL = "traffic_accidents"


def declared_candidate() -> Candidate:
    """Give the one candidate of defs.yaml."""
    [candidate] = monitored_model(MODEL).declaration.training.candidates
    return candidate


def detector(seed: int) -> ThresholdedDetector:
    """Build the declared detector, unfitted."""
    return ThresholdedDetector(declared_candidate().build(seed=seed, task_kind="anomaly"), contamination=0.1, seed=seed)


def trained_by_year(rows: pd.DataFrame, through: str) -> TrainingOutcome:
    """Train as the system does through a year, each year being a batch."""
    declaration = monitored_model(MODEL).declaration
    years = rows["crash_date"].dt.year
    batches = [
        GoldBatch(str(year), rows[years == year].reset_index(drop=True), str(year)) for year in sorted(years.unique())
    ]
    return train(declaration.training, batches, task=declaration.task, through=through, features=FEATURES)


def called_anomalous(rows: pd.DataFrame, parts: int, seed: int) -> tuple[int, int]:
    """Count the held-out rows that are called anomalous, and all held-out rows, over `parts` trainings.

    The rows are parted at random, so that years differ in nothing, and each part in turn is the newest batch, of which
    nearly all rows judge the model of the others. The judged model is counted, which has seen none of them.
    """
    declaration = monitored_model(MODEL).declaration
    part = np.random.default_rng(seed).permutation(len(rows)) % parts
    called = judged = 0
    for newest in range(parts):
        order = [one for one in range(parts) if one != newest] + [newest]
        outcome = train(
            declaration.training.model_copy(update={"judge_share": 0.98, "seed": seed}),
            [GoldBatch(str(at), rows[part == one], f"{seed} {one}") for at, one in enumerate(order)],
            task=declaration.task.model_copy(update={"time": None}),
            through=str(parts - 1),
            features=FEATURES,
        )
        called += int((outcome.held_out["predicted"] == "anomaly").sum())
        judged += len(outcome.held_out)
    return called, judged
