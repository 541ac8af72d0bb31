"""A column's values in a form that can be ordered: numbers, or moments in UTC."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

NUMBERS_IN_OBJECTS = {"integer", "floating", "mixed-integer-float", "decimal", "boolean"}
DATES_IN_OBJECTS = {"date", "datetime", "datetime64"}


def comparable(series: pd.Series[Any], *, numbers: bool) -> np.ndarray[Any, Any] | None:
    """Give the values as numbers, or as moments in UTC, or None where the column holds neither."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    kind = pd.api.types.infer_dtype(series, skipna=True) if series.dtype == object else None
    if numbers:
        if kind in NUMBERS_IN_OBJECTS or (kind is None and pd.api.types.is_numeric_dtype(series.dtype)):
            if isinstance(series.dtype, np.dtype) and series.dtype != object:
                return series.to_numpy()
            return series.to_numpy(dtype=float, na_value=np.nan)
        return None
    if kind in DATES_IN_OBJECTS:
        return np.array([utc(value) for value in series], dtype="datetime64[us]")
    if kind is None and series.dtype.kind == "M":
        return pd.to_datetime(series, utc=True).dt.tz_localize(None).to_numpy()
    return None


def utc(moment: Any) -> np.datetime64:
    """Give a moment for NumPy; one without a zone is meant in UTC, as a column without a zone is."""
    if pd.isna(moment):
        return np.datetime64("NaT", "us")
    if isinstance(moment, dt.datetime) and moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return np.datetime64(moment, "us")
