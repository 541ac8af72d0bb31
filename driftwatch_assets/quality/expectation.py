"""What every declared expectation has in common, and the two ways in which one is run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from driftwatch_assets.quality.errors import hint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    import pandas as pd

    from driftwatch_assets.quality.columns import TableColumns
    from driftwatch_assets.quality.evidence import Evidence


@dataclass(frozen=True)
class Subject:
    """What an expectation may know besides the frame.

    Attributes
    ----------
    columns
        The roles of the frame's columns.
    rejected
        Rows that were rejected before.
    tables
        Other tables of the batch by name.

    """

    columns: TableColumns
    rejected: int = 0
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


class Expectation(BaseModel, ABC):
    """A declared expectation: what is promised, how grave a breach is, and what the check is called."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Literal["warn", "error"] = Field(default="error", description="how grave a breach is")
    blocking: bool = Field(
        default_factory=lambda given: given.get("severity") == "error",
        description="whether a breach stops what comes after; default: yes for error, no for warn",
    )
    name: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_]+$",
        description="name of the check; default: made of the expectation and its columns",
    )

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for key in given:
                if key not in cls.model_fields:
                    message = f"unknown key {key!r}; {hint(str(key), cls.model_fields, what='valid keys')}"
                    raise ValueError(message)
        return given

    @model_validator(mode="after")
    def _warnings_do_not_block(self) -> Expectation:
        if self.blocking and self.severity == "warn":
            message = "blocking: true needs severity: error; a warning never stops a run"
            raise ValueError(message)
        return self

    @property
    def check_name(self) -> str:
        """Name of the check: letters, digits and underscores, known without any data."""
        return self.name or self._default_name()

    @property
    def allowed_share(self) -> float:
        """Largest share of unexpected values that is no breach, 0 to 1."""
        return 0.0

    @property
    def mostly(self) -> float:
        """Share that must be as declared, as Great Expectations wants it: 1 - `allowed_share`, in decimals.

        It compares (n - unexpected) / n with it. Both are the doubles nearest to the true quotients, so a share of
        exactly `allowed_share` is allowed; in doubles, 1 - 0.9 = 0.09999999999999998 is not the double nearest to 0.1.
        """
        return float(1 - Decimal(str(self.allowed_share)))

    @property
    @abstractmethod
    def promise(self) -> str:
        """What is promised, in words."""

    @abstractmethod
    def _default_name(self) -> str: ...

    def columns_needed(self, columns: TableColumns, present: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG002 - the base looks at none
        """Give the columns without which the expectation is broken before it is looked at."""
        return ()

    def tables_needed(self) -> Mapping[str, str]:
        """Give the other tables of the batch that the expectation looks at, each with the column that it needs."""
        return {}

    def explain(self, observed: Mapping[str, Any]) -> str | None:  # noqa: ARG002 - the general sentence needs no help
        """Give what was found in words, where the general sentence does not fit."""
        return None


class Tolerant(Expectation, ABC):
    """An expectation of which a share may be otherwise."""

    max_share: float = Field(
        default=0.0, ge=0, le=1, description="share that may be otherwise, 0 to 1; of several columns, of each"
    )

    @property
    def allowed_share(self) -> float:
        """Largest share of unexpected values that is no breach, 0 to 1."""
        return self.max_share


class BuiltIn(Expectation, ABC):
    """An expectation that Great Expectations has itself and checks in one go."""

    @abstractmethod
    def build(self, expectations: ModuleType, needed: tuple[str, ...]) -> Any:
        """Give the expectation of Great Expectations.

        Parameters
        ----------
        expectations
            The module `great_expectations.expectations`.
        needed
            The columns that were asked for by `columns_needed`.

        """

    @abstractmethod
    def locate(self, frame: pd.DataFrame, subject: Subject, result: Mapping[str, Any]) -> Evidence:
        """Give the evidence: the counts of Great Expectations' result, and the rows that they speak of."""


class TableWide(Expectation, ABC):
    """An expectation on many columns at once, counted here and run by Great Expectations as one metric.

    It holds when the unexpected share is at most `allowed_share`.
    """

    @abstractmethod
    def examine(self, frame: pd.DataFrame, subject: Subject) -> Evidence:
        """Count what is not as declared."""
