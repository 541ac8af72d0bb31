"""The embedded source database: CSV files of a landing folder, loaded into SQLite when their content changes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
from typing import TYPE_CHECKING

from driftwatch_assets.lake import check_name
from driftwatch_assets.sources.folder_lock import alone
from driftwatch_assets.sources.landing import fingerprint_file
from driftwatch_assets.sources.refusal import DeliveryRefused
from driftwatch_assets.sources.sql_failure import DatabaseUnreachable
from driftwatch_assets.sources.sql_values import EXPECTED, as_typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pyarrow as pa

    from driftwatch_assets.sources.csv_source import CsvSource
    from driftwatch_assets.sources.sql_values import SqlType

_STORED: dict[SqlType, str] = {"text": "TEXT", "number": "REAL", "integer": "INTEGER", "timestamp": "TEXT"}
_RECEIPT = "driftwatch_loaded"


def embedded_database(
    folder: Path,
    readers: Mapping[str, CsvSource],
    types: Mapping[str, Mapping[str, SqlType]] | None = None,
    *,
    model: str,
    into: Path,
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

    Returns
    -------
    str
        ``sqlite:///…``, for `extract` and `open_snapshot`. Only the owner may read the file, since the tables may
        have personal columns.

    Raises
    ------
    DeliveryRefused
        A file cannot be read, or a row of it: a database has no place for a row that is none.
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
            wanted = {table: _print(files[table], reader, types.get(table, {})) for table, reader in readers.items()}
            if _loaded(place) != wanted:
                unfinished = place.with_name(f".{model}-{secrets.token_hex(4)}.tmp")
                try:
                    _load(unfinished, files, readers, types, wanted)
                    unfinished.replace(place)
                finally:
                    unfinished.unlink(missing_ok=True)
                _forget_unfinished(into, model)
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise DatabaseUnreachable(url, f"it was loaded from the files of {folder}", str(why)) from error
    return url


def _print(file: Path, reader: CsvSource, types: Mapping[str, SqlType]) -> str:
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
    declared = json.dumps([content, reader.model_dump(mode="json"), dict(types)], sort_keys=True)
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
) -> None:
    os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with contextlib.closing(sqlite3.connect(place)) as database:
        # The file is renamed into place when it is whole, so it needs no journal of its own.
        database.execute("PRAGMA journal_mode=OFF")
        for table, reader in readers.items():
            bronze = reader.read(files[table])
            _check_readable(files[table], bronze)
            kinds = {column: types.get(table, {}).get(column) or _kind(reader, column) for column in reader.columns}
            columns = [_stored(files[table], bronze, column, kind) for column, kind in kinds.items()]
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


def _check_readable(file: Path, bronze: pa.Table) -> None:
    for line, problem in zip(
        bronze.column("source_line").to_pylist(), bronze.column("problem").to_pylist(), strict=True
    ):
        if problem is not None:
            raise DeliveryRefused(
                file, line, None, f"the row cannot be loaded ({problem})", "Correct it, and deliver the file again."
            )


def _kind(reader: CsvSource, column: str) -> SqlType:
    return "timestamp" if column in reader.dates else reader.types.get(column, "text")


def _stored(file: Path, bronze: pa.Table, column: str, kind: SqlType) -> Iterable[object]:
    """Give a column's values as SQLite keeps them."""
    typed, unfit = as_typed(bronze.column(column).to_pylist(), kind)
    if unfit:
        raise DeliveryRefused(
            file,
            bronze.column("source_line")[unfit[0]].as_py(),
            column,
            f"its value is not {EXPECTED[kind]}, as the column's type is declared",
            "Correct it, or the type in the declaration.",
        )
    values = typed.to_pylist()
    return values if kind != "timestamp" else [None if moment is None else str(moment) for moment in values]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _forget_unfinished(folder: Path, model: str) -> None:
    """Remove what a process left that was killed; the lock says that none is at work."""
    for left in folder.glob(f".{model}-*.tmp"):
        left.unlink(missing_ok=True)
