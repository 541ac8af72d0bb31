"""One number for the whole table: how well a classifier tells the batch's rows from the reference's."""
# ruff: noqa: PLC0415 - scikit-learn is loaded by the step that needs it, not when definitions load

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.drift.association import null_variance, rank_association
from driftwatch_assets.drift.columns import kind_of, numbers
from driftwatch_assets.drift.errors import DriftError
from driftwatch_assets.drift.levels import without_noise
from driftwatch_assets.drift.tables import matching, named
from driftwatch_assets.drift.truth_values import coded
from driftwatch_assets.drift.whole_table_policy import WholeTablePolicy

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

TREES = 50
LEAVES = 15
BINS = 63
MOST_CATEGORIES = 60
DEPENDENCE = 2.0
INTERVAL = 1.959964
LISTED = 10
LEAST_SHARE = 0.25
SHUFFLED_ROWS = 100
_CHUNK = 16


@dataclass(frozen=True)
class WholeTable:
    """How well the rows of a batch can be told from those of the reference.

    Attributes
    ----------
    auc
        Probability that a row of the batch is given a higher score than one of the reference by a classifier that saw
        neither: 0.5 when they cannot be told apart, 1 when they always can. NaN when a side has too few rows.
    low, high
        Its 95 % interval.
    pvalue
        Of an area at least as large without drift.
    rows_reference, rows_current
        Rows that were used.
    strongest
        The features that tell most, each with the area that it accounts for: the mean of the area that is lost when
        the feature is shuffled among held-out rows, and of the area above 0.5 that is left when all others are. Of
        features that say the same only the second counts, of features that tell only together only the first. Ten at
        most, each with a quarter of the first one's area or more.
    """

    auc: float
    low: float
    high: float
    pvalue: float
    rows_reference: int
    rows_current: int
    strongest: tuple[tuple[str, float], ...]


def compare_whole_table(
    reference_rows: pd.DataFrame, batch_rows: pd.DataFrame, policy: WholeTablePolicy | None = None
) -> WholeTable:
    """Measure how well a classifier tells the batch's rows from the reference's, out of fold; nothing is judged.

    The rows of both sides (``max_rows`` each at most, sampled) are dealt into ``folds`` parts; each part is scored by
    gradient-boosted trees that were fitted on the others, and the area under the curve is the mean over the parts.
    Trees see shifts, changed spreads and changed relations between columns, take missing values as they are, and
    categories as categories (the 60 most frequent, and the others as one). It runs on one thread, and the same tables
    give the same result.

    The folds share most of their training rows, so their areas are not independent. Without drift the variance of
    their mean is twice that of independent ones: in ``sum over i of d_i * sum over j != i of d_j``, with d_i the
    chance difference of fold i, every product occurs twice (measured: 1.6 to 2.0 times; over 4,000 draws without
    drift 0.4 to 0.8 % of the p-values are below 0.01). Therefore::

        se^2 = 2 * sum of DeLong variances / folds^2      (Newcombe's where it is larger: near an area of 1)
        p    = 1 - Phi((auc - 0.5) / sqrt(2 * sum of Mann-Whitney variances / folds^2))

    Rows count as drawn independently. Where neighbours in time resemble each other, or the same customer comes twice,
    the interval is too narrow. What differs by construction (a date, a running number) tells the sides apart
    perfectly, and does not belong among the features.

    Parameters
    ----------
    reference_rows
        Rows that a champion was trained on: numbers, text and missing values.
    batch_rows
        The batch, with the same columns; it may be empty.
    policy
        The default one when None.

    Raises
    ------
    ColumnsDiffer
        When the batch lacks a column, or has one more.
    ColumnRefused
        When a column holds an infinite value, is neither numeric nor categorical, or is text where the reference has
        numbers.
    DriftError
        When there are no columns.

    References
    ----------
    D. Lopez-Paz, M. Oquab, "Revisiting classifier two-sample tests", ICLR (2017). Y. Bengio, Y. Grandvalet, "No
    unbiased estimator of the variance of k-fold cross-validation", JMLR 5 (2004). E. R. DeLong and others, Biometrics
    44 (1988).

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(2)
    >>> reference = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("xyz"))
    >>> batch = pd.DataFrame(rng.normal([0, 1.5, 0], size=(300, 3)), columns=list("xyz"))
    >>> found = compare_whole_table(reference, batch)
    >>> round(found.auc, 1), found.pvalue < 1e-6, found.strongest[0][0]
    (0.8, True, 'y')
    """
    policy = WholeTablePolicy() if policy is None else policy
    reference_rows = named(reference_rows, "reference")
    if not len(reference_rows.columns):
        raise DriftError("whole tables cannot be compared: the reference has no columns")
    batch_rows = matching(batch_rows, reference_rows.columns)[list(reference_rows.columns)]
    rng = np.random.default_rng(policy.seed)
    sides = [_sampled(rows, policy.max_rows, rng) for rows in (reference_rows, batch_rows)]
    rows_reference, rows_current = (len(side) for side in sides)
    if min(rows_reference, rows_current) < policy.min_rows:
        nothing = math.nan
        return WholeTable(nothing, nothing, nothing, nothing, rows_reference, rows_current, ())
    values, categorical = _encoded(*sides)
    side = np.repeat([0, 1], [rows_reference, rows_current])
    folds = _told_by_fold(values, side, categorical, policy, rng)
    area = float(np.mean([fold.area for fold in folds]))
    error = math.sqrt(DEPENDENCE * sum(fold.variance for fold in folds)) / len(folds)
    null = math.sqrt(DEPENDENCE * sum(fold.null for fold in folds)) / len(folds)
    shares = np.mean([fold.share for fold in folds], axis=0)
    order = np.argsort(-shares, kind="stable")[:LISTED]
    return WholeTable(
        auc=area,
        low=max(0.0, area - INTERVAL * error),
        high=min(1.0, area + INTERVAL * error),
        pvalue=0.5 * math.erfc((area - 0.5) / null / math.sqrt(2)),
        rows_reference=rows_reference,
        rows_current=rows_current,
        strongest=tuple(
            (str(reference_rows.columns[at]), float(shares[at]))
            for at in order
            if shares[at] >= LEAST_SHARE * shares[order[0]] > 0
        ),
    )


@dataclass(frozen=True, eq=False)
class _Fold:
    area: float
    variance: float
    null: float
    share: Floats


def _sampled(rows: pd.DataFrame, most: int, rng: np.random.Generator) -> pd.DataFrame:
    if len(rows) <= most:
        return rows
    return rows.iloc[np.sort(rng.choice(len(rows), most, replace=False))]


def _encoded(reference: pd.DataFrame, batch: pd.DataFrame) -> tuple[Floats, list[int]]:
    """Give the rows of both sides as numbers, NaN where there is none, and the places of the categorical columns."""
    columns: list[Floats] = []
    categorical: list[int] = []
    for at, name in enumerate(reference.columns):
        one, other = reference[name], batch[name]
        # A side without a single value says nothing about the type.
        if (
            kind_of(*((other, "batch") if one.isna().all() and not other.isna().all() else (one, "reference")))
            == "numeric"
        ):
            columns.append(without_noise(np.concatenate([numbers(one, "reference"), numbers(other, "batch")])))
        else:
            categorical.append(at)
            columns.append(_numbered(one, other))
    return np.stack(columns, axis=1), categorical


def _numbered(reference: pd.Series[Any], batch: pd.Series[Any]) -> Floats:
    one, before = coded(reference, "reference")
    other, now = coded(batch, "batch", before)
    names = list(dict.fromkeys([*before, *now]))
    places = {name: at for at, name in enumerate(names)}
    merged = np.array([*(places[name] for name in now), -1], dtype=np.int64)
    codes = np.concatenate([one, merged[other]])
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    rank = np.empty(len(names) + 1)
    rank[np.argsort(-counts, kind="stable")] = np.minimum(np.arange(len(names)), MOST_CATEGORIES)
    rank[-1] = np.nan
    return np.asarray(rank[codes])


def _told_by_fold(
    values: Floats, side: Integers, categorical: list[int], policy: WholeTablePolicy, rng: np.random.Generator
) -> list[_Fold]:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    part = np.empty(len(side), dtype=np.int64)
    for one in (0, 1):
        members = np.flatnonzero(side == one)
        part[rng.permutation(members)] = np.arange(len(members)) % policy.folds
    found = []
    with threadpool_limits(limits=1):
        for fold in range(policy.folds):
            held = part == fold
            # scikit-learn 1.9 stops at a column without any value; a constant says as much.
            told = np.where(np.isnan(values[~held]).all(axis=0), 0.0, values)
            trees = HistGradientBoostingClassifier(
                max_iter=TREES,
                max_leaf_nodes=LEAVES,
                max_bins=BINS,
                categorical_features=categorical or None,
                early_stopping=False,
                random_state=policy.seed,
            ).fit(told[~held], side[~held])
            found.append(_scored(trees, told[held], side[held], rng))
    return found


def _scored(trees: Any, values: Floats, side: Integers, rng: np.random.Generator) -> _Fold:
    told = rank_association(trees.decision_function(values), side, 2)
    area, (one, other) = (1 + float(told.strength[1, 0])) / 2, told.counts
    certain = 1 / (2 * one * other)
    return _Fold(
        area=area,
        variance=max(
            float(told.share[0, 1] + told.share[1, 0]) / 4,
            float(null_variance(min(max(area, certain), 1 - certain), one, other)),
        ),
        null=float(null_variance(0.5, one, other)),
        share=_shares(trees, values, side, rng),
    )


def _shares(trees: Any, values: Floats, side: Integers, rng: np.random.Generator) -> Floats:
    """Give the area that each column accounts for among some of the held-out rows, as told at `WholeTable`."""
    chosen = np.concatenate([rng.permutation(np.flatnonzero(side == one))[:SHUFFLED_ROWS] for one in (0, 1)])
    values, side = values[chosen], side[chosen]
    rows, many = values.shape
    whole = _area(trees.decision_function(values), side)
    shares = np.empty(many)
    for start in range(0, many, _CHUNK):
        places = np.arange(start, min(start + _CHUNK, many))
        without = np.repeat(values[None], len(places), axis=0)
        alone = np.stack([values[rng.permutation(rows)] for _ in places])
        for at, place in enumerate(places):
            without[at, :, place] = values[rng.permutation(rows), place]
            alone[at, :, place] = values[:, place]
        scores = trees.decision_function(np.concatenate([without, alone]).reshape(-1, many)).reshape(-1, rows)
        areas = np.array([_area(each, side) for each in scores]).reshape(2, -1)
        shares[places] = (whole - areas[0] + areas[1] - 0.5) / 2
    return shares


def _area(scores: Floats, side: Integers) -> float:
    return (1 + float(rank_association(scores, side, 2).strength[1, 0])) / 2
