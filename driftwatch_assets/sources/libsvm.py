"""Files in the LIBSVM text format: a label and numbered values a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, field_validator

from driftwatch_assets.sources.libsvm_block import Layout, parse_block
from driftwatch_assets.sources.refusal import DeliveryRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK_BYTES = 8 * 2**20
"""Bytes that are parsed at once; also the longest line that is taken."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DELIVER_TEXT = "Deliver the file as LIBSVM text, one row a line."
_LONGEST_QUOTE = 40
_NAME = re.compile(r"[A-Za-z_]\w*")
_TAKEN_NAMES = frozenset({"source_line", "problem", "source_text"})


class LibsvmSource(BaseModel):
    r"""How to read LIBSVM text into a bronze table.

    A line is ``<label> 1:<value> … <features>:<value>``; with more than one label field the label is
    ``<first>;<second>…``, and ``?`` (`unknown_label`) stands for one that is not known yet. A file is read whole or
    refused; within it, a line that cannot be read becomes a row with a ``problem`` and no values.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp(), "batch1.dat")
    >>> _ = file.write_text("1 1:0.5 2:7\n2 1:0.25 3:8\n")
    >>> table = LibsvmSource(features=2).read(file)
    >>> table.column("x1").to_pylist()
    [0.5, None]
    >>> table.column("problem").to_pylist()[1]
    'line 2, column 3: found index 3, expected an index from 1 to 2'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["libsvm"] = Field(default="libsvm", description="The file format.")
    features: int = Field(ge=1, le=10_000, description="How many values a line holds, numbered from 1.")
    label_fields: tuple[str, ...] = Field(
        default=("label",),
        min_length=1,
        description="Names of the parts of the label, which the file separates by ';'. The first is kept as written, "
        "the others are numbers and may be absent from the file, e.g. [label, concentration].",
    )
    unknown_label: str = Field(
        default="?",
        pattern=r"^[^\s:;]+$",
        description="What stands for a label that is not known yet; it becomes null, and the row goes on without it.",
    )
    max_bytes: int = Field(default=256 * 2**20, ge=1, description="The largest file that is read, in bytes.")

    @field_validator("label_fields")
    @classmethod
    def _usable_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not _NAME.fullmatch(name) or name in _TAKEN_NAMES or re.fullmatch(r"x\d+", name):
                raise ValueError(
                    f"label field {name!r} is no usable column name: expected a word that is not one of "
                    f"{', '.join(sorted(_TAKEN_NAMES))} and not x1, x2, …"
                )
        if len(set(names)) != len(names):
            raise ValueError(f"label_fields names a column twice: {', '.join(names)}")
        return names

    @property
    def feature_columns(self) -> tuple[str, ...]:
        """Names of the value columns: ``x1`` … ``x<features>``."""
        return tuple(f"x{index}" for index in range(1, self.features + 1))

    def read(self, path: Path) -> pa.Table:
        """Read a file as a bronze table.

        Returns
        -------
        pyarrow.Table
            One row a line that is not blank: ``source_line`` (int64, from 1), the label fields (the first as string,
            null where it is not known yet; the others as float64), ``x1`` … (float64, finite), ``problem`` (string,
            null where the line was read; it names line and column, what was found and what is expected) and
            ``source_text`` (the line, where `problem` is set).

        Raises
        ------
        DeliveryRefused
            The file cannot be opened, is larger than `max_bytes`, empty, no text, ends within a line, or not one of
            its lines can be read.
        """
        layout = Layout(self.features, self.label_fields, self.unknown_label)
        parts: list[pa.Table] = []
        line = 1
        for block in self._blocks(path):
            table, lines = parse_block(block, line, layout)
            parts.append(table)
            line += lines
        bronze = pa.concat_tables(parts) if parts else None
        if bronze is None or bronze.num_rows == 0:
            raise DeliveryRefused(path, None, None, "the file is empty", "Deliver it again with its lines.")
        problems = bronze.column("problem")
        if problems.null_count == 0:
            raise DeliveryRefused(
                path,
                bronze.column("source_line")[0].as_py(),
                None,
                f"none of its {bronze.num_rows:,} lines can be read; the first: {problems[0].as_py()}",
                f"Deliver LIBSVM text with {self.features} values a line, or correct the source's declaration "
                f"(features: {self.features}, label_fields: [{', '.join(self.label_fields)}]).",
            )
        return bronze

    def _blocks(self, path: Path) -> Iterator[bytes]:
        """Yield whole lines of text, about `BLOCK_BYTES` at a time."""
        try:
            with path.open("rb") as file:
                size = path.stat().st_size
                if size > self.max_bytes:
                    raise DeliveryRefused(
                        path,
                        None,
                        None,
                        f"it has {size:,} bytes, more than max_bytes: {self.max_bytes:,}",
                        "Split the delivery, or raise max_bytes in the source's declaration.",
                    )
                yield from _whole_lines(path, file.read(len(_BYTE_ORDER_MARK)).removeprefix(_BYTE_ORDER_MARK), file)
        except OSError as error:
            raise DeliveryRefused(
                path,
                None,
                None,
                f"it cannot be opened ({error.strerror or error})",
                "Check that it is there and readable.",
            ) from error


def _whole_lines(path: Path, carried: bytes, file: BinaryIO) -> Iterator[bytes]:
    line = 1
    while read := file.read(BLOCK_BYTES):
        block, newline, rest = (carried + read).rpartition(b"\n")
        if not newline:
            _check_text(path, line, rest)
            if len(rest) >= BLOCK_BYTES:
                raise DeliveryRefused(
                    path, line, None, f"it has more than {BLOCK_BYTES:,} bytes without an end", _DELIVER_TEXT
                )
            carried = rest
            continue
        _check_text(path, line, block)
        yield block + newline
        line += block.count(b"\n") + 1
        carried = rest
    if carried.strip():
        _check_text(path, line, carried)
        last = carried.split()[-1][:_LONGEST_QUOTE].decode(errors="replace")
        raise DeliveryRefused(
            path,
            line,
            last.partition(":")[0] if ":" in last else None,
            f"the file ends within the line, after {last!r} and without a newline, so it is truncated",
            "Deliver the whole file again; if this line is whole, end it with a newline.",
        )


def _check_text(path: Path, first_line: int, block: bytes) -> None:
    if block.isascii() and b"\0" not in block:
        return
    at = block.find(b"\0")
    try:
        block.decode()
    except UnicodeDecodeError as error:
        at = error.start if at < 0 else min(at, error.start)
    if at >= 0:
        line_start = block.rfind(b"\n", 0, at) + 1
        raise DeliveryRefused(
            path,
            first_line + block.count(b"\n", 0, at),
            None,
            f"byte {at - line_start + 1} of the line is 0x{block[at]:02x}, so this is no UTF-8 text",
            _DELIVER_TEXT,
        )
