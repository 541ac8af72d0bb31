"""Bronze → silver and quarantine: rows are typed, and those that cannot be used are set aside with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from driftwatch_assets.quality import TableColumns, Unique
from driftwatch_assets.sources import REJECT_REASON, readable, split
from driftwatch_assets.steps.ingest import forget_bronze
from driftwatch_assets.steps.outcome import StepOutcome, Text, rejected_rows
from driftwatch_assets.steps.unusable import infinite_values
from driftwatch_assets.steps.validate import check_suite, publish_quality

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch_assets.quality import Suite
    from driftwatch_assets.sources import Split
    from driftwatch_assets.steps.watched import Watched


class SilverInvalid(ValueError):  # noqa: N818 - named for what is the matter
    """A silver function returned a table that no batch can be made of."""


class PersonalKept(ValueError):  # noqa: N818 - named for what happened
    """A silver function returned a column that is declared personal."""


@dataclass(frozen=True)
class _Cleaned:
    parted: Split
    origin: Mapping[str, str]


def clean(watched: Watched, batch: str, tables: Sequence[str] | None = None) -> dict[str, StepOutcome]:
    """Clean a batch's bronze rows; a batch that fails a blocking check leaves stored silver as it was, of all tables.

    Rejected rows are stored before anything is decided, so that they can be looked at in either case; a row with a
    number that is not finite is one of them. Personal columns end here: the user's function does not get them, and no
    quarantined line shows its text.

    Raises
    ------
    SilverInvalid
        When a silver function returns a column twice.
    PersonalKept
        When a silver function makes up a column with the name of a personal one.

    """
    chosen = watched.sources if tables is None else tables
    cleaned = {name: _cleaned(watched, batch, name) for name in chosen}
    silver = {name: one.parted.kept for name, one in cleaned.items()}
    for name in watched.sources:
        if name not in silver and watched.lake.exists(watched.tables.silver(name), batch):
            silver[name] = watched.lake.read(watched.tables.silver(name), batch)
    outcomes = {name: _checked(watched, batch, name, one, silver) for name, one in cleaned.items()}
    if not any(outcome.refused for outcome in outcomes.values()):
        outcomes = {name: _written(watched, batch, name, one, outcomes[name]) for name, one in cleaned.items()}
        forget_bronze(watched, chosen)
    return publish_quality(watched, batch, outcomes)


def _cleaned(watched: Watched, batch: str, name: str) -> _Cleaned:
    tables = watched.tables
    bronze = watched.lake.read(tables.bronze(name), batch)
    provenance = watched.lake.provenance(tables.bronze(name), batch)
    typed = _typed(watched, batch, name, bronze)
    parted = split(bronze, typed, provenance["source_file"])
    origin = {
        "source_file": provenance["source_file"],
        "source_fingerprint": provenance["source_fingerprint"],
        "bronze_fingerprint": provenance["fingerprint"],
    }
    watched.lake.write(tables.quarantine(name), batch, parted.rejected, origin)
    return _Cleaned(parted, origin)


def _typed(watched: Watched, batch: str, name: str, bronze: pd.DataFrame) -> pd.DataFrame:
    """Let the user's function type the readable rows; those with an infinity shall not go on."""
    personal = [column for column in watched.declaration.source.personal(name) if column in bronze.columns]
    typed = watched.transforms.silver[name](readable(bronze).drop(columns=personal))
    if not isinstance(typed, pd.DataFrame):
        message = (
            f"{watched.name}: silver of {name} returned {type(typed).__name__} for batch {batch}, expected a DataFrame "
            f"with one row for each that it was given"
        )
        raise TypeError(message)
    kept = [column for column in personal if column in typed.columns]
    if kept:
        message = (
            f"{watched.name}: silver of {name} returned the column {kept[0]!r}, which is declared personal and may not "
            f"leave bronze; drop it, or give what was derived of it another name"
        )
        raise PersonalKept(message)
    twice = typed.columns[typed.columns.duplicated()]
    if len(twice):
        message = (
            f"{watched.name}: silver of {name} returned the column {twice[0]!r} more than once for batch {batch}; "
            f"drop one of them, or give it another name"
        )
        raise SilverInvalid(message)
    infinite = infinite_values(typed)
    if infinite.notna().any():
        given = typed.get(REJECT_REASON)
        typed = typed.assign(**{REJECT_REASON: infinite if given is None else given.where(given.notna(), infinite)})
    return typed


def silver_lines(watched: Watched, batch: str, name: str) -> tuple[str, list[int]] | None:
    """Give the file that a batch's stored silver rows came from, and the line of each, in their order.

    Silver does not keep its lines: they are found by typing the stored bronze again. None where that is not what silver
    was made of any more.
    """
    lake, tables = watched.lake, watched.tables
    if not (lake.exists(tables.bronze(name), batch) and lake.exists(tables.silver(name), batch)):
        return None
    made_of = lake.provenance(tables.silver(name), batch).get("bronze_fingerprint")
    if made_of != lake.fingerprint(tables.bronze(name), batch):
        return None
    bronze = lake.read(tables.bronze(name), batch)
    typed = _typed(watched, batch, name, bronze)
    kept = typed if REJECT_REASON not in typed else typed[typed[REJECT_REASON].isna()]
    if len(kept) != lake.rows(tables.silver(name), batch):
        return None
    return lake.provenance(tables.bronze(name), batch)["source_file"], bronze.loc[kept.index, "source_line"].tolist()


def _checked(
    watched: Watched, batch: str, name: str, cleaned: _Cleaned, silver: Mapping[str, pd.DataFrame]
) -> StepOutcome:
    kept, rejected, task = cleaned.parted.kept, cleaned.parted.rejected, watched.declaration.task
    features = [one for one in kept.select_dtypes("number").columns if one not in task.no_features]
    suite = watched.declaration.quality.of("silver", name)
    identity = tuple(one for one in (task.id, *_keys(suite), "source_line") if one in kept.columns)
    columns = TableColumns(
        types=watched.transforms.silver_types.get(name), features=tuple(features), identity=identity[:1]
    )
    checks, refused = check_suite(
        watched,
        kept,
        suite,
        columns,
        layer="silver",
        name=name,
        batch=batch,
        rejected=rejected,
        tables=silver,
    )
    facts = {
        "rows": float(len(kept)),
        "quarantined_rows": float(len(rejected)),
        "quarantine": Text(rejected_rows(rejected)),
        "quarantine_uri": watched.lake.uri(watched.tables.quarantine(name), batch),
    }
    return StepOutcome(facts, checks, refused=refused)


def _keys(suite: Suite) -> list[str]:
    """Give the columns that name a row because each value is promised to be there once."""
    single = [one.columns for one in suite.expectations if isinstance(one, Unique) and isinstance(one.columns, tuple)]
    return [columns[0] for columns in single if len(columns) == 1]


def _written(watched: Watched, batch: str, name: str, cleaned: _Cleaned, outcome: StepOutcome) -> StepOutcome:
    written = watched.lake.write(watched.tables.silver(name), batch, cleaned.parted.kept, cleaned.origin)
    facts = {**outcome.facts, "fingerprint": written.fingerprint, "changed": written.changed}
    return StepOutcome(facts, outcome.checks, stored=cleaned.parted.kept, uri=written.uri)
