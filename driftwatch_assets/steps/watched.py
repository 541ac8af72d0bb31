"""A monitored model with its code and its places: what every step of a batch works with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from driftwatch_assets.lake import LONGEST_NAME
from driftwatch_assets.reporting.anomaly_pictures import PICTURES
from driftwatch_assets.reporting.wording import (
    SUMMARY_JSON,
    SUMMARY_PAGE,
    json_name,
    page_name,
    quality_json_name,
    quality_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd

    from driftwatch_assets.declaration import Declaration
    from driftwatch_assets.lake import Lake
    from driftwatch_assets.registry import ModelRegistry

FEATURES = "features"
"""Name of the gold table, and of the quarantine of rows that gold set aside."""

LATE_LABELS = "late_labels"
"""Name of the quarantine of labels that were told later and are no declared class."""

SOURCE = "source"
"""Key of the one partition of a source's quarantine, whose rows are of no batch."""


@dataclass(frozen=True)
class Transforms:
    """The functions that a user writes, and what they say of silver's columns.

    Attributes
    ----------
    silver
        By table: bronze rows that could be read → typed rows, under the same index, with `reject_reason` (null = kept).
    gold
        Silver rows by table, and where it asks for them the earlier batches' silver by batch → id, features, and the
        label where it comes with the batch.
    earlier
        Whether gold asks for the earlier batches.
    labels
        Silver rows by table of the later batch that tells → id and label; `None` where labels come with the batch.
    label_tables
        The tables that `labels` reads.
    silver_types
        By table, the expected type by silver column; a table that is not there declares none.

    """

    silver: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]]
    gold: Callable[[Mapping[str, pd.DataFrame], Mapping[str, pd.DataFrame]], pd.DataFrame]
    earlier: bool = False
    labels: Callable[[Mapping[str, pd.DataFrame]], pd.DataFrame] | None = None
    label_tables: tuple[str, ...] = ()
    silver_types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Tables:
    """Names of a model's tables and files in the lake."""

    model: str

    def bronze(self, table: str) -> str:
        """As it came."""
        return f"{self.model}/bronze/{table}"

    def silver(self, table: str) -> str:
        """Typed and cleaned."""
        return f"{self.model}/silver/{table}"

    def quarantine(self, table: str) -> str:
        """Rejected rows, with the reason."""
        return f"{self.model}/quarantine/{table}"

    def unplaced(self, table: str) -> str:
        """Rows of a source that belong to no batch, with the reason; its one partition is `SOURCE`."""
        return f"{self.model}/unplaced/{table}"

    @property
    def gold(self) -> str:
        """Features, and the label when it comes with the batch."""
        return f"{self.model}/gold/{FEATURES}"

    @property
    def predictions(self) -> str:
        """What the champion of the batch said."""
        return f"{self.model}/predictions"

    @property
    def outcomes(self) -> str:
        """Predictions, each with its label once that is known."""
        return f"{self.model}/outcomes"

    @property
    def drift(self) -> str:
        """Drift statistics, one row a feature."""
        return f"{self.model}/drift"

    @property
    def served(self) -> str:
        """What the prediction service answered, one partition an hour."""
        return f"{self.model}/served"

    @property
    def served_labels(self) -> str:
        """Labels that were told of served rows, one partition an hour."""
        return f"{self.model}/served_labels"

    @property
    def served_evidence(self) -> str:
        """Folder of what was found in each hour of served traffic."""
        return f"{self.model}/served_evidence"

    def hour_evidence(self, hour: str) -> str:
        """Path of what was found in an hour of served traffic, as JSON."""
        return f"{self.served_evidence}/{hour}.json"

    def evidence(self, batch: str, kind: str) -> str:
        """Path of a verdict with its evidence, as JSON."""
        return f"{self.model}/evidence/{batch}/{kind}.json"

    def intake(self, batch: str) -> str:
        """Path of which content of a batch was taken in, as JSON."""
        return f"{self.model}/intakes/{batch}.json"

    def page(self, batch: str) -> str:
        """Path of a batch's report."""
        return f"{self.model}/reports/{page_name(batch)}"

    def page_json(self, batch: str) -> str:
        """Path of the report's JSON twin."""
        return f"{self.model}/reports/{json_name(batch)}"

    def quality_page(self, batch: str) -> str:
        """Path of what the suites found in a batch."""
        return f"{self.model}/reports/{quality_name(batch)}"

    def quality_json(self, batch: str) -> str:
        """Path of the quality page's JSON twin."""
        return f"{self.model}/reports/{quality_json_name(batch)}"

    def picture(self, batch: str, name: str) -> str:
        """Path of a picture of a batch."""
        return f"{self.model}/reports/{page_name(batch).removesuffix('.html')}-{name}.png"

    def misfit(self, batch: str) -> str:
        """Say why a batch's key is too long to name its pages and pictures; empty where it is not.

        Examples
        --------
        >>> Tables("iris").misfit("2024-01")
        ''
        >>> Tables("iris").misfit("b" * 110).partition(",")[0]
        'its batch has a name of 110 characters'

        """
        longest = max(len(self.picture(batch, name)) for name in PICTURES) - len(f"{self.model}/reports/")
        longest = max(longest, len(quality_json_name(batch)))
        if longest <= LONGEST_NAME:
            return ""
        return (
            f"its batch has a name of {len(batch)} characters, with which the names of its pages would have {longest}, "
            f"and {LONGEST_NAME} are allowed: rename the file, or let the pattern capture less"
        )

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
    monitoring
        URL of the monitoring database.
    embedded
        Folder of the embedded database, which is loaded from the files of the landing folder.
    database
        URL of the model's database where one is set; `None` means the embedded one.

    """

    declaration: Declaration
    transforms: Transforms
    lake: Lake
    registry: ModelRegistry
    landing: Path
    reports_url: str
    monitoring: str = field(repr=False)
    embedded: Path
    database: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.declaration.name

    @property
    def tables(self) -> Tables:
        """Names of the model's tables."""
        return Tables(self.name)

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the source tables, in the declared order."""
        return self.declaration.source.table_names

    def features(self, gold: pd.DataFrame) -> list[str]:
        """Give the feature columns of a gold table."""
        return [name for name in gold.columns if name not in self.declaration.task.no_features]
