"""Where a model's batches come from, as a user declares it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PositiveInt, Tag, field_validator, model_validator

from driftwatch_assets.sources.csv_source import CsvSource
from driftwatch_assets.sources.http_fetch import HttpFetch
from driftwatch_assets.sources.libsvm import LibsvmSource
from driftwatch_assets.sources.publisher import Publisher
from driftwatch_assets.sources.sql import SqlTable, check_extent, check_watermark
from driftwatch_assets.sources.window import Every

TableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
History = Literal["all"] | PositiveInt


def _format(given: Any) -> str:
    found = given.get("format", "libsvm") if isinstance(given, dict) else getattr(given, "format", "libsvm")
    return str(found)


Reader = Annotated[
    Annotated[LibsvmSource, Tag("libsvm")] | Annotated[CsvSource, Tag("csv")],
    Discriminator(_format),
]


class Files(BaseModel):
    """Batches that arrive as files, one a batch."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["files"] = "files"
    pattern: str = Field(description="Regular expression for the whole file name, with a group named batch.")
    table: TableName = Field(description="Name of the bronze and silver table.")
    reader: Reader = Field(description="How a file is read.")
    publisher: Publisher | None = Field(default=None, description="Where `driftwatch fetch` finds the files.")
    fetch: HttpFetch | None = Field(default=None, description="An address that is fetched; each change is a batch.")

    @property
    def table_names(self) -> tuple[str, ...]:
        """The one table."""
        return (self.table,)

    @property
    def every(self) -> None:
        """A file is a batch, whatever time its rows are of."""

    def personal(self, table: str) -> tuple[str, ...]:  # noqa: ARG002 - there is one table
        """Columns that never leave bronze."""
        return self.reader.personal if isinstance(self.reader, CsvSource) else ()

    def history(self, table: str) -> Literal["all"] | int:  # noqa: ARG002 - as above
        """Earlier batches that gold is given besides its own: none."""
        return 0

    def time(self, table: str) -> None:
        """Give none: a file has no declared time column."""

    @field_validator("pattern")
    @classmethod
    def _has_batch(cls, pattern: str) -> str:
        try:
            groups = re.compile(pattern).groupindex
        except re.error as error:
            message = f"pattern {pattern!r} is no regular expression: {error}"
            raise ValueError(message) from error
        if "batch" not in groups:
            message = f"pattern {pattern!r} has no group named batch; write it as (?P<batch>...)"
            raise ValueError(message)
        return pattern

    @model_validator(mode="after")
    def _one_origin(self) -> Files:
        if self.fetch is not None and self.publisher is not None:
            message = "a source has a publisher or an address to fetch, not both"
            raise ValueError(message)
        return self


class WindowedTable(BaseModel):
    """One file that holds all time; each row belongs to the window of its time column."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = Field(pattern=r"^[\w][\w .+-]*$", description="Name of the file in the landing folder.")
    time: str = Field(description="Date column that tells a row's window; one of the reader's dates.")
    reader: CsvSource = Field(description="How the file is read.")
    history: History | Literal[0] = Field(
        default=0, description="Earlier batches whose rows gold is given too: all, or the newest k."
    )
    may_be_empty: bool = Field(default=False, description="Whether a window without any row is a batch all the same.")

    @model_validator(mode="after")
    def _time_is_a_date(self) -> WindowedTable:
        if self.time not in self.reader.dates:
            message = f"time names {self.time!r}, for which the reader declares no date format; it declares: " + (
                ", ".join(self.reader.dates) or "none"
            )
            raise ValueError(message)
        return self


class _Windowed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    every: Every = Field(description="Length of a batch: day, week (from Monday), month or year.")
    start: dt.date = Field(description="A day of the first batch.")
    end: dt.date | None = Field(default=None, description="A day of the last batch; null: there is no last one.")
    max_unplaced: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="The largest share of a table's rows that may belong to no window, since their time is missing, "
        "cannot be read or can be no row's: they go to the quarantine of the source, and the others go on. One row may "
        "always; with 0 none may.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> _Windowed:
        if self.end is not None and self.end < self.start:
            message = f"end is {self.end}, before start, which is {self.start}"
            raise ValueError(message)
        return self


class WindowedFiles(_Windowed):
    """Tables that lie as one file each, and grow; a batch is a time window over all of them."""

    kind: Literal["windowed_files"]
    tables: dict[TableName, WindowedTable] = Field(min_length=1, description="The tables by name.")

    @property
    def table_names(self) -> tuple[str, ...]:
        """The tables, as declared."""
        return tuple(self.tables)

    def personal(self, table: str) -> tuple[str, ...]:
        """Columns that never leave bronze."""
        return self.tables[table].reader.personal

    def history(self, table: str) -> Literal["all"] | int:
        """Earlier batches that gold is given besides its own."""
        return self.tables[table].history

    def time(self, table: str) -> str | None:
        """Give the column that tells a row's window."""
        return self.tables[table].time


class DatabaseTable(SqlTable):
    """One query a table, and how the same table is read where it lies as a file in the landing folder."""

    file: CsvSource | None = Field(
        default=None, description="Reader of <table>.csv, which the embedded database is loaded from."
    )


class Database(_Windowed):
    """Tables that are extracted from a database; a batch is a time window, which the queries are bound to."""

    kind: Literal["sql"]
    extent: str = Field(description="SELECT of the first and the last moment that the database holds.")
    watermark: str | None = Field(
        default=None,
        description="SELECT of one row of a window, with :start and :end, which changes when the window does, such as "
        "a count and the time of the last change; a window whose row changed is taken in again.",
    )
    revisit: History = Field(
        default=12, description="Newest windows whose watermark is asked at each look: all, or the newest k."
    )
    tables: dict[TableName, DatabaseTable] = Field(min_length=1, description="The tables by name.")

    @field_validator("extent")
    @classmethod
    def _one_select(cls, query: str) -> str:
        return check_extent(query)

    @field_validator("watermark")
    @classmethod
    def _one_select_of_a_window(cls, query: str | None) -> str | None:
        return None if query is None else check_watermark(query)

    @property
    def table_names(self) -> tuple[str, ...]:
        """The tables, as declared."""
        return tuple(self.tables)

    def personal(self, table: str) -> tuple[str, ...]:
        """Columns that never leave bronze."""
        return self.tables[table].personal

    def history(self, table: str) -> Literal["all"] | int:  # noqa: ARG002 - a query may look back by itself
        """Earlier batches that gold is given besides its own: none."""
        return 0

    def time(self, table: str) -> str | None:
        """Give the column with the row's moment."""
        return self.tables[table].time


def _kind(given: Any) -> str:
    found = given.get("kind", "files") if isinstance(given, dict) else getattr(given, "kind", "files")
    return str(found)


Source = Annotated[
    Annotated[Files, Tag("files")] | Annotated[WindowedFiles, Tag("windowed_files")] | Annotated[Database, Tag("sql")],
    Discriminator(_kind),
]
