"""On the real batches the verdict is drift where the sensors drifted, and not on the reference's own rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from driftwatch_assets.drift import (
    CorrelationPolicy,
    CorrelationReference,
    Reference,
    compare_whole_table,
    fit_within,
    judge,
    judge_correlation,
    judge_whole_table,
    judge_within,
)

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


@pytest.mark.parametrize("batch", [8, 9])
def test_later_batches_relate_otherwise_to_the_gases_and_can_be_told_as_a_whole(
    real_gas_sensors: Path, trained_on: tuple[pd.DataFrame, pd.Series], batch: int
) -> None:
    frame, labels = read(real_gas_sensors, batch)
    relations = judge_correlation(CorrelationReference.fit(*trained_on).compare(frame, labels))
    assert (relations.drift_detected, relations.severity) == (True, "high")
    whole = judge_whole_table(compare_whole_table(trained_on[0], frame))
    assert (whole.drift_detected, whole.severity) == (True, "high")
    assert whole.drifted_features


def test_random_halves_of_the_same_batches_neither_relate_otherwise_nor_can_be_told(
    trained_on: tuple[pd.DataFrame, pd.Series],
) -> None:
    frame, labels = (each.reset_index(drop=True) for each in trained_on)
    for seed in range(5):
        first = np.random.default_rng(seed).random(len(frame)) < 0.6
        reference = CorrelationReference.fit(frame[first], labels[first])
        relations = reference.compare(frame[~first], labels[~first])
        assert judge_correlation(relations, CorrelationPolicy(min_share_of_features=0)).drift_detected is False
    assert judge_whole_table(compare_whole_table(frame[first], frame[~first])).drift_detected is False
