"""The statistics of every feature as a table, strongest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.drift.newest import COMPARED_WITH, TRAINING
from driftwatch_assets.quoting import named
from driftwatch_assets.reporting.distributions import by_strength
from driftwatch_assets.reporting.pages import raw
from driftwatch_assets.reporting.wording import NOTHING, count, decimals, measure, p_value, percent, plural

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch_assets.reporting.content import BatchReport

OPEN_ROWS = 15
_NAMED = 3
_LONGEST_NAME = 28

_COLUMNS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("ks", "KS", decimals),
    ("chi2", "χ²", measure),
    ("ks_pvalue_adjusted", "p, adjusted", p_value),
    ("ks_pvalue", "p", p_value),
    ("psi", "PSI", decimals),
    ("wasserstein", "W₁", measure),
    ("wasserstein_scaled", "W₁/sd", decimals),
    ("chi2_pvalue_adjusted", "χ² p, adjusted", p_value),
    ("chi2_pvalue", "χ² p", p_value),
    ("missing_rate_reference", "missing before", percent),
    ("missing_rate_current", "missing now", percent),
    ("n_reference", "reference rows", count),
    ("n_current", "batch rows", count),
)
P_VALUES = ("ks_pvalue_adjusted", "chi2_pvalue_adjusted", "ks_pvalue", "chi2_pvalue")


def with_drifted(report: BatchReport) -> pd.DataFrame | None:
    """Give a report's statistics strongest first, always with the column ``drifted``."""
    if report.statistics is None:
        return None
    frame = report.statistics
    if "drifted" not in frame.columns:
        frame = frame.assign(drifted=[each in set(report.verdict.drifted_features) for each in report.features])
    return by_strength(frame)


def measures(statistics: pd.DataFrame | None, feature: str) -> str:
    """Tell a feature's statistics in one line; nothing where it was not compared."""
    if statistics is None or feature not in statistics.index:
        return ""
    return statistics_words(statistics.loc[[feature]].iloc[0])


def statistics_words(row: pd.Series[Any]) -> str:
    """Tell the statistics that there are in one line, with new and lost categories."""
    wanted = (("ks", "KS"), ("psi", "PSI"), ("wasserstein_scaled", "W₁/sd"), ("chi2", "χ²"))
    words = [f"{head} {decimals(row[name], 2)}" for name, head in wanted if name in row.index and pd.notna(row[name])]
    for name, head in (("new_categories", "new"), ("lost_categories", "lost")):
        named = _names(row.get(name))
        words += [f"{head}: {_some(named)}"] if named else []
    return " · ".join(words)


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return tuple(sorted(str(each) for each in value))
    return ()


def _some(names: tuple[str, ...]) -> str:
    """Name a few categories, shortened where they are long, and count the others; all stand in the JSON twin."""
    shown = [named(one, _LONGEST_NAME) for one in names]
    if len(names) > _NAMED + 1:
        shown = [*shown[:_NAMED], f"and {len(names) - _NAMED} more"]
    return ", ".join(shown)


def statistics_table(statistics: pd.DataFrame) -> dict[str, Any]:
    """Set out the statistics of `with_drifted`: the columns that say something, the first rows open."""
    statistics = _with_one_p(statistics)
    kept, caption = _kept_columns(statistics)
    columns = [
        {"head": "Feature", "text": True, "first": "ascending"},
        {"head": "Verdict", "text": True, "first": "descending"},
        *(
            {"head": head, "text": False, "first": "ascending" if name in P_VALUES else "descending"}
            for name, head, _ in kept
        ),
    ]
    rows = [_statistics_row(str(name), row, kept) for name, row in statistics.iterrows()]
    parts = [{"rows": each} for each in (rows[:OPEN_ROWS], rows[OPEN_ROWS:]) if each]
    return {"columns": columns, "parts": parts, "caption": caption}


def _newest_words(statistics: pd.DataFrame) -> list[str]:
    """Tell what some features are compared with instead of the training, one sentence for those that share it."""
    if COMPARED_WITH not in statistics.columns:
        return []
    by_batches: dict[str, list[str]] = {}
    for name, batches in statistics[COMPARED_WITH].items():
        if batches != TRAINING:
            by_batches.setdefault(batches, []).append(str(name))
    return [
        f"{_joined(sorted(names))} compared with "
        + (
            f"the newest batches before that have a value: {batches}."
            if batches
            else "nothing: none before has a value."
        )
        for batches, names in by_batches.items()
    ]


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _with_one_p(statistics: pd.DataFrame) -> pd.DataFrame:
    """Put the p-values of categories beside those of numbers, where a table has both."""
    for suffix in ("_pvalue", "_pvalue_adjusted"):
        numbers, categories = f"ks{suffix}", f"chi2{suffix}"
        if {numbers, categories} <= set(statistics.columns) and statistics[[numbers, categories]].notna().any().all():
            both = pd.to_numeric(statistics[numbers]).fillna(pd.to_numeric(statistics[categories]))
            statistics = statistics.assign(**{numbers: both}).drop(columns=categories)
    return statistics


def _statistics_row(
    name: str, row: pd.Series[Any], kept: list[tuple[str, str, Callable[[Any], str]]]
) -> dict[str, Any]:
    drifted = bool(row["drifted"])
    changed = [
        f"{head} {_some(_names(row.get(column)))}"
        for column, head in (("new_categories", "new:"), ("lost_categories", "lost:"))
        if _names(row.get(column))
    ]
    verdict = _feature_verdict(row, named=bool(changed))
    mark = "; ".join(changed if changed and verdict == NOTHING else [verdict, *changed])
    return {
        "drifted": drifted,
        "cells": [
            {"text": name},
            {"text": mark, "value": int(drifted), "style": "mark"},
            *({"text": write(row[column]), "value": raw(row[column]), "style": ""} for column, _, write in kept),
        ],
    }


def _feature_verdict(row: pd.Series[Any], *, named: bool) -> str:
    """Say that a feature drifted, and why where that is no matter of course; categories that are named say it."""
    if row["drifted"]:
        because = row.get("because")
        reasons = because.split(", ") if isinstance(because, str) else []
        told = ", ".join(each for each in reasons if each and not (named and each.endswith("categories")))
        return f"drifted: {told}" if told not in {"", "distribution"} else "drifted"
    return NOTHING if row.get("judged", True) else "not judged"


def _kept_columns(statistics: pd.DataFrame) -> tuple[list[tuple[str, str, Callable[[Any], str]]], str]:
    """Choose the columns that say something, and tell in words what the others would repeat in every row."""
    kept, sentences = [], []
    present = [each for each in _COLUMNS if each[0] in statistics.columns and statistics[each[0]].notna().any()]
    names = {each[0] for each in present}
    same = {
        name: statistics[name].iloc[0]
        for name in names
        if len(statistics) and (statistics[name] == statistics[name].iloc[0]).all()
    }
    for each in present:
        name = each[0]
        repeats = name in {"n_reference", "n_current"} and {"n_reference", "n_current"} <= same.keys()
        empty = name.startswith("missing_rate") and all(
            same.get(side) == 0 for side in ("missing_rate_reference", "missing_rate_current") if side in names
        )
        superseded = f"{name}_adjusted" in names
        if not (repeats or empty or superseded):
            kept.append(each)
    if {"n_reference", "n_current"} <= same.keys():
        rows = plural(int(same["n_current"]), "row")
        sentences.append(f"{rows} of the batch against {count(same['n_reference'])} of the reference.")
    if same.get("missing_rate_reference") == 0 and same.get("missing_rate_current") == 0:
        sentences.append("No value is missing on either side.")
    sentences += _newest_words(statistics)
    if "chi2" in names:
        sentences.append("χ² compares the shares of categories.")
    return kept, " ".join(sentences)
