"""Some whole lines of LIBSVM text as a table: all at once where they are well-formed, one by one where not."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

Label = tuple[str | float | None, ...]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INDEX = re.compile(r"[0-9]{1,9}")
_ONE_BY_ONE = 32
_LONGEST_QUOTE = 40
_LISTED = 5
_NO_SEPARATORS = bytes(set(range(256)) - set(b" :\n"))
_PRINTABLE = bytes([*b"\n", *range(32, 127)])
_ODD_NUMBERS = (b" 0", b"x", b"X")
_COLONS_TO_SPACES = bytes.maketrans(b":", b" ")


@dataclass(frozen=True)
class Layout:
    """What a line holds: `features` numbered values after the parts of the label.

    A first part that is `unknown_label` says that the label is not known yet.
    """

    features: int
    label_fields: tuple[str, ...]
    unknown_label: str

    @cached_property
    def cells(self) -> list[str]:
        """Names of the cells of a line: the label, then index and value in turn."""
        return ["label", *(name for at in range(1, self.features + 1) for name in (f"i{at}", f"x{at}"))]

    @cached_property
    def cell_types(self) -> dict[str, pa.DataType]:
        """Types of the cells."""
        kinds = {"i": pa.int64(), "x": pa.float64()}
        return {"label": pa.string(), **{name: kinds[name[0]] for name in self.cells[1:]}}


class _LineProblemError(Exception):
    """A line that cannot be read; the text has the column, what was found and what is expected."""


@dataclass
class _Rows:
    """Parsed lines, in the order of the file."""

    values: np.ndarray
    labels: list[Label | None]
    problems: list[str | None]


def parse_block(block: bytes, first_line: int, layout: Layout) -> tuple[pa.Table, int]:
    """Parse whole lines.

    Parameters
    ----------
    block
        UTF-8 text that ends in a newline.
    first_line
        1-based number of the block's first line in its file.
    layout
        What a line holds.

    Returns
    -------
    tuple
        The bronze rows (see `LibsvmSource.read`) of all lines that are not blank, and the number of lines, blank
        ones included.
    """
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if b" \n" in block or b"\t\n" in block:
        block = re.sub(rb"[ \t]+\n", b"\n", block)
    lines = block.split(b"\n")[:-1]
    numbers = np.arange(first_line, first_line + len(lines))
    total = len(lines)
    filled = np.fromiter((bool(line.strip()) for line in lines), bool, total)
    if not filled.all():
        lines = [line for line, keep in zip(lines, filled, strict=True) if keep]
        numbers = numbers[filled]
    rows = _Rows(np.full((len(lines), layout.features), np.nan), [None] * len(lines), [None] * len(lines))
    shaped = np.fromiter((line.count(b":") == layout.features == line.count(b" ") for line in lines), bool, len(lines))
    shaped[shaped] = _is_plain([line for line, at in zip(lines, shaped, strict=True) if at], layout.features)
    _parse_together(lines, np.flatnonzero(shaped), numbers, layout, rows)
    _parse_singly(lines, np.flatnonzero(~shaped), numbers, layout, rows)
    return _as_table(lines, numbers, layout, rows), total


def _is_plain(lines: list[bytes], features: int) -> np.ndarray:
    """Tell of lines with as many spaces and colons as `features` whether they take turns, and nothing odd is between.

    Where ``:`` stands for a space, ``1 1:2 2:3:3`` would be as good as ``1 1:2 2:3 3:3``. A tab, a control character
    or one beyond ASCII parts words for Python alone, a zero more or ``0x`` makes an index for Arrow alone.
    """
    if not lines:
        return np.empty(0, bool)
    text = b"\n".join(lines)
    in_turn = b" :" * features + b"\n"
    separators = text.translate(None, _NO_SEPARATORS) + b"\n"
    if separators == in_turn * len(lines):
        plain = np.ones(len(lines), bool)
    else:
        by_line = np.frombuffer(separators, np.uint8).reshape(len(lines), len(in_turn))
        plain = (by_line == np.frombuffer(in_turn, np.uint8)).all(axis=1)
    if _is_odd(text):
        plain &= np.fromiter((not _is_odd(line) for line in lines), bool, len(lines))
    return plain


def _is_odd(text: bytes) -> bool:
    return any(part in text for part in _ODD_NUMBERS) or bool(text.translate(None, _PRINTABLE))


def _parse_together(lines: list[bytes], at: np.ndarray, numbers: np.ndarray, layout: Layout, rows: _Rows) -> None:
    """Parse the lines at positions `at` as one CSV; where that fails, in halves, and at last one by one."""
    if len(at) == 0:
        return
    text = b"\n".join([lines[position] for position in at] if len(at) < len(lines) else lines)
    try:
        cells = pa_csv.read_csv(
            pa.BufferReader(text.translate(_COLONS_TO_SPACES)),
            read_options=pa_csv.ReadOptions(column_names=layout.cells),
            parse_options=pa_csv.ParseOptions(delimiter=" ", quote_char=False, ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(
                column_types=layout.cell_types, null_values=[], strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        if len(at) <= _ONE_BY_ONE:
            _parse_singly(lines, at, numbers, layout, rows)
        else:
            for half in np.array_split(at, 2):
                _parse_together(lines, half, numbers, layout, rows)
        return
    values = np.column_stack([cells.column(f"x{index}").to_numpy() for index in range(1, layout.features + 1)])
    good = np.isfinite(values).all(axis=1)
    for index in range(1, layout.features + 1):
        good &= cells.column(f"i{index}").to_numpy() == index
    labels = {text: _parsed_label(text, layout) for text in pc.unique(cells.column("label")).to_pylist()}
    good &= np.fromiter((labels[text] is not None for text in cells.column("label").to_pylist()), bool, len(at))
    rows.values[at[good]] = values[good]
    for position, text in zip(at, cells.column("label").to_pylist(), strict=True):
        rows.labels[position] = labels[text]
    _parse_singly(lines, at[~good], numbers, layout, rows)


def _parse_singly(lines: list[bytes], at: np.ndarray, numbers: np.ndarray, layout: Layout, rows: _Rows) -> None:
    """Parse the lines at positions `at` one by one, and say what is wrong with those that cannot be read."""
    for position in at:
        try:
            label, values = _parse_line(lines[position].decode(), layout)
        except _LineProblemError as problem:
            rows.labels[position] = None
            rows.problems[position] = f"line {numbers[position]}, {problem}"
        else:
            rows.labels[position] = label
            rows.values[position] = values


def _parse_line(text: str, layout: Layout) -> tuple[Label, list[float]]:
    tokens = text.split()
    if ":" in tokens[0] or text[0].isspace():
        raise _LineProblemError(
            f"column label: found {_quoted(tokens[0])}, expected a label before the first value, or "
            f"{layout.unknown_label!r} where it is not known yet"
        )
    label = _parse_label(tokens[0], layout)
    values: dict[int, float] = {}
    for token in tokens[1:]:
        index_text, colon, value_text = token.partition(":")
        if not colon or not _INDEX.fullmatch(index_text):
            raise _LineProblemError(f"column {len(values) + 1}: found {_quoted(token)}, expected <index>:<value>")
        index = int(index_text)
        if not 1 <= index <= layout.features:
            raise _LineProblemError(
                f"column {index}: found index {index}, expected an index from 1 to {layout.features}"
            )
        if index in values:
            raise _LineProblemError(f"column {index}: found index {index} twice, expected each index once")
        values[index] = _parse_number(value_text, str(index))
    missing = [index for index in range(1, layout.features + 1) if index not in values]
    if missing:
        raise _LineProblemError(
            f"column {missing[0]}: found no value for index {_listed(missing)}, expected {layout.features} values"
        )
    return label, [values[index] for index in range(1, layout.features + 1)]


def _parse_label(text: str, layout: Layout) -> Label:
    first, *others = text.split(";")
    names = layout.label_fields
    if not first:
        raise _LineProblemError(f"column {names[0]}: found {_quoted(text)}, expected a label")
    if len(others) >= len(names):
        raise _LineProblemError(
            f"column {names[0]}: found {_quoted(text)}, which has {len(others) + 1} parts, expected {';'.join(names)}; "
            f"declare the other parts in label_fields"
        )
    numbers = [_parse_number(part, name) for part, name in zip(others, names[1:], strict=False)]
    known = None if first == layout.unknown_label else first
    return known, *numbers, *[None] * (len(names) - 1 - len(numbers))


def _parsed_label(text: str, layout: Layout) -> Label | None:
    try:
        return _parse_label(text, layout)
    except _LineProblemError:
        return None


def _parse_number(text: str, column: str) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise _LineProblemError(f"column {column}: found {_quoted(text)}, expected a finite number")
    return value


def _as_table(lines: list[bytes], numbers: np.ndarray, layout: Layout, rows: _Rows) -> pa.Table:
    bad = np.fromiter((problem is not None for problem in rows.problems), bool, len(lines))
    columns = {"source_line": pa.array(numbers, pa.int64())}
    for at, name in enumerate(layout.label_fields):
        kind = pa.float64() if at else pa.string()
        columns[name] = pa.array([None if label is None else label[at] for label in rows.labels], kind)
    for at in range(layout.features):
        columns[f"x{at + 1}"] = pa.array(rows.values[:, at], pa.float64(), mask=bad)
    columns["problem"] = pa.array(rows.problems, pa.string())
    texts = [line.decode() if wrong else None for line, wrong in zip(lines, bad, strict=True)]
    columns["source_text"] = pa.array(texts, pa.string())
    return pa.table(columns)


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…")


def _listed(indexes: list[int]) -> str:
    shown = ", ".join(str(index) for index in indexes[:_LISTED])
    return shown if len(indexes) <= _LISTED else f"{shown} and {len(indexes) - _LISTED} more"
