"""A suite: the expectations on one table, as they are written in YAML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field, RootModel, ValidationError, field_validator, model_validator

from driftwatch_assets.quality.counts import Readable, Rejected, RowCount
from driftwatch_assets.quality.errors import SuiteError, hint
from driftwatch_assets.quality.label_leak import LabelLeak
from driftwatch_assets.quality.labels import ConflictingLabels
from driftwatch_assets.quality.outliers import Outliers
from driftwatch_assets.quality.pattern import Matches
from driftwatch_assets.quality.references import References
from driftwatch_assets.quality.schema import Schema, known_type
from driftwatch_assets.quality.uniqueness import NoDuplicates, Unique
from driftwatch_assets.quality.values import Between, NotNull, ValuesIn

if TYPE_CHECKING:
    from driftwatch_assets.quality.columns import TableColumns

AnyExpectation = Annotated[
    RowCount
    | Readable
    | Rejected
    | Schema
    | ValuesIn
    | NotNull
    | Between
    | Unique
    | NoDuplicates
    | Matches
    | ConflictingLabels
    | Outliers
    | LabelLeak
    | References,
    Field(discriminator="expect"),
]
KINDS = (
    "row_count",
    "readable",
    "rejected",
    "schema",
    "values_in",
    "not_null",
    "between",
    "unique",
    "no_duplicates",
    "matches",
    "conflicting_labels",
    "outliers",
    "label_leak",
    "references",
)
LONGEST_FOUND = 80


class Suite(RootModel[tuple[AnyExpectation, ...]]):
    """The expectations on one table, each with a name of its own."""

    model_config = ConfigDict(frozen=True)

    @property
    def expectations(self) -> tuple[AnyExpectation, ...]:
        """The expectations in the order of the declaration."""
        return self.root

    @field_validator("root", mode="before")
    @classmethod
    def _known_kinds(cls, given: Any) -> Any:
        if isinstance(given, Sequence) and not isinstance(given, str):
            for place, item in enumerate(given):
                if not isinstance(item, Mapping):
                    continue
                if "expect" not in item:
                    message = f"expectation {place} has no key 'expect'; valid: {', '.join(KINDS)}"
                    raise ValueError(message)
                if item["expect"] not in KINDS:
                    kind = item["expect"]
                    message = f"expectation {place}: unknown expect: {kind!r}; {hint(str(kind), KINDS)}"
                    raise ValueError(message)
        return given

    @model_validator(mode="after")
    def _names_are_unique(self) -> Suite:
        names = [expectation.check_name for expectation in self.root]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            message = f"several expectations are called {', '.join(repeated)}; give all but one a `name`"
            raise ValueError(message)
        return self


def parse_suite(items: Any, *, where: str = "suite") -> Suite:
    """Read a suite from plain values, with errors that a person can act on.

    Parameters
    ----------
    items
        A list of mappings, as YAML gives it.
    where
        The key under which it stands, for the messages.

    Raises
    ------
    SuiteError
        With every wrong key, what was found there and what is valid.

    Examples
    --------
    >>> suite = parse_suite([{"expect": "row_count", "min": 50}, {"expect": "not_null", "columns": "features"}])
    >>> check_names(suite)
    ('row_count', 'not_null_features')
    >>> parse_suite([{"expect": "row_cuont", "min": 50}], where="quality.bronze")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    driftwatch_assets.quality.errors.SuiteError: quality.bronze: expectation 0: unknown expect: 'row_cuont'; did you ...

    """
    try:
        return Suite.model_validate(items)
    except ValidationError as error:
        lines = [_told(dict(fault), where) for fault in error.errors(include_url=False)]
        raise SuiteError("\n".join(lines)) from error


def check_names(suite: Suite) -> tuple[str, ...]:
    """Give the names of the checks that a suite becomes, in order, without any data."""
    return tuple(expectation.check_name for expectation in suite.expectations)


def check_columns(
    suite: Suite, columns: TableColumns, *, where: str = "suite", tables: Mapping[str, TableColumns] | None = None
) -> None:
    """Refuse a suite that speaks of columns or tables that there are not declared to be.

    Of a table without declared types nothing is known but what `columns` says of it, so its columns are not looked at:
    a column that it lacks breaks the expectation when data comes. That is so for gold before a batch was made.

    Parameters
    ----------
    suite
        What is expected of the table.
    columns
        What is known of it.
    where
        The key under which the suite stands, for the messages.
    tables
        What is known of the batch's other tables by name; None when they are not known.

    Raises
    ------
    SuiteError
        Naming the expectation, the column or table and the nearest one; also for a type that is none.

    Examples
    --------
    >>> from driftwatch_assets.quality import TableColumns
    >>> suite = parse_suite([{"expect": "values_in", "column": "gass", "values": ["ethanol"]}])
    >>> check_columns(suite, TableColumns(types={"gas": "string"}), where="quality.silver")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    driftwatch_assets.quality.errors.SuiteError: quality.silver[0] (values_in_gass): no column 'gass'; did you mean ...

    """
    for place, expectation in enumerate(suite.expectations):
        at = f"{where}[{place}] ({expectation.check_name})"
        if isinstance(expectation, Schema):
            if columns.types is None:
                message = f"{at}: schema needs the declared types of the table's columns, and there are none"
                raise SuiteError(message)
            for name, wanted in columns.types.items():
                try:
                    known_type(wanted)
                except SuiteError as error:
                    message = f"{at}: column {name!r}: {error}"
                    raise SuiteError(message) from error
        if tables is not None:
            _tables_declared(expectation.tables_needed(), tables, at)
        if columns.types is None:
            continue
        try:
            needed = expectation.columns_needed(columns, tuple(columns.types))
        except SuiteError as error:
            message = f"{at}: {error}"
            raise SuiteError(message) from error
        _all_declared(needed, columns.types, at)


def _all_declared(needed: Iterable[str], declared: Mapping[str, str], at: str) -> None:
    for name in needed:
        if name not in declared:
            message = f"{at}: no column {name!r}; {hint(name, declared, what='columns')}"
            raise SuiteError(message)


def _tables_declared(needed: Mapping[str, str], declared: Mapping[str, TableColumns], at: str) -> None:
    for table, column in needed.items():
        if table not in declared:
            message = f"{at}: no table {table!r}; {hint(table, declared, what='tables')}"
            raise SuiteError(message)
        types = declared[table].types
        if types is not None and column not in types:
            message = f"{at}: the table {table!r} has no column {column!r}; {hint(column, types, what='columns')}"
            raise SuiteError(message)


def _told(fault: Mapping[str, Any], where: str) -> str:
    path = where
    for step in fault["loc"]:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step not in KINDS and not str(step).startswith(("tuple[", "literal[", "function-")):
            path += f".{step}"
    message = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "value_error":
        return f"{path}: {message}"
    found = repr(fault["input"])
    return f"{path}: {message}, found {found if len(found) <= LONGEST_FOUND else found[:LONGEST_FOUND] + '…'}"
