"""The promise of the whole loop on the gas sensors: retraining keeps the accuracy that a frozen model loses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch_assets.defs.gas_sensors.simulate import simulate
from driftwatch_assets.training import measure, predict, train
from driftwatch_assets_tests.training.gas_gold import FEATURES, TASK, declaration, gold_batches

if TYPE_CHECKING:
    from pathlib import Path


def accuracies(folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Train through batch 6, retrain after each of 7, 8 and 9, and score each next batch; also with the first model."""
    batches = gold_batches(folder)
    champion: Any = None
    first: Any = None
    loop, frozen = {}, {}
    for through in ("6", "7", "8", "9"):
        outcome = train(
            declaration(),
            batches,
            through=through,
            features=FEATURES,
            task=TASK,
            champion=champion,
        )
        if outcome.promotion.promote:
            champion = SimpleNamespace(
                estimator=outcome.estimator,
                features=outcome.features,
                fingerprint=outcome.fingerprint,
                trained_through=through,
            )
        first = first or champion
        following = batches[int(through)]
        assert following.batch == str(int(through) + 1)
        for scores, model in ((loop, champion), (frozen, first)):
            guess = predict(model.estimator, following.frame, model.features)
            scores[following.batch] = measure(following.frame["gas"], guess["predicted"]).accuracy
    return loop, frozen


@pytest.mark.soak
def test_on_the_real_batches_the_loop_reaches_its_figure(real_gas_sensors: Path) -> None:
    loop, frozen = accuracies(real_gas_sensors)
    assert np.mean(list(loop.values())) >= 0.85
    assert np.mean(list(loop.values())) >= np.mean(list(frozen.values())) + 0.03


@pytest.mark.soak
def test_on_simulated_batches_the_loop_stays_above_the_frozen_model(tmp_path: Path) -> None:
    simulate(tmp_path, seed=1)
    loop, frozen = accuracies(tmp_path)
    assert np.mean(list(loop.values())) > np.mean(list(frozen.values()))
