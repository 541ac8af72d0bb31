"""The iris model with a real champion: gold of two fetches in a lake, trained and registered by the step itself."""

from __future__ import annotations

import functools
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris

from driftwatch_assets.command_line.serve import served_model
from driftwatch_assets.steps import learn
from driftwatch_assets_tests.steps.house import House

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch_assets.serving import ServedModel
    from driftwatch_assets.steps import Watched

PREDICT = "/v1/models/iris/predict"
FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
FLOWER = {"flower": "a-1", "sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}
LARGE = {"flower": "a-2", "sepal_length": 6.7, "sepal_width": 3.0, "petal_length": 5.2, "petal_width": 2.3}


@functools.cache
def iris_gold(batch: str) -> pd.DataFrame:
    """Give scikit-learn's flowers as gold; those of a later batch are a little larger."""
    bunch = load_iris()
    frame = pd.DataFrame(bunch.data * (1 + 0.02 * (int(batch) - 1)), columns=list(FEATURES))
    frame.insert(0, "flower", np.arange(len(frame)))
    frame["species"] = np.array(bunch.target_names)[bunch.target]
    return frame.sample(frac=1, random_state=int(batch)).reset_index(drop=True)


def garden_in(folder: Path, *, candidate: str | None = None, store: Path | None = None) -> Watched:
    """Give the iris model with places of its own, and gold of two fetches; `store` is an empty store to copy."""
    if store is not None:
        (folder / "mlflow").mkdir(parents=True)
        shutil.copy(store, folder / "mlflow" / "mlflow.db")
    watched = House(folder, "iris").watched
    if candidate is not None:
        declared = watched.declaration
        chosen = tuple(one for one in declared.training.candidates if one.name == candidate)
        training = declared.training.model_copy(update={"candidates": chosen})
        watched = replace(watched, declaration=declared.model_copy(update={"training": training}))
    for batch in ("000001", "000002"):
        watched.lake.write(watched.tables.gold, batch, iris_gold(batch), {})
    return watched


def promoted(watched: Watched, batch: str) -> int:
    """Train through a batch without gates, so that the version is promoted, and give its number."""
    training = watched.declaration.training
    gates = training.gates.model_copy(update={"minimum": None, "must_beat_champion": False})
    declaration = watched.declaration.model_copy(update={"training": training.model_copy(update={"gates": gates})})
    free = replace(watched, declaration=declaration)
    with watched.registry.run(f"through {batch}"):
        outcome = learn(free, batch)
    assert outcome.facts["promoted"], outcome.facts["decision"]
    return int(outcome.facts["version"])


def iris_served(watched: Watched) -> ServedModel:
    """Give the model as the service takes it."""
    return served_model(watched)
