"""Labels by the names of their declared classes, whatever type a table holds them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.drift.truth_values import AS_NUMBERS, AS_TRUTH

if TYPE_CHECKING:
    from collections.abc import Sequence


def by_class_names(labels: pd.Series[Any], classes: Sequence[str]) -> pd.Series[Any]:
    """Write labels that are no text as the declared classes write them.

    Where one label of a batch is missing, pandas and Parquet make floats of integers, and objects of truth values: the
    class ``1`` is then 1.0, or True. Text stays as it is, and so does what is no declared class in any of these forms.

    Parameters
    ----------
    labels
        Text, numbers or truth values; missing where a label is not known.
    classes
        The declared classes.

    Returns
    -------
    pandas.Series
        Under the labels' index; the same series where there is nothing but text.

    Examples
    --------
    >>> by_class_names(pd.Series([0.0, None, 1.0]), ("0", "1")).tolist()
    ['0', None, '1']
    >>> by_class_names(pd.Series([True, False]), ("0", "1")).tolist()
    ['1', '0']
    >>> by_class_names(pd.Series([0, 1]), ("False", "True")).tolist()
    ['False', 'True']
    >>> by_class_names(pd.Series([1.5, 2.0]), ("1", "2")).map(str).tolist()
    ['1.5', '2']

    """
    declared = set(classes)
    names = {value: _name(value, declared) for value in labels.dropna().unique()}
    if all(value is name for value, name in names.items()):
        return labels
    known = labels.notna()
    written = [names[value] if there else None for value, there in zip(labels, known, strict=True)]
    return pd.Series(written, index=labels.index, name=labels.name, dtype=object)


def _name(value: object, declared: set[str]) -> object:
    if isinstance(value, str):
        return value
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    text = str(int(value)) if whole else str(value)  # type: ignore[call-overload]
    forms = (str(value), text, AS_NUMBERS.get(text), AS_TRUTH.get(text))
    return next((form for form in forms if form in declared), value)
