"""How the cells of the loan files are read: one number from much typing, words, and a span of years and months.

Each function takes a column of text, null where the file has nothing, and gives a column under the same index, null
where there is nothing to believe. Cells of equal text are read once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBER = re.compile(r"\s*([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)_*\s*")
_WORDS = re.compile(r"[\w ,.'&/-]+")
_SPAN = re.compile(r"\s*([0-9]{1,3}) Years? and ([0-9]{1,2}) Months?\s*", re.IGNORECASE)
_MONTHS = 12


def numbers(text: pd.Series[Any], low: float = -np.inf, high: float = np.inf) -> pd.Series[float]:
    """Read numbers, forgiving underscores after them, and believe those within [`low`, `high`].

    A cell is read as a whole or not at all: a sign, digits with at most one point, an exponent, then any number of
    underscores (``52312.68_``). The sign counts, so that ``-500`` is below any lower bound of 0. A number between
    underscores (``__10000__``) is the publisher's mark for "no value", whatever stands in it.

    Parameters
    ----------
    text
        Strings or nulls, shape (rows,).
    low, high
        Inclusive bounds, in the unit of the cells.

    Returns
    -------
    pandas.Series
        float64 under the index of `text`, NaN where there is no finite number within the bounds.

    Examples
    --------
    >>> numbers(pd.Series(["28_", "9000.0", "-500", "__10000__", "_", None]), low=0).tolist()
    [28.0, 9000.0, nan, nan, nan, nan]
    """
    values = _read(text, _number).astype(np.float64)
    return values.where(np.isfinite(values) & (values >= low) & (values <= high))


def words(text: pd.Series[Any]) -> pd.Series[Any]:
    """Read words: a cell that has a letter, and besides letters and digits only spaces and the marks ``, . ' & / _ -``.

    Underscores around the words are left out.

    Examples
    --------
    >>> words(pd.Series(["Media_Manager", "_______", "!@9#%8", None])).tolist()
    ['Media_Manager', None, None, None]
    """
    return _read(text, _word)


def identifiers(text: pd.Series[Any]) -> pd.Series[Any]:
    """Read ids: as they are, without space around them.

    Examples
    --------
    >>> identifiers(pd.Series(["CUS_0x10 ", " ", None])).tolist()
    ['CUS_0x10', None, None]
    """
    return _read(text, lambda cell: cell.strip() or None)


def months(text: pd.Series[Any]) -> pd.Series[float]:
    """Read spans such as ``10 Years and 9 Months`` in months; the months are 0 to 11.

    Examples
    --------
    >>> months(pd.Series(["10 Years and 9 Months", "1 Year and 12 Months", "NA"])).tolist()
    [129.0, nan, nan]
    """
    return _read(text, _span).astype(np.float64)


def month_number(dates: pd.Series[Any]) -> pd.Series[Any]:
    """Give the number of each date's calendar month, January of year 0 being 0; null for no date.

    Examples
    --------
    >>> month_number(pd.Series(pd.to_datetime(["2023-12-31", "2024-01-01"]))).diff().tolist()
    [nan, 1.0]
    """
    number: pd.Series[Any] = dates.dt.year * 12 + dates.dt.month - 1
    return number


def _read(text: pd.Series[Any], one: Callable[[str], float | str | None]) -> pd.Series[Any]:
    codes, distinct = pd.factorize(text.to_numpy(dtype=object), use_na_sentinel=True)
    found = np.array([*(one(str(value)) for value in distinct), None], dtype=object)
    return pd.Series(found[codes], index=text.index, dtype=object)


def _number(text: str) -> float | None:
    found = _NUMBER.fullmatch(text)
    return float(found[1]) if found else None


def _word(text: str) -> str | None:
    bare = text.strip(" _")
    return bare if _WORDS.fullmatch(bare) and any(sign.isalpha() for sign in bare) else None


def _span(text: str) -> float | None:
    found = _SPAN.fullmatch(text)
    if found is None or int(found[2]) >= _MONTHS:
        return None
    return float(int(found[1]) * _MONTHS + int(found[2]))
