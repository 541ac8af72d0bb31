"""The verdict on each feature: significance, adjusted over all tests of a comparison, and the size of the effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from driftwatch_assets.drift.significance import adjusted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from driftwatch_assets.drift.policy import Policy

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class FeatureVerdict:
    """The verdict on one feature.

    Attributes
    ----------
    feature
        Its name.
    judged
        Whether there were enough rows on both sides.
    drifted
        Whether it drifted; False when it was not judged.
    effect
        The largest of its PSI, its scaled Wasserstein distance and its change of missing rate or of categories; 0 or
        more, infinite when a constant reference was left.
    pvalue_adjusted
        Of the Kolmogorov-Smirnov or chi-square test; None where there was none.
    because
        What drifted: ``"distribution"``, ``"missing rate"``, ``"new categories"``, ``"lost categories"``.
    """

    feature: str
    judged: bool
    drifted: bool
    effect: float
    pvalue_adjusted: float | None
    because: tuple[str, ...]


def judge_features(table: pd.DataFrame, policy: Policy) -> tuple[FeatureVerdict, ...]:
    """Judge each feature of a table of statistics, which is indexed by feature, under the rule that `Policy` states."""
    numeric, chi2 = _floats(table, "ks_pvalue"), _floats(table, "chi2_pvalue")
    p_distribution = np.where(categorical(table), chi2, numeric)
    n_reference, n_current = _floats(table, "n_reference"), _floats(table, "n_current")
    comparable = (np.minimum(n_reference, n_current) >= policy.min_rows) & ~np.isnan(p_distribution)
    rows = np.minimum(_floats(table, "rows_reference", n_reference), _floats(table, "rows_current", n_current))
    countable = rows >= policy.min_rows

    psi, wasserstein = _floats(table, "psi"), _floats(table, "wasserstein_scaled")
    change = np.abs(_floats(table, "missing_rate_current") - _floats(table, "missing_rate_reference"))
    new, lost = _floats(table, "new_category_rate"), _floats(table, "lost_category_rate")
    p_missing = np.where(countable, _floats(table, "missing_pvalue"), np.nan)
    p_new = np.where(comparable, _floats(table, "new_category_pvalue"), np.nan)
    p_lost = np.where(comparable, _floats(table, "lost_category_pvalue"), np.nan)
    if policy.missing_rate_change is None:
        p_missing[:] = np.nan
    if not policy.new_categories:
        p_new[:] = np.nan
    if not policy.lost_categories:
        p_lost[:] = np.nan

    tests = np.stack([np.where(comparable, p_distribution, np.nan), p_missing, p_new, p_lost])
    p = adjusted(tests.ravel(), policy.adjustment).reshape(tests.shape)
    significant = p < (1.0 if policy.alpha is None else policy.alpha)
    large = _reaches(psi, policy.psi) | _reaches(wasserstein, policy.wasserstein_scaled)
    if policy.rule == "any":
        moved = comparable & (large | (significant[0] & (policy.alpha is not None)))
    elif policy.psi is None and policy.wasserstein_scaled is None:
        moved = significant[0]
    else:
        moved = significant[0] & large
    flags = {
        "distribution": moved,
        "missing rate": significant[1] & _reaches(change, policy.missing_rate_change),
        "new categories": significant[2] & _reaches(new, policy.category_rate),
        "lost categories": significant[3] & _reaches(lost, policy.category_rate),
    }
    effects = np.stack(
        [np.where(comparable, psi, np.nan), np.where(comparable, wasserstein, np.nan)]
        + [np.where(flags[name], size, np.nan) for name, size in zip(list(flags)[1:], (change, new, lost), strict=True)]
    )
    effect = np.nan_to_num(effects, nan=0.0, posinf=np.inf).max(axis=0, initial=0.0)
    return tuple(
        FeatureVerdict(
            feature=str(name),
            judged=bool(comparable[at] | (countable[at] & (policy.missing_rate_change is not None))),
            drifted=any(flag[at] for flag in flags.values()),
            effect=float(effect[at]),
            pvalue_adjusted=None if np.isnan(p[0, at]) else float(p[0, at]),
            because=tuple(reason for reason, flag in flags.items() if flag[at]),
        )
        for at, name in enumerate(table.index)
    )


def categorical(table: pd.DataFrame) -> Flags:
    """Tell which features are categorical; none of them without the column ``kind``."""
    if "kind" not in table.columns:
        return np.zeros(len(table), dtype=np.bool_)
    return np.asarray(table["kind"].to_numpy(dtype=object) == "categorical", dtype=np.bool_)


def _floats(table: pd.DataFrame, name: str, default: Floats | None = None) -> Floats:
    if name in table.columns:
        return table[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.full(len(table), np.nan) if default is None else default


def _reaches(values: Floats, threshold: float | None) -> Flags:
    return np.zeros(values.shape, dtype=np.bool_) if threshold is None else values >= threshold
