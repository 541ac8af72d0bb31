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
    are of a NumPy type, and truth values are 0.0 and 1.0. A column without any value is of type object, which both an
    encoder of text and an imputer of numbers take. Nothing is filled: that is for the candidate's own steps, which are
    fitted once and stored with the model.

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
    typed = _typed(frame, features)
    empty = [name for name, column in typed.items() if column.dtype != object and _is_empty(column)]
    return typed.astype(dict.fromkeys(empty, object)) if empty and len(typed) else typed


def _is_empty(column: pd.Series[Any]) -> bool:
    """Tell whether no row has a value; a first one that is there, which is not unlike itself, settles it at once."""
    values = column.to_numpy()
    return not len(values) or bool(values[0] != values[0] and column.isna().all())


def stacked_input(frames: Sequence[pd.DataFrame], features: Sequence[str]) -> pd.DataFrame:
    """Put the features of several batches below each other, as `model_input` gives them.

    A column without any value in one batch takes the type that it has in the others.

    Examples
    --------
    >>> batches = [pd.DataFrame({"job": ["cook"], "age": [None]}), pd.DataFrame({"job": [np.nan], "age": [30]})]
    >>> stacked_input(batches, ["job", "age"]).to_dict("list")
    {'job': ['cook', nan], 'age': [nan, 30.0]}

    """
    parts = [_typed(frame, features) for frame in frames]
    empty = [{name for name in part.columns if part[name].isna().all()} for part in parts]
    text = {
        name
        for part, without in zip(parts, empty, strict=True)
        for name in part.columns
        if part[name].dtype == object and name not in without
    }
    alike = [
        part.astype({name: object if name in text else "float64" for name in without} | dict.fromkeys(text, object))
        for part, without in zip(parts, empty, strict=True)
    ]
    return model_input(pd.concat(alike, ignore_index=True), features)


def _typed(frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
    taken = frame[list(features)]
    changed = {name: _plain(taken[name]) for name in taken.columns if not _is_plain(taken[name].dtype)}
    return taken.assign(**changed) if changed else taken


def _is_plain(kind: Any) -> bool:
    return isinstance(kind, np.dtype) and kind not in {np.dtype(object), np.dtype(bool)}


def _plain(column: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_float_dtype(column.dtype):
        return column.astype("float64")
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.astype("float64" if column.isna().any() else "int64")
    return column.astype(object).where(column.notna(), np.nan)
