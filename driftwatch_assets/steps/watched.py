"""A monitored model with its code and its places: what every step of a batch works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch_assets.reporting.wording import SUMMARY_JSON, SUMMARY_PAGE, json_name, page_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd

    from driftwatch_assets.declaration import Declaration
    from driftwatch_assets.lake import Lake
    from driftwatch_assets.registry import ModelRegistry


@dataclass(frozen=True)
class Transforms:
    """The two functions that a user writes, and what they say of silver's columns.

    Attributes
    ----------
    silver
        Bronze rows that could be read → typed rows, in the same order, with `reject_reason` (null = kept).
    gold
        Silver rows → id, features and label.
    silver_types
        Expected type by silver column; `None` when the user declares none.

    """

    silver: Callable[[pd.DataFrame], pd.DataFrame]
    gold: Callable[[pd.DataFrame], pd.DataFrame]
    silver_types: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Tables:
    """Names of a model's tables and folders in the lake."""

    model: str
    source: str

    @property
    def bronze(self) -> str:
        """As it came."""
        return f"{self.model}/bronze/{self.source}"

    @property
    def silver(self) -> str:
        """Typed and cleaned."""
        return f"{self.model}/silver/{self.source}"

    @property
    def quarantine(self) -> str:
        """Rejected rows, with the reason."""
        return f"{self.model}/quarantine/{self.source}"

    @property
    def gold(self) -> str:
        """Features, and the label when it is known."""
        return f"{self.model}/gold/features"

    @property
    def predictions(self) -> str:
        """What the champion of the batch said."""
        return f"{self.model}/predictions"

    @property
    def drift(self) -> str:
        """Drift statistics, one row a feature."""
        return f"{self.model}/drift"

    def evidence(self, batch: str, kind: str) -> str:
        """Path of a verdict with its evidence, as JSON."""
        return f"{self.model}/evidence/{batch}/{kind}.json"

    def page(self, batch: str) -> str:
        """Path of a batch's report."""
        return f"{self.model}/reports/{page_name(batch)}"

    def page_json(self, batch: str) -> str:
        """Path of the report's JSON twin."""
        return f"{self.model}/reports/{json_name(batch)}"

    @property
    def summary(self) -> str:
        """Path of the summary over all batches."""
        return f"{self.model}/reports/{SUMMARY_PAGE}"

    @property
    def summary_json(self) -> str:
        """Path of the summary's JSON twin."""
        return f"{self.model}/reports/{SUMMARY_JSON}"


@dataclass(frozen=True)
class Watched:
    """A monitored model, ready to work: declaration, code, lake, registry, landing folder.

    Attributes
    ----------
    declaration, transforms
        What the user declared and wrote.
    lake, registry
        Where tables and models are kept.
    landing
        The model's folder of arriving files.
    reports_url
        Address under which the model's pages are served.

    """

    declaration: Declaration
    transforms: Transforms
    lake: Lake
    registry: ModelRegistry
    landing: Path
    reports_url: str

    @property
    def name(self) -> str:
        """The model's name."""
        return self.declaration.name

    @property
    def tables(self) -> Tables:
        """Names of the model's tables."""
        return Tables(self.name, self.declaration.source.table)

    def features(self, gold: pd.DataFrame) -> list[str]:
        """Give the feature columns of a gold table."""
        task = self.declaration.task
        return [name for name in gold.columns if name not in {task.id, task.label}]
