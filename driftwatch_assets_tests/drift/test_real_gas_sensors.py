"""On the real batches the verdict is drift where the sensors drifted, and not on the reference's own rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.drift import Reference, fit_within, judge, judge_within

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, batch: int) -> tuple[pd.DataFrame, pd.Series]:
    rows, labels = [], []
    for line in (folder / f"batch{batch}.dat").read_text().splitlines():
        label, *pairs = line.split()
        labels.append(label.split(";")[0])
        rows.append([float(pair.split(":")[1]) for pair in pairs])
    return pd.DataFrame(rows, columns=[f"x{at}" for at in range(1, 129)]), pd.Series(labels)


@pytest.fixture(scope="module")
def trained_on(real_gas_sensors: Path) -> tuple[pd.DataFrame, pd.Series]:
    batches = [read(real_gas_sensors, batch) for batch in range(1, 7)]
    return pd.concat([frame for frame, _ in batches]), pd.concat([labels for _, labels in batches])


@pytest.mark.parametrize("batch", [7, 8, 9, 10])
def test_every_later_batch_has_drifted(
    real_gas_sensors: Path, trained_on: tuple[pd.DataFrame, pd.Series], batch: int
) -> None:
    frame, labels = read(real_gas_sensors, batch)
    verdict = judge(Reference.fit(trained_on[0]).compare(frame))
    assert verdict.drift_detected is True
    within = judge_within(fit_within(*trained_on).compare(frame, labels))
    assert (within["share_drifted"].dropna() > 0.5).all()


def test_a_random_tenth_of_the_reference_has_not(trained_on: tuple[pd.DataFrame, pd.Series]) -> None:
    reference = Reference.fit(trained_on[0])
    for seed in range(20):
        tenth = trained_on[0].sample(frac=0.1, random_state=np.random.default_rng(seed))
        assert judge(reference.compare(tenth)).drift_detected is False
