"""Features whose distribution changes by their definition, compared with the newest batches before.

A history grows from month to month, and what is computed over it spreads less: against the training every later batch
has drifted, which is no news. Such a feature's values are compared with those of the newest batches before instead. Its
missing rate is still compared with the training, so that values that went missing are found for as long as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.drift.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LOOKED_BACK = 24
"""Batches among which values are looked for: a judgement costs the same however many there are."""
COMPARED_WITH = "compared_with"
TRAINING = "training"
_OF_THE_TRAINING = frozenset(
    {
        "kind",
        "n_current",
        "rows_reference",
        "rows_current",
        "missing_rate_reference",
        "missing_rate_current",
        "missing_pvalue",
    }
)


@dataclass(frozen=True, eq=False)
class NewestValues:
    """A feature in the newest batches before, as far as these have a value of it.

    Attributes
    ----------
    batches
        Their names, oldest first; empty where none of the batches that were looked at has a value.
    rows
        The feature in their rows, in any order.
    """

    batches: tuple[str, ...]
    rows: pd.Series[Any]


NOTHING = NewestValues((), pd.Series(dtype=object))


def newest_values(
    earlier: Iterable[tuple[str, pd.DataFrame]], features: Sequence[str], count: int
) -> dict[str, NewestValues]:
    """Gather, feature by feature, the newest batches that have a value of it.

    Parameters
    ----------
    earlier
        Batches before the one that is judged, newest first; no more are read than are needed, and at most 24.
    features
        Columns of these.
    count
        Batches a feature.

    Examples
    --------
    >>> march, april = pd.DataFrame({"x": [3.0, 3.5]}), pd.DataFrame({"x": [np.nan, np.nan]})
    >>> found = newest_values([("April", april), ("March", march)], ["x"], count=1)
    >>> found["x"].batches, found["x"].rows.tolist()
    (('March',), [3.0, 3.5])
    """
    found: dict[str, list[tuple[str, pd.Series[Any]]]] = {name: [] for name in features}
    for batch, frame in islice(earlier, LOOKED_BACK):
        for name, kept in found.items():
            if len(kept) < count and name in frame.columns and frame[name].notna().any():
                kept.append((batch, frame[name]))
        if all(len(kept) == count for kept in found.values()):
            break
    return {
        name: NewestValues(
            tuple(batch for batch, _ in reversed(kept)), pd.concat([values for _, values in kept], ignore_index=True)
        )
        if kept
        else NOTHING
        for name, kept in found.items()
    }


def against_newest(
    statistics: pd.DataFrame, batch: pd.DataFrame, newest: Mapping[str, NewestValues], alpha: float | None = None
) -> pd.DataFrame:
    """Put in the statistics of some features their comparison with the newest batches.

    Parameters
    ----------
    statistics
        What `Reference.compare` found against the training, indexed by feature.
    batch
        The batch.
    newest
        Newest values by feature; a feature without any is compared by its missing rate alone.
    alpha
        As at `Reference.compare`.

    Returns
    -------
    DataFrame
        The statistics; for these features everything but the missing rates and the rows is that of the newest batches.
        The column ``compared_with`` names them, oldest first and separated by commas, or says ``training``; it is empty
        where there was nothing to compare with. Without such a feature the statistics are left as they are.

    Examples
    --------
    >>> rng = np.random.default_rng(6)
    >>> narrowing = {month: pd.DataFrame({"x": rng.normal(size=900) / (1 + month)}) for month in range(12)}
    >>> statistics = Reference.fit(narrowing[0]).compare(narrowing[11])
    >>> newest = newest_values([(str(month), narrowing[month]) for month in (10, 9, 8)], ["x"], count=2)
    >>> both = pd.concat([statistics, against_newest(statistics, narrowing[11], newest)])
    >>> both[["wasserstein_scaled", "compared_with"]].round(2).values.tolist()
    [[0.74, nan], [0.13, '9, 10']]
    """
    concerned = [name for name in newest if name in statistics.index]
    if not concerned:
        return statistics
    result = statistics.assign(**{COMPARED_WITH: pd.Series(TRAINING, index=statistics.index, dtype=object)})
    for name in concerned:
        result.loc[name, COMPARED_WITH] = ", ".join(newest[name].batches)
    # A test by draws needs as many as for the whole table, whose p-values are adjusted together.
    share = None if alpha is None else alpha / len(statistics)
    rows = {name: _compared(name, statistics, batch, newest[name], share) for name in concerned}
    for column in statistics.columns.difference(list(_OF_THE_TRAINING), sort=False):
        values = [rows[name][column] if name in rows else value for name, value in statistics[column].items()]
        result[column] = pd.Series(values, index=statistics.index, dtype=statistics[column].dtype)
    return result


def presence_of(rows: pd.DataFrame, features: Iterable[str]) -> pd.DataFrame:
    """Leave of some features whether they have a value, as 1 or missing.

    Examples
    --------
    >>> presence_of(pd.DataFrame({"x": [0.5, np.nan], "y": [7, 8]}), ["x"]).to_dict("list")
    {'x': [1.0, nan], 'y': [7, 8]}
    """
    return rows.assign(**{name: rows[name].notna().map({True: 1.0, False: np.nan}) for name in features})


def _compared(
    name: str, statistics: pd.DataFrame, batch: pd.DataFrame, newest: NewestValues, alpha: float | None
) -> Mapping[str, Any]:
    if newest.batches:
        kind, known = statistics["kind"][name], statistics["n_reference"][name]
        # A training without a single value says nothing about the type.
        categorical = None if not known else [name] if kind == "categorical" else []
        compared = Reference.fit(newest.rows.to_frame(name), categorical).compare(batch[[name]], alpha)
        return dict(compared.loc[name])
    return {
        str(column): 0 if np.issubdtype(kind, np.integer) else np.nan if np.issubdtype(kind, np.floating) else None
        for column, kind in statistics.dtypes.items()
    }
