"""What a champion's references are made of: which batches, which rows, which files beside the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from driftwatch_assets.drift import newest_values
from driftwatch_assets.lake import batch_order
from driftwatch_assets.steps.labels import with_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.drift import NewestValues
    from driftwatch_assets.registry import LoadedModel
    from driftwatch_assets.steps.watched import Watched
    from driftwatch_assets.training import Task

FEATURES_FILE = "reference.npz"
CLASSES_FILE = "reference_classes.npz"
LABELS_FILE = "reference_labels.npz"
CORRELATION_FILE = "reference_correlation.npz"
PREDICTIONS_FILE = "reference_predictions.npz"
EXPECTED_FILE = "expected.json"
SIGNATURE_FILE = "signature.json"


def prediction_columns(task: Task) -> list[str]:
    """Give the columns of the predictions that are watched: what is said of a row, and how surely."""
    if task.kind == "binary":
        return ["predicted", f"score_{task.positive}"]
    return ["predicted", "score" if task.kind == "anomaly" else "confidence"]


def watched_features(watched: Watched, features: Sequence[str]) -> list[str]:
    """Give the features whose distribution is watched: all but those that the declaration leaves out."""
    return [name for name in features if name not in watched.declaration.drift.unwatched]


def features_of_training(watched: Watched, features: Sequence[str]) -> list[str]:
    """Give the features that are compared with the training: those that are watched, and not with the newest batches.

    Within the classes, the others would differ by what their definition changes.
    """
    return [
        name for name in watched_features(watched, features) if name not in watched.declaration.drift.against_newest
    ]


def newest_before(watched: Watched, batch: str) -> dict[str, NewestValues]:
    """Gather what a batch's features are compared with that are declared so: the newest batches before it in gold."""
    plan, table = watched.declaration.drift.newest, watched.tables.gold
    if plan is None:
        return {}
    before = [one for one in watched.lake.batches(table) if batch_order(one) < batch_order(batch)]
    before.sort(key=batch_order, reverse=True)
    return newest_values(((one, watched.lake.read(table, one)) for one in before), plan.features, plan.batches)


def reference_batches(watched: Watched, champion: LoadedModel) -> list[str]:
    """Give the batches of the training window that the champion's references were fitted on."""
    size = watched.declaration.drift.reference
    return list(champion.window) if size == "all" else list(champion.window)[-size:]


def reference_rows(watched: Watched, champion: LoadedModel, most: int) -> pd.DataFrame:
    """Give the reference's rows with the labels that the champion knew, evenly spaced ones where there are many."""
    frames = [
        with_labels(watched, one, as_of=champion.trained_through).gold for one in reference_batches(watched, champion)
    ]
    rows = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    label = watched.declaration.task.label
    if label is not None:
        rows = rows[rows[label].notna()]
    return rows if len(rows) <= most else rows.iloc[np.linspace(0, len(rows) - 1, most).astype(int)]
