"""The one form in which rows reach a model, when it is fitted and when it scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence


def model_input(frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    """Take the features of some rows, with one sign for a missing value.

    pandas knows three of them (None, NaN and NA) and gives another one after a table was stored and read again, while
    an encoder takes None and NaN for two categories and an imputer fills only one of them. So that training and
    scoring cannot fill gaps differently, a missing value is always NaN here, text is always of type object, numbers
    are of a NumPy type, and truth values are 0.0 and 1.0. Nothing is filled: that is for the candidate's own steps,
    which are fitted once and stored with the model.

    Parameters
    ----------
    frame
        Any rows; may have more columns.
    features
        The columns to take, in order.

    Returns
    -------
    pandas.DataFrame
        With the frame's index. Columns of numbers are not copied.

    Examples
    --------
    >>> rows = pd.DataFrame({"job": ["cook", None], "age": pd.array([30, None], dtype="Int64"), "id": [1, 2]})
    >>> model_input(rows, ["job", "age"]).to_dict("list")
    {'job': ['cook', nan], 'age': [30.0, nan]}

    """
    taken = frame[list(features)]
    changed = {name: _plain(taken[name]) for name in taken.columns if not _is_plain(taken[name].dtype)}
    return taken.assign(**changed) if changed else taken


def stacked_input(frames: Sequence[pd.DataFrame], features: Sequence[str]) -> pd.DataFrame:
    """Put the features of several batches below each other, each as `model_input` gives them.

    A column that is text in one batch is text in all of them, also in one where every value is missing.

    Examples
    --------
    >>> stacked_input([pd.DataFrame({"job": ["cook"]}), pd.DataFrame({"job": [np.nan]})], ["job"])["job"].tolist()
    ['cook', nan]

    """
    parts = [model_input(frame, features) for frame in frames]
    text = {name for part in parts for name in part.columns if part[name].dtype == object}
    alike = [part.astype({name: object for name in text if part[name].dtype != object}) for part in parts]
    return pd.concat(alike, ignore_index=True)


def _is_plain(kind: Any) -> bool:
    return isinstance(kind, np.dtype) and kind not in {np.dtype(object), np.dtype(bool)}


def _plain(column: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_float_dtype(column.dtype):
        return column.astype("float64")
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.astype("float64" if column.isna().any() else "int64")
    return column.astype(object).where(column.notna(), np.nan)
