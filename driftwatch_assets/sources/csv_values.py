"""The texts of a CSV column as numbers, and which of them are none."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

CsvType = Literal["text", "number", "integer"]

EXPECTED: dict[CsvType, str] = {"number": "a finite number", "integer": "a whole number within 64 bits"}
"""How a message calls what a column of this type holds."""

_NUMBER = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_INTEGER = r"^[+-]?[0-9]+$"
_WHOLE = r"^([+-]?[0-9]+)\.0+$"
_ALWAYS_64_BITS = r"^[+-]?[0-9]{1,18}$"


def as_numbers(texts: pa.ChunkedArray, kind: CsvType) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Read a column of numbers.

    A whole number may be written with zeros after its point, as pandas writes whole numbers of which some are missing.

    Returns
    -------
    tuple
        The values, float64 or int64, and which texts are none (bool); the value is null there and where `texts` is.

    Examples
    --------
    >>> values, unfit = as_numbers(pa.chunked_array([["7", "1e999", "x", None]]), "number")
    >>> values.to_pylist(), unfit.to_pylist()
    ([7.0, None, None, None], [False, True, True, False])
    >>> as_numbers(pa.chunked_array([["7", "-1.0", "1.5"]]), "integer")[0].to_pylist()
    [7, -1, None]
    """
    if kind == "integer" and pc.any(pc.match_substring(texts, ".")).as_py():
        texts = pc.replace_substring_regex(texts, _WHOLE, r"\1")
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
