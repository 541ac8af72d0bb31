"""The embedded source database: CSV files of a landing folder, loaded into SQLite when their content changes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from driftwatch_assets.lake import check_name
from driftwatch_assets.sources.folder_lock import alone
from driftwatch_assets.sources.landing import fingerprint_file
from driftwatch_assets.sources.quarantine import QUARANTINE_COLUMNS
from driftwatch_assets.sources.refusal import DeliveryRefused
from driftwatch_assets.sources.sql_failure import DatabaseUnreachable
from driftwatch_assets.sources.sql_values import EXPECTED, as_typed
from driftwatch_assets.sources.unplaced import Unplaced, put_aside

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from driftwatch_assets.sources.csv_source import CsvSource
    from driftwatch_assets.sources.sql_values import SqlType

_STORED: dict[SqlType, str] = {"text": "TEXT", "number": "REAL", "integer": "INTEGER", "timestamp": "TEXT"}
_RECEIPT = "driftwatch_loaded"
_ASIDE = "driftwatch_aside"


def embedded_database(
    folder: Path,
    readers: Mapping[str, CsvSource],
    types: Mapping[str, Mapping[str, SqlType]] | None = None,
    *,
    model: str,
    into: Path,
    max_aside: float = 0.0,
) -> str:
    r"""Give a SQLite database with the tables that lie in a landing folder as CSV files.

    ``<into>/<model>.sqlite`` is made anew, whole or not at all, when the content of a file or its declaration differs
    from what is loaded. Who reads the older one meanwhile keeps reading it. Nothing is written into the landing folder.

    Parameters
    ----------
    folder
        The landing folder, with ``<table>.csv`` for each table.
    readers
        Table → how its file is read.
    types
        Table → column → type, where it differs from the reader's: its `dates` are timestamps, stored as
        ``YYYY-MM-DD HH:MM:SS``, so that they compare as times do.
    model
        Names the database.
    into
        The folder of the database; it is made if it is absent.
    max_aside
        The largest share of a file's rows that may be put aside since they cannot be loaded (see `rows_aside` and
        `Unplaced.too_many`); with 0 none may.

    Returns
    -------
    str
        ``sqlite:///…``, for `extract` and `open_snapshot`. Only the owner may read the file, since the tables may
        have personal columns.

    Raises
    ------
    DeliveryRefused
        A file cannot be read, or more of its rows than `max_aside` allows: a database has no place for a row that is
        none.
    DatabaseUnreachable
        The database cannot be written.
    NameRefused
        A table's or the model's name could lead out of the folder.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from driftwatch_assets.sources.csv_source import CsvSource
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "loans.csv").write_text("id,day\nA,16/4/2015\n")
    >>> url = embedded_database(
    ...     folder,
    ...     {"loans": CsvSource(columns=("id", "day"), dates={"day": "%d/%m/%Y"})},
    ...     model="loan_eligibility",
    ...     into=folder / "embedded",
    ... )
    >>> made = sqlite3.connect(url.removeprefix("sqlite:///"))
    >>> made.execute("SELECT id, day FROM loans").fetchall()
    [('A', '2015-04-16 00:00:00')]
    >>> made.close()
    """
    check_name("model", model)
    files = {check_name("table", table): folder / f"{table}.csv" for table in readers}
    types = types or {}
    place = into / f"{model}.sqlite"
    url = f"sqlite:///{place.absolute()}"
    try:
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        with alone(place.with_suffix(".lock"), wait=True):
            wanted = {
                table: _print(files[table], reader, types.get(table, {}), max_aside)
                for table, reader in readers.items()
            }
            if _loaded(place) != wanted:
                unfinished = place.with_name(f".{model}-{secrets.token_hex(4)}.tmp")
                try:
                    _load(unfinished, files, readers, types, wanted, max_aside)
                    unfinished.replace(place)
                finally:
                    unfinished.unlink(missing_ok=True)
                _forget_unfinished(into, model)
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise DatabaseUnreachable(url, f"it was loaded from the files of {folder}", str(why)) from error
    return url


def rows_aside(url: str) -> dict[str, Unplaced]:
    """Give the rows that could not be loaded into an embedded database: table → those of its file, if there are any."""
    place = Path(url.removeprefix("sqlite:///"))
    with contextlib.closing(sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True)) as made:
        counts = dict(made.execute(f"SELECT name, count_of_rows FROM {_ASIDE} GROUP BY name, count_of_rows"))  # noqa: S608 - a constant
        found = {}
        for name, of in counts.items():
            columns = ", ".join(QUARANTINE_COLUMNS)
            rows = made.execute(f"SELECT {columns} FROM {_ASIDE} WHERE name = ? ORDER BY rowid", (name,))  # noqa: S608 - constants
            found[str(name)] = Unplaced(pd.DataFrame(rows.fetchall(), columns=list(QUARANTINE_COLUMNS)), int(of))
        return found


def _print(file: Path, reader: CsvSource, types: Mapping[str, SqlType], max_aside: float) -> str:
    """Fingerprint a file's content together with how it is read."""
    try:
        content = fingerprint_file(file)
    except OSError as error:
        raise DeliveryRefused(
            file,
            None,
            None,
            f"it cannot be opened ({error.strerror or error})",
            "Put the table's file there, or name a database that has the table.",
        ) from error
    declared = json.dumps([content, reader.model_dump(mode="json"), dict(types), max_aside], sort_keys=True)
    return hashlib.sha256(declared.encode()).hexdigest()


def _loaded(place: Path) -> dict[str, str] | None:
    if not place.is_file():
        return None
    try:
        with contextlib.closing(sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True)) as made:
            return dict(made.execute(f"SELECT name, content FROM {_RECEIPT}"))  # noqa: S608 - a constant
    except sqlite3.Error:
        # What is no whole database is made anew.
        return None


def _load(
    place: Path,
    files: Mapping[str, Path],
    readers: Mapping[str, CsvSource],
    types: Mapping[str, Mapping[str, SqlType]],
    receipt: Mapping[str, str],
    max_aside: float,
) -> None:
    os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with contextlib.closing(sqlite3.connect(place)) as database:
        # The file is renamed into place when it is whole, so it needs no journal of its own.
        database.execute("PRAGMA journal_mode=OFF")
        database.execute(f"CREATE TABLE {_ASIDE} (name TEXT, count_of_rows INTEGER, {', '.join(QUARANTINE_COLUMNS)})")
        for table, reader in readers.items():
            bronze = reader.read(files[table])
            kinds = {column: types.get(table, {}).get(column) or _kind(reader, column) for column in reader.columns}
            columns, aside = _parted(files[table], bronze, kinds, reader, max_aside)
            database.executemany(
                f"INSERT INTO {_ASIDE} VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
                ((table, aside.of, *row) for row in aside.rows.astype(object).itertuples(index=False)),
            )
            named = ", ".join(f"{_quoted(column)} {_STORED[kind]}" for column, kind in kinds.items())
            database.execute(f"CREATE TABLE {_quoted(table)} ({named})")
            marks = ", ".join("?" * len(columns))
            insert = f"INSERT INTO {_quoted(table)} VALUES ({marks})"  # noqa: S608 - a quoted name; values are bound
            database.executemany(insert, zip(*columns, strict=True))
        database.execute(f"CREATE TABLE {_RECEIPT} (name TEXT PRIMARY KEY, content TEXT)")
        database.executemany(f"INSERT INTO {_RECEIPT} VALUES (?, ?)", receipt.items())  # noqa: S608 - a constant
        database.commit()
    with place.open("rb") as written:
        os.fsync(written.fileno())


def _kind(reader: CsvSource, column: str) -> SqlType:
    return "timestamp" if column in reader.dates else reader.types.get(column, "text")


def _parted(
    file: Path, bronze: pa.Table, kinds: Mapping[str, SqlType], reader: CsvSource, max_aside: float
) -> tuple[list[list[object]], Unplaced]:
    """Give the columns as SQLite keeps them, without the rows that cannot be loaded, and those rows."""
    wrong = dict.fromkeys(np.flatnonzero(np.asarray(pc.is_valid(bronze.column("problem")))).tolist(), "")
    columns: list[list[object]] = []
    for column, kind in kinds.items():
        typed, unfit = as_typed(bronze.column(column).to_pylist(), kind)
        for row in unfit:
            told = f"column {column}: its value is not {EXPECTED[kind]}, as the column's type is declared"
            wrong.setdefault(row, told)
        values = typed.to_pylist()
        columns.append(
            values if kind != "timestamp" else [None if moment is None else str(moment) for moment in values]
        )
    aside = put_aside(bronze, wrong, origin=file.name, personal=reader.personal)
    if aside.too_many(max_aside):
        first = aside.rows.iloc[0]
        found = f"the row cannot be loaded ({first['reason']})"
        if max_aside > 0:
            share = f"{len(aside):,} of its {aside.of:,} rows cannot be loaded, and at most {max_aside:.2%} may"
            found = f"{share}; the first: {first['reason']}"
        raise DeliveryRefused(
            file, int(first["source_line"]), None, found, "Correct it, or the declaration, and deliver the file again."
        )
    if wrong:
        kept = np.setdiff1d(np.arange(bronze.num_rows), list(wrong)).tolist()
        columns = [[values[row] for row in kept] for values in columns]
    return columns, aside


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _forget_unfinished(folder: Path, model: str) -> None:
    """Remove what a process left that was killed; the lock says that none is at work."""
    for left in folder.glob(f".{model}-*.tmp"):
        left.unlink(missing_ok=True)
