"""The records of a CSV text with the lines they begin in: at once where each is one line, one by one where not."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from driftwatch_assets.sources.refusal import DeliveryRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from driftwatch_assets.sources.csv_dialect import Dialect

_NEWLINE, _RETURN = 10, 13
_BLOCK_BYTES = 2**20
_RECORDS_AT_ONCE = 2**16
_END = "\0"
"""Fed to the reader after the last line; a text that has it is refused before."""


@dataclass(frozen=True)
class Records:
    """The records of a text, in its order.

    Attributes
    ----------
    columns
        Name → texts (string; null where the value is missing or the record has a problem).
    lines
        The 1-based physical line in which each record begins.
    problems
        Position of a record → why it cannot be read.
    text_of
        Gives the text of the record at a position, without its last newline.
    """

    columns: dict[str, pa.ChunkedArray]
    lines: np.ndarray
    problems: dict[int, str]
    text_of: Callable[[int], str]


@dataclass(frozen=True)
class Body:
    """What is left of a text after its header: where it begins, in bytes, and the number of its first line."""

    start: int
    first_line: int


def read_header(path: Path, text: bytes, dialect: Dialect) -> tuple[list[str], Body]:
    """Give the fields of the first record that is not blank, and what follows it.

    Raises
    ------
    DeliveryRefused
        There is none, its quote is not closed, or it is longer than a line may be.
    """
    used = 0

    def counted() -> Iterator[str]:
        nonlocal used
        for line in io.TextIOWrapper(io.BytesIO(text), "utf-8", newline=""):
            used += len(line.encode())
            yield line

    for _, last, fields in _parse(path, counted(), 1, dialect):
        return fields, Body(used, last + 1)
    raise DeliveryRefused(path, None, None, "the file is empty", "Deliver it again with its header and its rows.")


def read_records(path: Path, text: bytes, body: Body, names: list[str], dialect: Dialect) -> Records:
    """Split a text into records.

    Quotes are read as Python's ``csv`` reads them: only at the beginning of a field, doubled for a quote within, or
    after the declared escape. Blank lines are left out, and count as lines. A record with another number of fields is
    one with a problem, and so is a line that escapes a quote where no escape is declared.

    Parameters
    ----------
    path
        The file, for refusals.
    text
        UTF-8 without NUL.
    body
        Where the records begin.
    names
        The fields of a record, in the order of the file.
    dialect
        How it is written.

    Raises
    ------
    DeliveryRefused
        A line is too long, a quote is not closed, or the text ends within a record.
    """
    content = np.frombuffer(text, np.uint8, offset=body.start) if len(text) > body.start else np.empty(0, np.uint8)
    ends = np.flatnonzero(content == _NEWLINE)
    if len(content) and content[-1] != _NEWLINE:
        ends = np.append(ends, len(content))
    starts = np.concatenate([np.zeros(min(1, len(ends)), ends.dtype), ends[:-1] + 1])
    lengths = ends - starts
    longest = int(lengths.max(initial=0))
    if longest > dialect.max_line_bytes:
        line = body.first_line + int(lengths.argmax())
        raise _too_long(path, line, f"the line has {longest:,} bytes", dialect)
    if not dialect.has_escapes(text, body.start) and text.count(b"\r", body.start) == text.count(b"\r\n", body.start):
        filled = lengths > 0
        filled[filled] = (lengths[filled] > 1) | (content[starts[filled]] != _RETURN)
        spans = np.column_stack([starts[filled], ends[filled]])
        records = _one_a_line(path, text, body, names, dialect, spans, np.flatnonzero(filled) + body.first_line)
        if records is not None:
            return records
    return _parse_singly(path, text, body, names, dialect)


def _one_a_line(
    path: Path, text: bytes, body: Body, names: list[str], dialect: Dialect, spans: np.ndarray, lines: np.ndarray
) -> Records | None:
    """Read all records at once, or give None where one of them is not exactly one line.

    `spans` has the first and the last byte of each line that is not blank, from the body's start; `lines` its number.
    """

    def text_of(row: int) -> str:
        start, end = (int(at) + body.start for at in spans[row])
        return text[start:end].decode().removesuffix("\r")

    if len(lines) == 0:
        return Records({name: pa.chunked_array([], pa.string()) for name in names}, lines, {}, text_of)
    parsed = _parse_together(text, body, names, dialect, spans)
    if parsed is None:
        return None
    columns, ragged = parsed
    # Whether a last line that is ragged and has no end is truncated, or its quote is open, is told one by one.
    if len(lines) - 1 in ragged and body.start + spans[-1][1] == len(text):
        return None
    # pyarrow itself closes a quote that is open at the end; where each record is one line, only the last can be.
    for _ in _parse(path, [text_of(-1)], int(lines[-1]), dialect):
        pass
    problems = {row: _ragged(int(lines[row]), fields, names) for row, fields in sorted(ragged.items())}
    return Records(columns, lines, problems, text_of)


def _parse_together(
    text: bytes, body: Body, names: list[str], dialect: Dialect, spans: np.ndarray
) -> tuple[dict[str, pa.ChunkedArray], dict[int, int]] | None:
    """Give the columns, and the ragged records as position → number of fields."""
    rows, longest = len(spans), int((spans[:, 1] - spans[:, 0]).max())
    ragged: dict[int, int] = {}

    def skip(record: pa_csv.InvalidRow) -> str:
        # Several threads give no number; whether there is any ragged record is all that counts then.
        ragged[(record.number or 0) - 1] = record.actual_columns
        return "skip"

    def read(*, threads: bool) -> pa.Table:
        ragged.clear()
        return pa_csv.read_csv(
            pa.BufferReader(pa.py_buffer(text)[body.start :]),
            read_options=pa_csv.ReadOptions(
                column_names=names, block_size=max(_BLOCK_BYTES, 2 * longest), use_threads=threads
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote or False,
                ignore_empty_lines=True,
                invalid_row_handler=skip,
            ),
            convert_options=pa_csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(names, pa.string()),
                null_values=list(dialect.missing),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )

    try:
        table = read(threads=True)
        if ragged:
            table = read(threads=False)
    except pa.ArrowInvalid:
        return None
    if table.num_rows + len(ragged) != rows:
        return None
    if ragged:
        whole = ~np.isin(np.arange(rows), list(ragged))
        table = table.take(pa.array(np.cumsum(whole) - 1, mask=~whole))
    return dict(zip(names, table.columns, strict=True)), ragged


def _parse_singly(path: Path, text: bytes, body: Body, names: list[str], dialect: Dialect) -> Records:
    lines = list(io.StringIO(text[body.start :].decode(), newline=""))
    spans: list[tuple[int, int]] = []
    problems: dict[int, str] = {}
    parts: list[pa.Table] = []
    pending: list[tuple[str | None, ...]] = []
    lacking: tuple[None, ...] = (None,) * len(names)

    def flush() -> None:
        columns = zip(*pending, strict=True) if pending else ((),) * len(names)
        arrays = [pa.array(column, pa.string()) for column in columns]
        parts.append(pa.Table.from_arrays(arrays, names=[str(at) for at in range(len(names))]))
        pending.clear()

    watched = dialect.escape is None and dialect.has_escapes(text, body.start)
    for first, last, fields in _parse(path, lines, body.first_line, dialect, watched=watched):
        if watched and dialect.shows_escape("".join(lines[first - body.first_line : last - body.first_line + 1])):
            problems[len(spans)] = (
                f"line {first}: found a quote after a backslash, expected quotes as they are declared"
            )
            pending.append(lacking)
        elif len(fields) == len(names):
            pending.append(tuple(fields))
        else:
            if len(fields) < len(names) and last == body.first_line + len(lines) - 1 and lines[-1][-1] not in "\r\n":
                raise DeliveryRefused(
                    path,
                    first,
                    None,
                    f"the file ends within the line, after {len(fields)} of {len(names)} fields and without a newline, "
                    f"so it is truncated",
                    "Deliver the whole file again; if this line is whole, end it with a newline.",
                )
            problems[len(spans)] = _ragged(first, len(fields), names)
            pending.append(lacking)
        spans.append((first, last))
        if len(pending) == _RECORDS_AT_ONCE:
            flush()
    flush()
    missing = pa.array(dialect.missing, pa.string())
    columns = [
        pc.if_else(pc.is_in(column, value_set=missing), pa.scalar(None, pa.string()), column)
        for column in pa.concat_tables(parts).columns
    ]

    def text_of(row: int) -> str:
        first, last = (line - body.first_line for line in spans[row])
        return "".join(lines[first : last + 1]).rstrip("\r\n")

    begins = np.fromiter((first for first, _ in spans), np.int64, len(spans))
    return Records(dict(zip(names, columns, strict=True)), begins, problems, text_of)


def _parse(
    path: Path, lines: Iterable[str], first_line: int, dialect: Dialect, *, watched: bool = False
) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the first and the last line of each record that is not blank, and its fields.

    Where lines are `watched`, one that begins a record and escapes a quote is kept from the reader, which would take
    the lines after it for a part of the field; it has no fields.
    """
    # The limit is one of the whole process, so it is never lowered here.
    csv.field_size_limit(max(csv.field_size_limit(), dialect.max_line_bytes))
    left = chain(lines, [_END])
    ahead: list[str] = []

    def fed() -> Iterator[str]:
        while True:
            yield ahead.pop() if ahead else next(left)

    reader = csv.reader(
        fed() if watched else left,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        quoting=csv.QUOTE_NONE if dialect.quote is None else csv.QUOTE_MINIMAL,
    )
    read = kept_back = 0
    while True:
        first = first_line + read
        if watched and _held_back(left, ahead, dialect):
            kept_back += 1
            read += 1
            yield first, first, []
            continue
        try:
            fields = next(reader)
        except csv.Error as error:
            raise _too_long(path, first, f"the record that begins here cannot be read ({error})", dialect) from error
        lines_before, read = read, reader.line_num + kept_back
        if fields == [_END] and read == lines_before + 1:
            return
        if fields and fields[-1].endswith(_END):
            raise DeliveryRefused(
                path,
                first,
                None,
                f"a quote ({dialect.quote}) is opened in the record that begins here, and the file ends before it is "
                f"closed",
                "Deliver the whole file again, or correct delimiter, quote and escape in the source's declaration.",
            )
        if (size := sum(map(len, fields))) > dialect.max_line_bytes:
            raise _too_long(path, first, f"the record that begins here has {size:,} characters", dialect)
        if fields:
            yield first, first_line + read - 1, fields


def _held_back(left: Iterator[str], ahead: list[str], dialect: Dialect) -> bool:
    """Take the next line, and hand it on by `ahead` unless it escapes a quote."""
    line = next(left)
    if dialect.shows_escape(line):
        return True
    ahead.append(line)
    return False


def _ragged(line: int, fields: int, names: list[str]) -> str:
    return f"line {line}: found {fields} fields, expected {len(names)}"


def _too_long(path: Path, line: int, found: str, dialect: Dialect) -> DeliveryRefused:
    return DeliveryRefused(
        path,
        line,
        None,
        f"{found}, more than max_line_bytes: {dialect.max_line_bytes:,} allows; the likely cause is a quote that is "
        f"not closed, or a file that is no CSV",
        "Correct the file, or raise max_line_bytes in the source's declaration.",
    )
