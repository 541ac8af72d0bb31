"""Tables as CSV files, in a dialect, an encoding and date formats that are declared and never guessed."""

from __future__ import annotations

import codecs
import difflib
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from driftwatch_assets.sources.csv_dates import Contradiction, Dates, check_format, choose_dates, has_two_digit_year
from driftwatch_assets.sources.csv_dialect import Dialect
from driftwatch_assets.sources.csv_records import Body, Records, read_header, read_records
from driftwatch_assets.sources.csv_text import read_text
from driftwatch_assets.sources.csv_values import EXPECTED, CsvType, as_numbers
from driftwatch_assets.sources.quarantine import WITHHELD_TEXT
from driftwatch_assets.sources.refusal import DeliveryRefused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_TAKEN_NAMES = frozenset({"source_line", "problem", "source_text"})
_LONGEST_QUOTE = 40
_LISTED = 5


class CsvSource(BaseModel):
    r"""How to read a CSV file into a bronze table.

    A file is read whole or refused; within it, a record with another number of fields, or one that repeats the header,
    becomes a row with a ``problem`` and no values, and one with a value that is not of its declared type, or is no day,
    a row with a ``problem`` and its dates alone, which tell the window that it belongs to. A date that contradicts its
    declared format (see `as_dates`) refuses the whole file: the other dates of that file may be read, and be wrong.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp(), "loans.csv")
    >>> _ = file.write_text("start,loan_id\n31/1/2024,A1\n1/2/2024,A2,\n")
    >>> source = CsvSource(columns=("loan_id", "start"), dates={"start": "%d/%m/%Y"})
    >>> table = source.read(file)
    >>> table.column("start")[0].as_py().month
    1
    >>> table.column("problem").to_pylist()
    [None, 'line 3: found 3 fields, expected 2']
    >>> _ = file.write_text("start,loan_id\n31/1/2024,A1\n2024-02-01,A2\n")
    >>> source.read(file)
    Traceback (most recent call last):
    ...
    driftwatch_assets.sources.refusal.DeliveryRefused: ...loans.csv, line 3, column start: found '2024-02-01', which ...
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["csv"] = Field(default="csv", description="The file format.")
    columns: tuple[str, ...] = Field(
        min_length=1,
        description="The columns that a file has, no others; its header may have them in any order. Without a header "
        "they name the fields in this order.",
    )
    header: bool = Field(default=True, description="Whether the first line names the columns.")
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="The character between fields.")
    quote: str | None = Field(
        default='"',
        min_length=1,
        max_length=1,
        description="The character around fields that hold a delimiter or a newline; null where nothing is quoted.",
    )
    escape: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="The character that makes the next one a part of the field as it is, e.g. a backslash; null where "
        "a quote within quotes is doubled. A line that escapes a quote though no escape is declared is put aside.",
    )
    encoding: str = Field(default="utf-8", description="The encoding of the file, as Python names it, e.g. cp1252.")
    missing: tuple[str, ...] = Field(default=("",), description="Texts that mean that a value is missing.")
    dates: dict[str, str | tuple[str, ...]] = Field(
        default_factory=dict,
        description="Column → the strptime format of its dates, e.g. %d/%m/%Y, or a list of formats that a file may "
        "have. The lists of all columns are equally long: a file has the first format of each, or the second of each.",
    )
    pivot_year: int | None = Field(
        default=None,
        ge=1800,
        le=2100,
        description="The first year that a two-digit year (%y) can mean: with 1950, 50 is 1950 and 49 is 2049.",
    )
    types: dict[str, CsvType] = Field(
        default_factory=dict,
        description="Column → text, number or integer; columns that are not named stay text, as they came.",
    )
    personal: tuple[str, ...] = Field(
        default=(), description="Columns with personal data: no message ever shows a value of them."
    )
    may_be_empty: bool = Field(default=False, description="Whether a file without rows is a delivery.")
    max_bytes: int = Field(default=256 * 2**20, ge=1, le=2**30, description="The largest file that is read, in bytes.")
    max_line_bytes: int = Field(
        default=2**17, ge=1, le=2**26, description="The longest line and the longest record that are read, in bytes."
    )

    @field_validator("columns")
    @classmethod
    def _usable_columns(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not name.strip() or name in _TAKEN_NAMES:
                raise ValueError(
                    f"column {name!r} cannot be declared: expected a name that is not blank and none of "
                    f"{', '.join(sorted(_TAKEN_NAMES))}"
                )
        if twice := _twice(names):
            raise ValueError(f"columns names {', '.join(twice)} twice")
        return names

    @field_validator("delimiter", "quote", "escape")
    @classmethod
    def _usable_character(cls, character: str | None) -> str | None:
        if character is not None and (not character.isascii() or character in "\r\n\0"):
            raise ValueError(f"{character!r} cannot part, enclose or escape: expected one ASCII character, no newline")
        return character

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str) -> str:
        try:
            known = codecs.lookup(name)
            "1".encode(name)
        except (LookupError, UnicodeError) as error:
            raise ValueError(f"encoding {name!r} is unknown: expected one of Python's, e.g. utf-8 or cp1252") from error
        return name if known.name != "utf-8-sig" else "utf-8"

    @field_validator("dates")
    @classmethod
    def _usable_formats(cls, dates: dict[str, str | tuple[str, ...]]) -> dict[str, str | tuple[str, ...]]:
        for column, formats in dates.items():
            if not formats:
                raise ValueError(f"dates names no format for column {column!r}")
            for declared in _formats(formats):
                check_format(declared)
        lists = {column: len(_formats(formats)) for column, formats in dates.items() if len(_formats(formats)) > 1}
        if len({*lists.values()}) > 1:
            counted = ", ".join(f"{column} has {count}" for column, count in lists.items())
            raise ValueError(
                f"dates has lists of formats that do not go together ({counted}): expected equally many, since a file "
                f"has the first format in each of these columns, or the second in each"
            )
        return dates

    @model_validator(mode="after")
    def _consistent(self) -> CsvSource:
        if self.delimiter == self.quote:
            raise ValueError(f"delimiter and quote are both {self.quote!r}")
        if self.escape is not None and self.escape in {self.delimiter, self.quote}:
            raise ValueError(f"escape is {self.escape!r}, which is the delimiter or the quote already")
        for field, named in (("dates", self.dates), ("types", self.types), ("personal", self.personal)):
            for column in named:
                if column not in self.columns:
                    raise ValueError(
                        f"{field} names column {column!r}, which is not in columns{_nearest(column, self.columns)}"
                    )
        for column, declared in self.dates.items():
            if self.pivot_year is None and any(map(has_two_digit_year, _formats(declared))):
                raise ValueError(
                    f"dates has a two-digit year (%y) for column {column!r}, and nobody says of which century: declare "
                    f"pivot_year, the first year that it can mean, e.g. 1950 for 1950 to 2049"
                )
        if both := sorted(self.dates.keys() & self.types.keys()):
            raise ValueError(f"column {both[0]!r} is in dates and in types: expected it in one of them")
        return self

    def read(self, path: Path) -> pa.Table:
        """Read a file as a bronze table.

        Returns
        -------
        pyarrow.Table
            One row a record: ``source_line`` (int64, the physical line where it begins, from 1, header and blank
            lines included), the columns in their declared order (string; timestamp[us] for `dates`; float64 or int64
            for `types`; null where missing), ``problem`` (string, null where the record was read; it names line and
            column, what was found and what is expected) and ``source_text`` (the record, where `problem` is set, or
            `WITHHELD_TEXT` where the table has personal columns).

        Raises
        ------
        DeliveryRefused
            The file cannot be opened, is too large, empty, truncated, no text in its encoding, lacks a column or has
            one too many, has a date in another format than declared, or not one of its rows can be read.
        """
        dialect = Dialect(self.delimiter, self.quote, self.missing, self.max_line_bytes, self.escape)
        text = read_text(path, self.encoding, self.max_bytes)
        names, body = list(self.columns), Body(0, 1)
        if self.header:
            names, body = read_header(path, text, dialect)
            self._check_header(path, names)
        records = read_records(path, text, body, names, dialect)
        if len(records.lines) == 0 and not self.may_be_empty:
            raise DeliveryRefused(
                path,
                None,
                None,
                f"the file {'has a header and no rows' if self.header else 'is empty'}",
                "Deliver it again with its rows, or declare may_be_empty: true if none is a delivery.",
            )
        return self._bronze(path, records)

    def _headers(self, texts: dict[str, pa.ChunkedArray]) -> list[int]:
        """Find the records that repeat the header, as where files were put one behind the other."""
        if len(texts) == 1:
            return []
        again: np.ndarray | None = None
        for name, column in texts.items():
            same = np.asarray(pc.fill_null(pc.equal(column, name), False))
            again = same if again is None else again & same
            if not again.any():
                return []
        return [] if again is None else np.flatnonzero(again).tolist()

    def _check_header(self, path: Path, found: list[str]) -> None:
        if twice := _twice(found):
            shown = [name for name in twice if name in self.columns or not self.personal]
            raise DeliveryRefused(
                path, 1, shown[0] if shown else None, "the header names a column twice", "Name each column once."
            )
        missing = [name for name in self.columns if name not in found]
        extra = [name for name in found if name not in self.columns]
        if not missing and not extra:
            return
        # A first line without any declared column may be a row, whose values may be personal.
        a_header = len(missing) < len(self.columns)
        parts = []
        if missing:
            near = extra if a_header else []
            parts.append(f"it lacks {_listed(f'{name}{_nearest(name, near)}' for name in missing)}")
        if extra and (a_header or not self.personal):
            named = (f"{_quoted(name)}{_nearest(name, missing or self.columns)}" for name in extra)
            parts.append(f"it has {_listed(named)}, not declared")
        if not a_header:
            parts.append("so its first line seems to be no header")
        raise DeliveryRefused(
            path,
            1,
            (missing or extra)[0] if a_header else None,
            f"the columns are not those that are declared: {'; '.join(parts)}",
            f"Expected exactly {', '.join(self.columns)}, in any order: correct the file, or the source's declaration.",
        )

    def _bronze(self, path: Path, records: Records) -> pa.Table:
        problems = dict(records.problems)
        texts = records.columns
        for row in self._headers(texts):
            problems[row] = f"line {records.lines[row]}: it repeats the header"
        if len(problems) > len(records.problems):
            again = pa.array(np.isin(np.arange(len(records.lines)), list(problems)))
            texts = {name: pc.if_else(again, pa.scalar(None, pa.string()), column) for name, column in texts.items()}
        columns: dict[str, pa.ChunkedArray] = {}
        dates = self._dates(path, texts, records.lines)
        for name in self.columns:
            kind = self.types.get(name, "text")
            unfit, expected = np.empty(0, int), ""
            if name in dates:
                columns[name], unfit = dates[name].values, dates[name].unfit
                expected = f"a day or a moment as {dates[name].declared}"
            elif kind != "text":
                columns[name], is_unfit = as_numbers(texts[name], kind)
                unfit, expected = np.flatnonzero(is_unfit.to_numpy()), EXPECTED[kind]
            else:
                columns[name] = texts[name]
            for row in unfit.tolist():
                found = self._shown(name, texts[name][row].as_py())
                problem = f"line {records.lines[row]}, column {name}: found {found}, expected {expected}"
                problems.setdefault(row, problem)
        rows = len(records.lines)
        if rows and len(problems) == rows:
            raise DeliveryRefused(
                path,
                int(records.lines[0]),
                None,
                f"none of its {rows:,} rows can be read; the first: {problems[0]}",
                "Deliver the file as it is declared, or correct delimiter, columns and types in the declaration.",
            )
        reasons = np.full(rows, None, object)
        texts_of = np.full(rows, None, object)
        for row, problem in problems.items():
            reasons[row] = problem
            texts_of[row] = WITHHELD_TEXT if self.personal else records.text_of(row)
        if len(problems) > len(records.problems):
            wrong = pa.array(np.isin(np.arange(rows), list(problems)))
            columns = {
                name: values if name in dates else pc.if_else(wrong, pa.scalar(None, values.type), values)
                for name, values in columns.items()
            }
        return pa.table(
            {
                "source_line": pa.array(records.lines, pa.int64()),
                **columns,
                "problem": pa.array(reasons, pa.string()),
                "source_text": pa.array(texts_of, pa.string()),
            }
        ).combine_chunks()

    def _dates(self, path: Path, texts: dict[str, pa.ChunkedArray], lines: np.ndarray) -> dict[str, Dates]:
        """Read the date columns by the choice of formats that the file has, or refuse the file."""
        formats = {name: _formats(declared) for name, declared in self.dates.items()}
        found = choose_dates(texts, formats, self.pivot_year)
        if not isinstance(found, Contradiction):
            return found
        others = [declared for declared in formats[found.column] if declared != found.declared]
        raise DeliveryRefused(
            path,
            int(lines[found.row]),
            found.column,
            f"found {self._shown(found.column, texts[found.column][found.row].as_py())}, which does not fit the "
            f"declared format {found.declared}"
            f"{f' (nor do all dates of the file fit {_listed(others)})' if others else ''}",
            "A file has all its dates in one format: correct it at its origin, or the formats in dates.",
        )

    def _shown(self, column: str, value: str) -> str:
        return "a value that is withheld (the column is personal)" if column in self.personal else _quoted(value)


def _formats(declared: str | tuple[str, ...]) -> tuple[str, ...]:
    return (declared,) if isinstance(declared, str) else declared


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]


def _nearest(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(names), n=1)
    return f" (nearest: {near[0]})" if near else ""


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…")


def _listed(names: Iterable[str]) -> str:
    all_names = list(names)
    more = len(all_names) - _LISTED
    return ", ".join(all_names[:_LISTED]) + (f" and {more} more" if more > 0 else "")
