"""The texts of a CSV column as dates or numbers, and which of them are none."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

CsvType = Literal["text", "number", "integer"]

TIMESTAMP = pa.timestamp("us")
"""What a declared date becomes: without a zone, as the source's clock has it."""

EXPECTED: dict[CsvType, str] = {"number": "a finite number", "integer": "a whole number within 64 bits"}
"""How a message calls what a column of this type holds."""

_NUMBER = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_INTEGER = r"^[+-]?[0-9]+$"
_ALWAYS_64_BITS = r"^[+-]?[0-9]{1,18}$"
_SAMPLE = dt.datetime(2013, 12, 25, 17, 45, 59)  # noqa: DTZ001 - dates here have no zone
_OF_THE_PLACE = ("%c", "%x", "%X", "%z", "%Z")


class DateMisfit(ValueError):  # noqa: N818 - named for what was found
    """A value contradicts the format of its column.

    Attributes
    ----------
    row
        Position of the first one.
    """

    def __init__(self, row: int, declared: str) -> None:
        super().__init__(f"row {row} does not fit {declared}")
        self.row = row


def check_format(declared: str) -> str:
    """Give back a date format that can be declared.

    Raises
    ------
    ValueError
        It is no format of ``strptime``, names no year, depends on the machine's language, or has a zone.

    Examples
    --------
    >>> check_format("%d/%m/%Y")
    '%d/%m/%Y'
    >>> check_format("%d/%m")
    Traceback (most recent call last):
    ...
    ValueError: date format '%d/%m' has no year: expected a strptime format such as %Y-%m-%d, %d/%m/%Y or ...
    """
    found = next((directive for directive in _OF_THE_PLACE if directive in declared), None)
    if found is not None:
        why = f"has {found}, which depends on the machine or has a zone"
    else:
        try:
            with warnings.catch_warnings():
                # Python 3.13 warns of a day without a year, which is refused below.
                warnings.simplefilter("ignore", DeprecationWarning)
                read = dt.datetime.strptime(_SAMPLE.strftime(declared), declared)  # noqa: DTZ007 - no zone, as above
        except ValueError as error:
            why = f"cannot be used ({error})"
        else:
            why = "" if read.year == _SAMPLE.year else "has no year"
    if why:
        raise ValueError(
            f"date format {declared!r} {why}: expected a strptime format such as %Y-%m-%d, %d/%m/%Y or %m/%d/%Y %H:%M"
        )
    return declared


def as_dates(texts: pa.ChunkedArray, declared: str) -> pa.ChunkedArray:
    """Read a column of dates.

    Returns
    -------
    pyarrow.ChunkedArray
        `TIMESTAMP`; null where `texts` is.

    Raises
    ------
    DateMisfit
        A value contradicts the format.

    Examples
    --------
    >>> texts = pa.chunked_array([["3/4/2024", "12/11/2024"]])
    >>> as_dates(texts, "%d/%m/%Y")[0].as_py()
    datetime.datetime(2024, 4, 3, 0, 0)
    >>> as_dates(pa.chunked_array([["3/4/2024", "2024-04-03"]]), "%d/%m/%Y")
    Traceback (most recent call last):
    ...
    driftwatch_assets.sources.csv_values.DateMisfit: row 1 does not fit %d/%m/%Y
    """
    encoded = pc.dictionary_encode(texts.combine_chunks() if texts.num_chunks != 1 else texts.chunk(0))
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    read = []
    for code, text in enumerate(encoded.dictionary.to_pylist()):
        moment = _read_date(text, declared)
        if moment is None:
            # Texts are numbered as they appear first, so that this is the first value that contradicts.
            raise DateMisfit(pc.index(encoded.indices, code).as_py(), declared)
        read.append(moment)
    return pa.chunked_array([pa.array(read, TIMESTAMP).take(encoded.indices)], TIMESTAMP)


def as_numbers(texts: pa.ChunkedArray, kind: CsvType) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Read a column of numbers.

    Returns
    -------
    tuple
        The values, float64 or int64, and which texts are none (bool); the value is null there and where `texts` is.

    Examples
    --------
    >>> values, unfit = as_numbers(pa.chunked_array([["7", "1e999", "x", None]]), "number")
    >>> values.to_pylist(), unfit.to_pylist()
    ([7.0, None, None, None], [False, True, True, False])
    """
    pattern, type_ = (_NUMBER, pa.float64()) if kind == "number" else (_INTEGER, pa.int64())
    shaped = pc.match_substring_regex(texts, pattern)
    if kind == "integer":
        shaped = pc.or_kleene(pc.match_substring_regex(texts, _ALWAYS_64_BITS), _fits_64_bits(texts, shaped))
    candidates = pc.if_else(shaped, texts, pa.scalar(None, pa.string()))
    values = pc.cast(pc.replace_substring_regex(candidates, r"^\+", ""), type_)
    if kind == "number":
        values = pc.if_else(pc.is_finite(values), values, pa.scalar(None, type_))
    return values, pc.and_(pc.is_valid(texts), pc.is_null(values))


def _fits_64_bits(texts: pa.ChunkedArray, shaped: pa.ChunkedArray) -> pa.ChunkedArray:
    """Tell of long whole numbers, which are rare, whether they are within 64 bits."""
    long = pc.fill_null(pc.and_(shaped, pc.greater(pc.utf8_length(texts), 18)), False)
    if not pc.any(long).as_py():
        return pa.chunked_array([pa.array(np.zeros(len(texts), bool))])
    fits = [
        bool(is_long) and -(2**63) <= int(text) < 2**63
        for text, is_long in zip(texts.to_pylist(), long.to_pylist(), strict=True)
    ]
    return pa.chunked_array([pa.array(fits)])


def _read_date(text: str, declared: str) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(text, declared)  # noqa: DTZ007 - no zone, as above
    except ValueError:
        return None
