"""Silver → gold: features, and the label where it comes with the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from driftwatch_assets.lake import batch_order
from driftwatch_assets.quality import TableColumns
from driftwatch_assets.quoting import quoted, shortened
from driftwatch_assets.sources import REJECT_REASON
from driftwatch_assets.steps.class_names import by_class_names
from driftwatch_assets.steps.clean import silver_lines
from driftwatch_assets.steps.outcome import StepOutcome, Text, rejected_rows
from driftwatch_assets.steps.timeline import shifted, window
from driftwatch_assets.steps.unusable import infinite_values, undeclared_labels, unfit_kind
from driftwatch_assets.steps.validate import check_suite, publish_quality
from driftwatch_assets.steps.watched import FEATURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch_assets.steps.watched import Watched


class GoldInvalid(ValueError):  # noqa: N818 - named for what is the matter
    """The gold function of a model returned a table that does not fit its declaration."""


class LookAhead(ValueError):  # noqa: N818 - named for what was found
    """A row from after the batch lies among what gold would be made of."""


def make_features(watched: Watched, batch: str) -> StepOutcome:
    """Make a batch's gold table; rows that gold sets aside go into quarantine with their reason.

    So do rows that no model could use: with a number that is not finite, or with a label that is no declared class.

    Raises
    ------
    GoldInvalid
        When it is no table, a declared column is missing, a column occurs twice or is of a kind that no model takes, no
        row can be used, no label is a declared class, an id is missing, or one occurs twice among the kept rows.
    LookAhead
        When a silver row is dated after the batch's time window, or by something that is no date.

    """
    tables, task, lake = watched.tables, watched.declaration.task, watched.lake
    silver = {name: _silver(watched, batch, name) for name in watched.sources}
    gold = watched.transforms.gold(silver, _earlier(watched, batch))
    _check_shape(watched, batch, gold)
    if task.label is not None and task.label in gold.columns:
        gold = gold.assign(**{task.label: by_class_names(gold[task.label], task.classes)})
    origin = {"silver_fingerprint": "+".join(lake.fingerprint(tables.silver(name), batch) for name in watched.sources)}
    facts: dict[str, object] = {}
    rejected = _rejected(watched, batch, gold)
    if len(rejected) or REJECT_REASON in gold.columns:
        lake.write(tables.quarantine(FEATURES), batch, rejected.reset_index(drop=True), origin)
        kept = ~np.isin(np.arange(len(gold)), rejected.index.to_numpy(dtype=np.int64))
        gold = gold.loc[kept].drop(columns=REJECT_REASON, errors="ignore").reset_index(drop=True)
        facts = {"set_aside_rows": float(len(rejected)), "set_aside": Text(rejected_rows(rejected))}
    else:
        # What an earlier version of gold() set aside is not set aside any more.
        lake.drop(tables.quarantine(FEATURES), batch)
    _check_ids(watched, batch, gold)
    checks, refused = check_suite(
        watched,
        gold,
        watched.declaration.quality.gold,
        TableColumns(features=tuple(watched.features(gold)), identity=(task.id,)),
        layer="gold",
        name=FEATURES,
        batch=batch,
        rejected=rejected,
        tables=silver,
    )
    facts |= {"rows": float(len(gold)), "features": float(len(watched.features(gold)))}
    if task.label is not None and task.label in gold.columns:
        facts["labelled_rows"] = float(gold[task.label].notna().sum())
    if refused is not None:
        return publish_quality(watched, batch, {FEATURES: StepOutcome(facts, checks, refused=refused)})[FEATURES]
    facts |= _new_columns(watched, batch, gold)
    written = lake.write(tables.gold, batch, gold, origin)
    facts |= {"fingerprint": written.fingerprint, "changed": written.changed}
    carried = {
        str(column): (tables.silver(name), str(column))
        for column in gold.columns
        for name in watched.sources
        if column in silver[name].columns
    }
    outcome = StepOutcome(facts, checks, stored=gold, uri=written.uri, lineage=carried)
    return publish_quality(watched, batch, {FEATURES: outcome})[FEATURES]


def _rejected(watched: Watched, batch: str, gold: pd.DataFrame) -> pd.DataFrame:
    """Give the quarantine of gold, by the position of its rows: what gold() sets aside, and what no model can use."""
    task = watched.declaration.task
    given = pd.Series(None, index=range(len(gold)), dtype=object)
    if REJECT_REASON in gold.columns:
        given = gold[REJECT_REASON].astype(object).reset_index(drop=True)
    found = infinite_values(gold).reset_index(drop=True)
    if task.label is not None and task.label in gold.columns:
        undeclared = undeclared_labels(gold[task.label], task.classes).reset_index(drop=True)
        check_some_declared(watched, batch, gold[task.label], undeclared, told_by="gold()")
        found = found.where(found.notna(), undeclared)
    found = found[given.isna() & found.notna()]
    reasons = given[given.notna()].astype(str).map(shortened)
    if len(found) and len(found) + len(reasons) == len(gold):
        message = (
            f"{watched.name}: no row that gold() returned for batch {batch} can be used; the first, {task.id} "
            f"{quoted(gold[task.id].iloc[found.index[0]])}: {found.iloc[0]}. Correct gold(), or the declaration"
        )
        raise GoldInvalid(message)
    places = row_places(watched, batch, watched.sources, gold[task.id].iloc[found.index].tolist())
    rows = [("silver", str(name)) for name in gold[task.id].iloc[reasons.index]] + places
    rejected = pd.DataFrame(
        rows, columns=["source_file", "source_line"], index=[*reasons.index, *found.index], dtype=object
    )
    rejected["reason"] = pd.concat([reasons, found]).astype(str).astype(object)
    rejected["source_text"] = pd.Series(None, index=rejected.index, dtype=object)
    return rejected.sort_index()


def check_some_declared(
    watched: Watched, batch: str, labels: pd.Series[Any], undeclared: pd.Series[Any], *, told_by: str
) -> None:
    """Refuse labels of which none is a declared class: that is no fault of single rows.

    Raises
    ------
    GoldInvalid
        There are several labels, and a reason why each of them is no declared class.

    """
    known = int(labels.notna().sum())
    reasons = undeclared.dropna()
    if known > 1 and len(reasons) == known:
        message = (
            f"{watched.name}: {told_by} returned {known} labels for batch {batch}, and none is a declared class; the "
            f"first: {reasons.iloc[0]}. Write them as the task declares them, or correct the task"
        )
        raise GoldInvalid(message)


def row_places(watched: Watched, batch: str, tables: Sequence[str], ids: Sequence[Any]) -> list[tuple[str, str]]:
    """Give the file and the line of each row that is named by its id; ``("silver", id)`` where these are not known.

    The id is looked for among the batch's own silver rows, in the first of the tables that has the column.
    """
    column, lake = watched.declaration.task.id, watched.lake
    for name in tables if len(ids) else ():
        lines = silver_lines(watched, batch, name)
        if lines is None:
            continue
        silver = lake.read(watched.tables.silver(name), batch)
        if column in silver.columns:
            file, numbers = lines
            by_id = dict(zip(reversed(silver[column].tolist()), reversed(numbers), strict=True))
            return [(file, str(by_id[one])) if one in by_id else ("silver", str(one)) for one in ids]
    return [("silver", str(one)) for one in ids]


def _new_columns(watched: Watched, batch: str, gold: pd.DataFrame) -> dict[str, str]:
    """Say which features the batch before has not: a training has to know what becomes of those that came before."""
    lake, table = watched.lake, watched.tables.gold
    before = [one for one in lake.batches(table) if batch_order(one) < batch_order(batch)]
    if not before:
        return {}
    there = set(lake.columns(table, before[-1]))
    new = [name for name in watched.features(gold) if name not in there]
    return {"new_columns": f"{', '.join(new)}: not in gold of batch {before[-1]}"} if new else {}


def _earlier(watched: Watched, batch: str) -> dict[str, pd.DataFrame]:
    """Read the earlier batches of a model's table, by batch, where its gold function asks for them."""
    if not watched.transforms.earlier:
        return {}
    table = watched.tables.silver(watched.sources[0])
    before = [one for one in watched.lake.batches(table) if batch_order(one) < batch_order(batch)]
    return {one: watched.lake.read(table, one) for one in before}


def _silver(watched: Watched, batch: str, name: str) -> pd.DataFrame:
    """Read a table's rows of the batch, with those of the earlier batches that are declared as its history."""
    lake, table = watched.lake, watched.tables.silver(name)
    history = watched.declaration.source.history(name)
    batches = [batch]
    if history:
        earlier = [one for one in lake.batches(table) if batch_order(one) < batch_order(batch)]
        first = None if history == "all" else shifted(watched, batch, -history)
        batches = [*(one for one in earlier if first is None or batch_order(one) >= batch_order(first)), batch]
    frames = [lake.read(table, one) for one in batches]
    filled = [frame for frame in frames if len(frame)] or frames[-1:]
    rows = pd.concat(filled, ignore_index=True) if len(filled) > 1 else filled[0]
    _check_dated(watched, batch, name, rows)
    return rows


def _check_dated(watched: Watched, batch: str, name: str, rows: pd.DataFrame) -> None:
    time, span = watched.declaration.source.time(name), window(watched, batch)
    if time is None or span is None or time not in rows.columns:
        return
    if len(rows) and not pd.api.types.is_datetime64_any_dtype(rows[time]):
        message = (
            f"{watched.name}: silver of {name} gives {time} as {rows[time].dtype}, so that it cannot be seen whether "
            f"rows of batch {batch} are dated after it; keep it a date, or give what was made of it another name"
        )
        raise LookAhead(message)
    later = rows[rows[time] >= span.end]
    if not later.empty:
        message = (
            f"{watched.name}: {len(later)} silver rows of {name} are dated after batch {batch}, first {time} "
            f"{later[time].iloc[0]}; gold of a batch may rest on nothing that was not known by {span.end:%Y-%m-%d}. "
            f"Mend the source, and materialize its bronze and silver again"
        )
        raise LookAhead(message)


def _check_shape(watched: Watched, batch: str, gold: pd.DataFrame) -> None:
    task = watched.declaration.task
    if not isinstance(gold, pd.DataFrame):
        message = f"{watched.name}: gold() returned {type(gold).__name__} for batch {batch}, expected a DataFrame"
        raise GoldInvalid(message)
    twice = gold.columns[gold.columns.duplicated()]
    if len(twice):
        message = (
            f"{watched.name}: gold() returned the column {twice[0]!r} more than once for batch {batch}; drop one of "
            f"them, or give it another name"
        )
        raise GoldInvalid(message)
    wanted = [("task.id", task.id), *(("task.carried", name) for name in task.carried)]
    wanted += [("task.time", task.time)] if task.time is not None else []
    wanted += [("task.label", task.label)] if task.label is not None and not task.known_after else []
    wanted += [("drift.unwatched", name) for name in watched.declaration.drift.unwatched]
    wanted += [("drift.newest", name) for name in watched.declaration.drift.against_newest]
    for role, column in wanted:
        if column not in gold.columns:
            message = (
                f"{watched.name}: gold() returned no column {column!r} for batch {batch}, which {role} names; "
                f"it returned {', '.join(map(str, gold.columns[:8]))}, …"
            )
            raise GoldInvalid(message)
    if task.known_after and task.label in gold.columns:
        message = (
            f"{watched.name}: gold() returned the column {task.label!r} for batch {batch}, but task.known_after says "
            f"that labels are known {task.known_after} batches later; leave it out, labels() gives it"
        )
        raise GoldInvalid(message)
    _check_kinds(watched, batch, gold)


def _check_kinds(watched: Watched, batch: str, gold: pd.DataFrame) -> None:
    """Refuse a feature that is neither a number nor a text nor a truth value."""
    for name in watched.features(gold):
        if name == REJECT_REASON:
            continue
        what = unfit_kind(gold[name])
        if what is not None:
            message = (
                f"{watched.name}: gold() returned {what} in column {name!r} for batch {batch}, such as "
                f"{quoted(str(gold[name].dropna().iloc[0]))}; a model takes numbers, texts and truth values. Make "
                f"one of them (of a date its month, or the days since another), name the column in task.carried"
                f"{' or task.time' if what == 'dates' else ''}, or leave it out"
            )
            raise GoldInvalid(message)


def _check_ids(watched: Watched, batch: str, gold: pd.DataFrame) -> None:
    task = watched.declaration.task
    nameless = int(gold[task.id].isna().sum())
    if nameless:
        message = (
            f"{watched.name}: gold() returned {nameless} rows without an id for batch {batch} (column {task.id!r}); "
            f"set them aside with a {REJECT_REASON}, or give each its id"
        )
        raise GoldInvalid(message)
    repeated = gold[task.id][gold[task.id].duplicated()]
    if not repeated.empty:
        message = (
            f"{watched.name}: gold() returned the id {quoted(repeated.iloc[0])} more than once for batch {batch} "
            f"({len(repeated)} repeated ids in column {task.id!r}); an id names one row of its batch"
        )
        raise GoldInvalid(message)
