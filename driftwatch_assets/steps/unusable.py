"""Rows that no model can use: why not, and which line of the source they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN_CLASSES = 12
_OBJECTS_WITH_NUMBERS = {"floating", "mixed-integer-float", "decimal"}
_UNFIT = {
    "datetime64": "dates",
    "datetime": "dates",
    "date": "dates",
    "time": "times of day",
    "timedelta64": "lengths of time",
    "timedelta": "lengths of time",
    "period": "periods",
    "interval": "intervals",
    "complex": "complex numbers",
    "bytes": "bytes",
}


def infinite_values(frame: pd.DataFrame) -> pd.Series[Any]:
    """Say for each row which of its numbers is infinite.

    An infinity is what a cell ``inf`` is read as, and what a division by zero gives. No mean, distance or split of a
    tree can take it, and it is not a missing value that could be imputed.

    Returns
    -------
    pandas.Series
        Under the frame's index: the reason, which names the first such column of the row; null where all is finite.

    Examples
    --------
    >>> infinite_values(pd.DataFrame({"debt": [1.0, 2.0], "ratio": [0.5, -np.inf]})).tolist()
    [None, 'column ratio: -inf is no finite number']

    """
    reasons = np.full(len(frame), None, dtype=object)
    found = np.zeros(len(frame), dtype=bool)
    for name, column in frame.items():
        values = _floats(column)
        if values is None:
            continue
        at = np.flatnonzero(np.isinf(values) & ~found)
        found[at] = True
        for row in at:
            reasons[row] = f"column {name}: {values[row]} is no finite number"
    return pd.Series(reasons, index=frame.index, dtype=object)


def _floats(column: pd.Series[Any]) -> np.ndarray | None:
    """Give a column's numbers; None where none of them can be infinite."""
    if pd.api.types.is_float_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) in _OBJECTS_WITH_NUMBERS:
        return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    return None


def undeclared_labels(labels: pd.Series[Any], classes: Sequence[str]) -> pd.Series[Any]:
    """Say for each row why its label is none of the declared classes.

    A label is compared as it is written: one with a space around it or with other capitals is another label, since it
    may as well be another class. A declared ``silver`` or ``gold`` is where it can be mended.

    Returns
    -------
    pandas.Series
        Under the labels' index: the reason, null for a class that is declared and for a label that is not known.

    Examples
    --------
    >>> undeclared_labels(pd.Series(["good", "fine", None]), ("good", "bad")).tolist()
    [None, "label 'fine' is none of the declared classes: good, bad", None]
    >>> undeclared_labels(pd.Series(["BAD "]), ("good", "bad"))[0]
    "label 'BAD ' is none of the declared classes: good, bad; but for spaces and capitals it is 'bad'"

    """
    known = labels.notna().to_numpy(dtype=bool)
    texts = labels.astype(object).map(str, na_action="ignore")
    unknown = known & ~texts.isin(list(classes)).to_numpy(dtype=bool)
    reasons = np.full(len(labels), None, dtype=object)
    more = f" and {len(classes) - _SHOWN_CLASSES} more" if len(classes) > _SHOWN_CLASSES else ""
    plain = {_plain(name): name for name in classes}
    for row in np.flatnonzero(unknown):
        alike = plain.get(_plain(texts.iloc[row]))
        reasons[row] = (
            f"label {quoted(texts.iloc[row])} is none of the declared classes: {', '.join(classes[:_SHOWN_CLASSES])}"
            f"{more}{'' if alike is None else f'; but for spaces and capitals it is {alike!r}'}"
        )
    return pd.Series(reasons, index=labels.index, dtype=object)


def _plain(label: str) -> str:
    return " ".join(label.split()).casefold()


def unfit_kind(column: pd.Series[Any]) -> str | None:
    """Say what a column holds that no model takes; None for numbers, texts and truth values.

    Examples
    --------
    >>> unfit_kind(pd.Series(pd.to_datetime(["2024-02-01"]))), unfit_kind(pd.Series([["a"], ["b"]]))
    ('dates', 'lists')
    >>> [unfit_kind(pd.Series(values)) for values in ([1.5], ["a", None], [True], [None])]
    [None, None, None, None]

    """
    values = pd.Series(column.cat.categories) if isinstance(column.dtype, pd.CategoricalDtype) else column
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind == "mixed":
        first = type(values.dropna().iloc[0])
        return {list: "lists", tuple: "lists", dict: "mappings", set: "sets", np.ndarray: "arrays"}.get(first)
    return _UNFIT.get(kind)
