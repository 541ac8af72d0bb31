"""Which columns an expectation looks at: the caller's knowledge of a table, and the declared choice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from driftwatch_assets.quality.errors import SuiteError, hint

if TYPE_CHECKING:
    from collections.abc import Iterable

GROUPS = ("features", "all")
RAW_TEXTS = ("problem", "source_text")


@dataclass(frozen=True)
class TableColumns:
    """What the caller knows of a table's columns.

    Attributes
    ----------
    types
        Expected type by column, for `schema`: a family (see `driftwatch_assets.quality.schema`) or the name of a
        pandas dtype. None when the table has no declared columns; then `all` means the columns of the frame.
    features
        Columns of the group `features`.
    identity
        Columns that say which row it is (an id, a line of the source). They name offending rows, and they are not
        in the group `all`: an id is never a duplicate, so it would hide the duplicates of everything else.
    personal
        Columns with personal data. None of their values ever comes out of a validation: counts and rows do.
        Where a table has such columns, the raw texts that a source keeps of a row (`problem`, `source_text`) may
        quote them and are treated alike; an identity that is personal names no row, its position does.

    """

    types: Mapping[str, str] | None = None
    features: tuple[str, ...] = ()
    identity: tuple[str, ...] = field(default=())
    personal: tuple[str, ...] = ()

    def hides(self, column: str) -> bool:
        """Tell whether the values of a column may not come out.

        Examples
        --------
        >>> known = TableColumns(personal=("ssn",))
        >>> known.hides("ssn"), known.hides("source_text"), known.hides("age"), TableColumns().hides("problem")
        (True, True, False, False)

        """
        return column in self.personal or (bool(self.personal) and column in RAW_TEXTS)

    def everything(self, present: Iterable[str]) -> tuple[str, ...]:
        """Give the group `all`: the declared columns (else those present) without the identity."""
        names = present if self.types is None else self.types
        return tuple(name for name in names if name not in self.identity)


class Matching(BaseModel):
    """Columns whose name matches a regular expression (searched, not anchored)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    matching: str = Field(min_length=1, description="regular expression; use ^ and $ for the whole name")


def _chosen(value: Any) -> Any:
    if isinstance(value, str) and value not in GROUPS:
        message = (
            f"{value!r} is no group of columns; {hint(value, GROUPS, what='groups')}; "
            f"a column by its name is a list: [{value}]; by a pattern: {{matching: ...}}"
        )
        raise ValueError(message)
    if isinstance(value, Sequence) and not isinstance(value, str):
        if not value:
            message = "the list of columns is empty"
            raise ValueError(message)
        repeated = sorted({str(name) for name in value if list(value).count(name) > 1})
        if repeated:
            message = f"columns named twice: {', '.join(repeated)}"
            raise ValueError(message)
        return tuple(value)
    if isinstance(value, Mapping):
        if set(value) != {"matching"}:
            message = f"a choice of columns has the one key 'matching', found {sorted(map(str, value))}"
            raise ValueError(message)
        try:
            re.compile(str(value["matching"]))
        except re.error as error:
            message = f"matching: {value['matching']!r} is no regular expression: {error}"
            raise ValueError(message) from error
    return value


Columns = Annotated[
    Literal["features", "all"] | tuple[str, ...] | Matching,
    BeforeValidator(_chosen),
    Field(description="a group (features, all), a list of names, or {matching: regular expression}"),
]


def slug(choice: Literal["features", "all"] | tuple[str, ...] | Matching) -> str:
    """Give a choice of columns as a part of a check's name: letters, digits and underscores.

    Examples
    --------
    >>> slug("features"), slug(("gas type",)), slug(("a", "b", "c")), slug(Matching(matching="^s1_"))
    ('features', 'gas_type', 'a_and_2_more', 'matching_s1')

    """
    if isinstance(choice, str):
        return choice
    if isinstance(choice, Matching):
        return f"matching_{word(choice.matching)}"
    if len(choice) == 1:
        return word(choice[0])
    return f"{word(choice[0])}_and_{len(choice) - 1}_more"


def word(text: str) -> str:
    """Replace what may not stand in a check's name by underscores."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "column"


def spoken(choice: Literal["features", "all"] | tuple[str, ...] | Matching) -> str:
    """Give a choice of columns in words."""
    if choice == "features":
        return "the features"
    if choice == "all":
        return "all columns"
    if isinstance(choice, Matching):
        return f"the columns that match {choice.matching}"
    return ", ".join(choice)


def resolve(
    choice: Literal["features", "all"] | tuple[str, ...] | Matching,
    columns: TableColumns,
    present: Iterable[str],
) -> tuple[str, ...]:
    """Give the names of the chosen columns, whether or not the table has them.

    Parameters
    ----------
    choice
        The declared choice.
    columns
        What the caller knows of the table.
    present
        The columns of the frame; they stand in for undeclared ones.

    Raises
    ------
    SuiteError
        When the choice comes to nothing: no features are known, or no column matches the pattern.

    Examples
    --------
    >>> known = TableColumns(types={"id": "int64", "a": "float64", "b": "float64"}, features=("a",), identity=("id",))
    >>> resolve("all", known, []), resolve(Matching(matching="b$"), known, [])
    (('a', 'b'), ('b',))

    """
    if isinstance(choice, tuple):
        return choice
    names = tuple(present)
    if choice == "features":
        found, among = columns.features, "features"
    elif choice == "all":
        found, among = columns.everything(names), "columns"
    else:
        candidates = names if columns.types is None else tuple(columns.types)
        found = tuple(name for name in candidates if re.search(choice.matching, name))
        among = hint(choice.matching, candidates, what="columns")
    if not found:
        message = f"columns: {spoken(choice)} come to no column at all ({among}: none)"
        if isinstance(choice, Matching):
            message = f"columns: no column matches {choice.matching!r}; {among}"
        raise SuiteError(message)
    return found
