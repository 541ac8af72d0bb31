"""Fitting a candidate, with the warnings it gave and an error that says where it broke."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch_assets.training.errors import TrainingFailed
from driftwatch_assets.training.window import stacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from driftwatch_assets.training.candidate import Candidate
    from driftwatch_assets.training.window import LabelledRows

_SHOWN = 5


@dataclass(frozen=True)
class Fitted:
    """A fitted estimator and what fitting it took.

    Attributes
    ----------
    estimator
        Fitted on the rows that it was given, and on no others.
    seconds
        Wall time.
    notes
        Warnings of the libraries, each once, with the candidate's name.

    """

    estimator: Any
    seconds: float
    notes: tuple[str, ...]


def fit(candidate: Candidate, rows: Sequence[LabelledRows], features: Sequence[str], *, seed: int) -> Fitted:
    """Fit a candidate on the rows of some batches.

    Raises
    ------
    TrainingFailed
        The estimator raised; the message names the candidate, the batches, the rows and columns with missing values.

    """
    frame, labels = stacked(rows, features)
    estimator = candidate.build(seed=seed)
    begin = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            estimator.fit(frame, labels)
        except Exception as broken:
            raise TrainingFailed(_message(candidate, rows, frame, broken)) from broken
    notes = dict.fromkeys(f"{candidate.name}: {one.category.__name__}: {one.message}" for one in caught)
    return Fitted(estimator, time.perf_counter() - begin, tuple(notes))


def _message(candidate: Candidate, rows: Sequence[LabelledRows], frame: pd.DataFrame, broken: Exception) -> str:
    span = rows[0].batch if len(rows) == 1 else f"{rows[0].batch} to {rows[-1].batch}"
    gaps = frame.isna().sum()
    gaps = gaps[gaps > 0]
    hint = ""
    if len(gaps):
        shown = ", ".join(f"{name} ({count})" for name, count in gaps.head(_SHOWN).items())
        hint = (
            f" {len(gaps)} features have missing values, first: {shown}; put an imputer before the estimator "
            f"(sklearn.impute.SimpleImputer) or fill them in gold."
        )
    return (
        f"candidate {candidate.name!r} could not be fitted on {len(frame)} rows of batches {span}: "
        f"{type(broken).__name__}: {broken}.{hint}"
    )
