"""The expectation on a table's columns: exactly the declared ones, each with its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from driftwatch_assets.quality.errors import SuiteError, hint
from driftwatch_assets.quality.evidence import WORST_COLUMNS, Evidence, share
from driftwatch_assets.quality.expectation import Subject, TableWide

if TYPE_CHECKING:
    from collections.abc import Mapping

FAMILIES = ("boolean", "category", "date", "datetime", "float", "integer", "number", "string")
FAMILY_OF_KIND = {"b": "boolean", "i": "integer", "u": "integer", "f": "float", "M": "datetime"}
FAMILY_OF_OBJECTS = {
    "floating": "float",
    "decimal": "float",
    "mixed-integer-float": "float",
    "mixed-integer": "mixed",
    "datetime64": "datetime",
}


class Schema(TableWide):
    """The table has exactly the columns that the caller declares, each of its type, in any order.

    A type is a family (boolean, category, date, datetime, float, integer, number, string) or the name of a pandas
    dtype, which must then be the same. Text is `string` however pandas holds it; an object column without any value
    is a `string` too. A column of another dtype is not forgiven for being empty: Parquet would store the wrong type.
    """

    expect: Literal["schema"]

    def _default_name(self) -> str:
        return "schema"

    @property
    def promise(self) -> str:
        """What is promised, in words."""
        return "the table has exactly the declared columns with their types"

    def examine(self, frame: pd.DataFrame, subject: Subject) -> Evidence:
        """List the missing columns, the undeclared ones and those of another type."""
        types = subject.columns.types
        if types is None:
            message = "schema needs the declared types of the table's columns, and the caller gave none"
            raise SuiteError(message)
        missing = [name for name in types if name not in frame.columns]
        extra = [str(name) for name in frame.columns if name not in types]
        wrong = {
            name: f"{family(frame[name])} ({frame[name].dtype}) instead of {wanted}"
            for name, wanted in types.items()
            if name in frame.columns and not fits(frame[name], wanted)
        }
        count = len(missing) + len(extra) + len(wrong)
        return Evidence(
            rows=len(frame),
            unexpected_count=count,
            unexpected_share=share(count, len(types) + len(extra)),
            details={"missing_columns": missing, "extra_columns": extra, "wrong_types": wrong},
        )

    def explain(self, observed: Mapping[str, Any]) -> str:
        """Give the differences in words."""
        parts = []
        if observed["missing_columns"]:
            parts.append(f"missing: {_listed(observed['missing_columns'])}")
        if observed["extra_columns"]:
            parts.append(f"not declared: {_listed(observed['extra_columns'])}")
        if observed["wrong_types"]:
            wrong = [f"{name} is {what}" for name, what in observed["wrong_types"].items()]
            parts.append(f"wrong type: {_listed(wrong)}")
        return "; ".join(parts) or "it has them"


def known_type(wanted: str) -> None:
    """Refuse a type that is neither a family nor a pandas dtype.

    Raises
    ------
    SuiteError
        With the nearest family.

    Examples
    --------
    >>> known_type("float64")
    >>> known_type("strng")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    driftwatch_assets.quality.errors.SuiteError: 'strng' is no type; did you mean 'string'? families: 'boolean', ...

    """
    if wanted in FAMILIES:
        return
    try:
        pd.api.types.pandas_dtype(wanted)
    except TypeError as error:
        message = (
            f"{wanted!r} is no type; {hint(wanted, FAMILIES, what='families')}; or a pandas dtype, such as 'int64'"
        )
        raise SuiteError(message) from error


def fits(series: pd.Series[Any], wanted: str) -> bool:
    """Tell whether a column is of a type.

    Examples
    --------
    >>> fits(pd.Series([1, 2]), "number"), fits(pd.Series([1, 2]), "float64"), fits(pd.Series([None, None]), "string")
    (True, False, True)

    """
    if wanted not in FAMILIES:
        return bool(series.dtype == pd.api.types.pandas_dtype(wanted))
    found = family(series)
    if found == "empty":
        return wanted == "string"
    return found == wanted or (wanted == "number" and found in {"integer", "float"})


def family(series: pd.Series[Any]) -> str:
    """Give the family of a column's type; `empty` is an object column without any value, `mixed` has several.

    Examples
    --------
    >>> family(pd.Series(["a", None])), family(pd.Series(["a", 1])), family(pd.Series(["a"], dtype="category"))
    ('string', 'mixed', 'category')

    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        return "category"
    kind = FAMILY_OF_KIND.get(series.dtype.kind)
    if kind is not None:
        return kind
    inferred = pd.api.types.infer_dtype(series, skipna=True)
    return FAMILY_OF_OBJECTS.get(inferred, inferred)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - WORST_COLUMNS} more" if len(names) > WORST_COLUMNS else ""
    return ", ".join(names[:WORST_COLUMNS]) + more
