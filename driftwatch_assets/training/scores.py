"""Scores with their uncertainty: what is known of predictors that were measured on the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from driftwatch_assets.training.resampling import DRAWS, bounds, resampled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from driftwatch_assets.training.task import Metric, Task


@dataclass(frozen=True)
class Score:
    """A number with its 95 % interval.

    Attributes
    ----------
    value, low, high
        The number and the bounds of its interval.

    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Give the number and its interval."""
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


@dataclass(frozen=True)
class PairedScores:
    """Scores of several predictors on the same rows of the same batches.

    Attributes
    ----------
    scores
        Each predictor's metric, averaged over the batches, each batch counting once.
    by_batch
        Each predictor's metric a batch.

    """

    scores: Mapping[str, Score]
    by_batch: Mapping[str, Mapping[str, float]]
    _draws: Mapping[str, NDArray[np.float64]]

    def difference(self, one: str, other: str) -> Score:
        """Give `one` minus `other` with the interval of the paired difference."""
        return _score(self.scores[one].value - self.scores[other].value, self._draws[one] - self._draws[other])


def paired_scores(
    batches: Sequence[tuple[str, ArrayLike, Mapping[str, ArrayLike]]],
    metric: Metric,
    *,
    seed: int,
    task: Task | None = None,
) -> PairedScores:
    """Score predictors on the same rows, with paired percentile-bootstrap intervals.

    Each of 2,000 draws takes as many rows as there are from each batch, with replacement and the same for every
    predictor; the interval of a difference is between the 2.5 % and the 97.5 % quantile of the draws' differences
    (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13). It tells what other rows of the same
    batches might have shown, not what another batch might show.

    Parameters
    ----------
    batches
        Batch key, labels, and what each predictor said (see `resampled`), a batch.
    metric
        What is measured.
    seed
        Seed of the draws.
    task
        See `resampled`.

    Returns
    -------
    PairedScores

    Examples
    --------
    >>> labels = ["a"] * 50 + ["b"] * 50
    >>> half = ["a"] * 50 + ["b"] * 25 + ["a"] * 25
    >>> paired = paired_scores([("7", labels, {"all": labels, "half": half})], "accuracy", seed=1)
    >>> print(paired.scores["half"], paired.difference("all", "half").low > 0)
    0.7500 [0.6600, 0.8300] True

    """
    generator = np.random.default_rng(seed)
    measured = [
        (batch, *resampled(labels, predictions, metric, draws=DRAWS, generator=generator, task=task))
        for batch, labels, predictions in batches
    ]
    names = list(measured[0][1])
    draws = {name: np.mean([one[2][name] for one in measured], axis=0) for name in names}
    values = {name: float(np.mean([one[1][name] for one in measured])) for name in names}
    return PairedScores(
        scores={name: _score(values[name], draws[name]) for name in names},
        by_batch={batch: points for batch, points, _ in measured},
        _draws=draws,
    )


def plain_scores(
    batches: Sequence[tuple[str, ArrayLike, Mapping[str, ArrayLike]]], metric: Metric, *, task: Task | None = None
) -> dict[str, float]:
    """Score predictors as `paired_scores` does, without intervals.

    Examples
    --------
    >>> plain_scores([("7", ["a", "b"], {"one": ["a", "a"]}), ("8", ["a"], {"one": ["a"]})], "accuracy")
    {'one': 0.75}

    """
    measured = [
        resampled(labels, predictions, metric, draws=0, generator=np.random.default_rng(0), task=task)[0]
        for _, labels, predictions in batches
    ]
    return {name: float(np.mean([one[name] for one in measured])) for name in measured[0]}


def _score(value: float, draws: NDArray[np.float64]) -> Score:
    low, high = bounds(draws)
    return Score(value=value, low=low, high=high)
