"""The texts of CSV columns as dates: which format a file has, and which texts are no date of it."""

from __future__ import annotations

import datetime as dt
import functools
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMESTAMP = pa.timestamp("us")
"""What a declared date becomes: without a zone, as the source's clock has it."""

_SAMPLE = dt.datetime(2013, 12, 25, 17, 45, 59)  # noqa: DTZ001 - dates here have no zone
_OF_THE_PLACE = ("%c", "%x", "%X", "%z", "%Z")
_PART = re.compile(r"%.|\s+|.", re.DOTALL)
_DIGITS = {"%Y": 4, "%G": 4, "%y": 2, "%j": 3, "%f": 6, "%w": 1, "%u": 1}
_DIGITS |= dict.fromkeys(("%m", "%d", "%H", "%I", "%M", "%S", "%U", "%W", "%V"), 2)
_YEARS = frozenset({"%Y", "%G"})
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_ANOTHER_DATE = re.compile(
    r"\d{1,4}\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d{1,4}(?!\d).*"
    rf"|(?:19|20)(?:\d{{6}}|\d{{10}}|\d{{12}})|\d.*\b(?:{_MONTHS})[a-z]*\b.*|(?:{_MONTHS})[a-z]*\W+\d.*",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_RUN = re.compile("[0-9]+")


@dataclass(frozen=True)
class Dates:
    """A column that was read by one format.

    Attributes
    ----------
    declared
        The format.
    values
        `TIMESTAMP`; null where the text is missing or no date.
    unfit
        Positions of the texts that are no date: of the format's shape but no day, or of no date's shape at all.
    contradiction
        Position of the first text that another format wrote; the values are none then. None where there is none.
    """

    declared: str
    values: pa.ChunkedArray
    unfit: np.ndarray
    contradiction: int | None = None


@dataclass(frozen=True)
class Contradiction:
    """Why the dates of a file cannot be read: the first text that the format which fits the longest did not write."""

    row: int
    column: str
    declared: str


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


def has_two_digit_year(declared: str) -> bool:
    """Tell whether a format leaves the century open.

    Examples
    --------
    >>> has_two_digit_year("%d/%m/%y"), has_two_digit_year("%d%%y %Y")
    (True, False)
    """
    return "%y" in _PART.findall(declared)


def as_dates(texts: pa.ChunkedArray, declared: str, pivot_year: int | None = None) -> Dates:
    """Read a column of dates.

    A text is matched by the whole format: a number that has no separator beside it has all its digits. One that has
    the shape of the format and is no day, such as 2024-02-30, is no date, and one without the shape of any date is
    none either. A text that looks like a date and has another shape contradicts the format, and so does one that is a
    day only when day and month are exchanged: the other dates may be read then, and be wrong.

    Parameters
    ----------
    texts
        The column (string); null where missing.
    declared
        A format of ``strptime``.
    pivot_year
        The first year that a two-digit year can mean.

    Examples
    --------
    >>> found = as_dates(pa.chunked_array([["3/4/2024", "31/2/2024", "soon", "12/11/2024"]]), "%d/%m/%Y")
    >>> found.values[0].as_py(), found.unfit.tolist(), found.contradiction
    (datetime.datetime(2024, 4, 3, 0, 0), [1, 2], None)
    >>> as_dates(pa.chunked_array([["3/4/2024", "2024-04-03"]]), "%d/%m/%Y").contradiction
    1
    >>> as_dates(pa.chunked_array([["20241102", "2024112"]]), "%Y%m%d").contradiction
    1
    >>> as_dates(pa.chunked_array([["01/01/55"]]), "%d/%m/%y", 1930).values[0].as_py().year
    1955
    """
    encoded = pc.dictionary_encode(texts.combine_chunks() if texts.num_chunks != 1 else texts.chunk(0))
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    read: list[dt.datetime | None] = []
    unfit: list[int] = []
    for code, text in enumerate(encoded.dictionary.to_pylist()):
        moment = _read_date(text, declared, pivot_year)
        if moment is None:
            if _written_otherwise(text, declared):
                # Texts are numbered as they appear first, so that this is the first one that contradicts.
                row = pc.index(encoded.indices, code).as_py()
                return Dates(declared, pa.chunked_array([pa.nulls(len(texts), TIMESTAMP)]), np.empty(0, int), row)
            unfit.append(code)
        read.append(moment)
    values = pa.chunked_array([pa.array(read, TIMESTAMP).take(encoded.indices)], TIMESTAMP)
    rows = np.empty(0, int)
    if unfit:
        rows = np.flatnonzero(np.asarray(pc.is_in(encoded.indices, pa.array(unfit, encoded.indices.type))))
    return Dates(declared, values, rows)


def choose_dates(
    texts: Mapping[str, pa.ChunkedArray], formats: Mapping[str, Sequence[str]], pivot_year: int | None = None
) -> dict[str, Dates] | Contradiction:
    """Read the date columns of a file by one choice of formats: the first of each column's, or the second, ….

    The choice is the first that reads every text, or else the one with the fewest texts that are no date. Where a text
    that is none is a date by another choice, or two choices are as good as each other and read other dates, nobody can
    tell which wrote the file.

    Parameters
    ----------
    texts
        The columns of the file (string).
    formats
        Column → its formats: one, or as many as the others that have several.
    pivot_year
        See `as_dates`.

    Examples
    --------
    >>> both = {"day": ["%d/%m/%Y", "%m/%d/%Y"]}
    >>> choose_dates({"day": pa.chunked_array([["1/2/2024", "30/2/2024", "31/1/2024"]])}, both)["day"].unfit.tolist()
    [1]
    >>> choose_dates({"day": pa.chunked_array([["1/2/2024", "30/2/2024"]])}, both)
    Contradiction(row=1, column='day', declared='%d/%m/%Y')
    """
    readable: list[dict[str, Dates]] = []
    contradictions: list[Contradiction] = []
    for choice in range(max(map(len, formats.values()), default=1)):
        found = {
            name: as_dates(texts[name], of[choice if len(of) > 1 else 0], pivot_year) for name, of in formats.items()
        }
        wrong = [
            Contradiction(dates.contradiction, name, dates.declared)
            for name, dates in found.items()
            if dates.contradiction is not None
        ]
        if wrong:
            contradictions.append(min(wrong, key=lambda each: (each.row, each.column)))
        elif not any(len(dates.unfit) for dates in found.values()):
            return found
        else:
            readable.append(found)
    if not readable:
        # The choice that fits the longest is what the file was meant to have.
        return max(contradictions, key=lambda each: each.row)
    best, *others = sorted(readable, key=_unfit)
    return next((doubt for other in others if (doubt := _doubt(best, other)) is not None), best)


def _unfit(found: Mapping[str, Dates]) -> int:
    return sum(len(dates.unfit) for dates in found.values())


def _doubt(best: Mapping[str, Dates], other: Mapping[str, Dates]) -> Contradiction | None:
    """Tell where another choice of formats is as likely to have written the file."""
    equal = _unfit(best) == _unfit(other)
    for name, dates in best.items():
        read = np.asarray(pc.is_valid(other[name].values))
        rows = [row for row in dates.unfit.tolist() if read[row]]
        if not rows and equal and not dates.values.equals(other[name].values):
            rows = dates.unfit.tolist() or [0]
        if rows:
            return Contradiction(rows[0], name, dates.declared)
    return None


def _read_date(text: str, declared: str, pivot_year: int | None) -> dt.datetime | None:
    if not _shape(declared).fullmatch(text):
        return None
    try:
        moment = dt.datetime.strptime(text, declared)  # noqa: DTZ007 - no zone, as above
        if pivot_year is not None and has_two_digit_year(declared):
            moment = moment.replace(year=pivot_year + (moment.year - pivot_year) % 100)
    except ValueError:
        return None
    return moment


def _written_otherwise(text: str, declared: str) -> bool:
    """Tell whether a text that is no date of a format is one of another format."""
    if _shape(declared).fullmatch(text):
        exchanged = _exchanged(declared)
        return exchanged is not None and _read_date(text, exchanged, None) is not None
    if _shape(declared, shortest_year=1).fullmatch(text):
        # A year that was cut, as in 24-05-03, says nothing of the order of the others.
        return False
    return _runs_of_digits(declared) == _RUN.sub("0", text) or _ANOTHER_DATE.fullmatch(text.strip()) is not None


@functools.cache
def _exchanged(declared: str) -> str | None:
    """Give the format with day and month exchanged; None where the year goes first, after which nobody writes so."""
    directives = [part for part in _PART.findall(declared) if part in _DIGITS]
    if directives[:2] not in (["%d", "%m"], ["%m", "%d"]):
        return None
    other = {"%d": "%m", "%m": "%d"}
    return "".join(other.get(part, part) for part in _PART.findall(declared))


@functools.cache
def _runs_of_digits(declared: str) -> str:
    """Give what a format writes with each run of digits as one."""
    return _RUN.sub("0", "".join("0" if part in _DIGITS else part for part in _PART.findall(declared)))


@functools.cache
def _shape(declared: str, shortest_year: int = 4) -> re.Pattern[str]:
    """Give the regular expression of what a format writes, be it a day or not."""
    parts = _PART.findall(declared)
    numbers = [part in _DIGITS or part.isdecimal() for part in parts]
    patterns = []
    for at, part in enumerate(parts):
        if part in _DIGITS:
            beside = (at > 0 and numbers[at - 1]) or (at + 1 < len(parts) and numbers[at + 1])
            least = _DIGITS[part] if beside or part == "%y" else shortest_year if part in _YEARS else 1
            patterns.append(f"[0-9]{{{least},{_DIGITS[part]}}}")
        elif part == "%%":
            patterns.append("%")
        elif part[0] == "%":
            patterns.append(r"[^\W\d_][\w.]*")
        else:
            patterns.append(r"\s+" if part.isspace() else re.escape(part))
    return re.compile("".join(patterns), re.IGNORECASE)
