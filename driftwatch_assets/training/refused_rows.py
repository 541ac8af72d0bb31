"""Why an estimator refused rows: which column it did not take, with an example, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_SHOWN = 5
_LONGEST_QUOTE = 40
_LONGEST_LINE = 300
_NO_NUMBER = re.compile(r"could not convert string to float: (?P<text>'.*'|\".*\")", re.DOTALL)
_ENCODER = (
    "put an encoder before it (a sklearn.compose.ColumnTransformer with sklearn.preprocessing.OneHotEncoder or "
    "driftwatch_assets.training.encoding.RankEncoder)"
)


def first_line(broken: Exception) -> str:
    """Give an error's type and the first line of its message, as a sentence; a long line is shortened."""
    said = (str(broken).splitlines() or ["no message"])[0].rstrip(". ")
    if len(said) > _LONGEST_LINE:
        said = f"{said[:_LONGEST_LINE]}…"
    return f"{type(broken).__name__}: {said}."


def why_refused(broken: Exception, frame: pd.DataFrame) -> str:
    """Say which columns an estimator did not take and what to do, as a sentence for an error; empty where none is seen.

    Parameters
    ----------
    broken
        What the estimator raised.
    frame
        The features that it was given (see `model_input`).

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"price": [1.0, None], "article": ["7", "sku-3784"]})
    >>> print(why_refused(ValueError("could not convert string to float: 'sku-3784'"), rows).strip())
    Column 'article' holds texts, such as 'sku-3784', and the estimator takes numbers: put an encoder before it (a ...
    >>> print(why_refused(ValueError("Input X contains NaN."), rows.drop(columns="article")).strip())
    Features with missing values: 1, first: price (1); put an imputer before the estimator ...

    """
    no_number = _NO_NUMBER.search(str(broken))
    if no_number is not None:
        text = no_number["text"][1:-1]
        texts = [name for name in frame.columns if frame[name].dtype == object and _has_text(frame[name])]
        texts.sort(key=lambda name: not (frame[name] == text).any())
        if texts:
            return _sentence(frame, texts, "texts", f"{_ENCODER}, or make numbers of them in gold", example=text)
    dated = [name for name in frame.columns if frame[name].dtype.kind in "mM"]
    if dated:
        return _sentence(
            frame, dated, "dates", "make numbers of them in gold, such as the month or the days since another"
        )
    numbers = [name for name in frame.columns if frame[name].dtype.kind == "f"]
    infinite = [name for name in numbers if np.isinf(frame[name].to_numpy()).any()]
    if infinite:
        shown = ", ".join(f"{name} ({int(np.isinf(frame[name].to_numpy()).sum())})" for name in infinite[:_SHOWN])
        return (
            f" Features with infinite values: {len(infinite)}, first: {shown}; materialize gold again, which sets such "
            f"rows aside, or mend them in gold."
        )
    return _missing_values(frame)


def _has_text(column: pd.Series[str]) -> bool:
    return bool(column.map(lambda value: isinstance(value, str)).any())


def _sentence(frame: pd.DataFrame, names: Sequence[str], what: str, remedy: str, *, example: object = None) -> str:
    """Say of the first column what it holds, with an example, and name the others."""
    first, *others = names
    values = frame[first].dropna()
    if (example is None or not (values == example).any()) and len(values):
        example = values.iloc[0]
    shown = str(example) if len(str(example)) <= _LONGEST_QUOTE else f"{str(example)[:_LONGEST_QUOTE]}…"
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    also = f" (so do {', '.join(map(repr, others[:_SHOWN]))}{more})" if others else ""
    return f" Column {first!r} holds {what}, such as {shown!r}{also}, and the estimator takes numbers: {remedy}."


def _missing_values(frame: pd.DataFrame) -> str:
    gaps = frame.isna().sum()
    gaps = gaps[gaps > 0]
    if gaps.empty:
        return ""
    shown = ", ".join(f"{name} ({count})" for name, count in gaps.head(_SHOWN).items())
    return (
        f" Features with missing values: {len(gaps)}, first: {shown}; put an imputer before the estimator "
        f"(sklearn.impute.SimpleImputer) or fill them in gold."
    )
