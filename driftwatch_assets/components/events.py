"""A step's outcome as Dagster events."""

from __future__ import annotations

import math
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import dagster as dg

from driftwatch_assets.components.interruptions import interruption_of
from driftwatch_assets.components.records import ENDED_TAG, REFUSED_TAG
from driftwatch_assets.steps import Link, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from driftwatch_assets.steps import StepOutcome

_SEVERITY = {"warn": dg.AssetCheckSeverity.WARN, "error": dg.AssetCheckSeverity.ERROR}


@contextmanager
def telling_how_it_ends(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Note in the tags of a run that fails whether something interrupted it, or it is to blame itself."""
    try:
        yield
    except BaseException as error:
        # Where the disk is full the note fails as well; the events that are stored, or are not, tell it then.
        with suppress(Exception):
            context.instance.add_run_tags(context.run.run_id, {ENDED_TAG: interruption_of(error) or "failed"})
        raise


def as_events(
    context: dg.AssetExecutionContext, outcomes: Mapping[dg.AssetKey, StepOutcome], started: float
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    """Hand the outcomes of a step to Dagster, one an asset; where only a check was asked for, its result alone.

    Raises
    ------
    dagster.Failure
        When the batch may not go on. The check results are stored before, and a retry would change nothing.

    """
    asked = context.selected_asset_check_keys
    results = {
        key: [check for check in _checks(key, outcome) if dg.AssetCheckKey(key, str(check.check_name)) in asked]
        for key, outcome in outcomes.items()
    }
    refused = {key: outcome for key, outcome in outcomes.items() if outcome.refused is not None}
    if refused:
        for checks in results.values():
            yield from checks
        context.instance.add_run_tags(context.run.run_id, {REFUSED_TAG: "true"})
        first = next(iter(refused.values()))
        raise dg.Failure(
            description="; ".join(str(outcome.refused) for outcome in refused.values()),
            metadata=as_metadata(first.facts),
            allow_retries=False,
        )
    for key, outcome in outcomes.items():
        if key in context.selected_asset_keys:
            yield _materialized(key, outcome, results[key], time.monotonic() - started)
        else:
            yield from results[key]


def _checks(key: dg.AssetKey, outcome: StepOutcome) -> list[dg.AssetCheckResult]:
    return [
        dg.AssetCheckResult(
            asset_key=key,
            check_name=check.name,
            passed=check.passed,
            severity=_SEVERITY[check.severity],
            description=check.description,
            metadata=as_metadata(check.facts),
        )
        for check in outcome.checks
    ]


def _materialized(
    key: dg.AssetKey, outcome: StepOutcome, checks: list[dg.AssetCheckResult], seconds: float
) -> dg.MaterializeResult[Any]:
    metadata = as_metadata({**outcome.facts, "seconds": seconds})
    if outcome.uri is not None:
        metadata["dagster/uri"] = dg.MetadataValue.text(outcome.uri)
    if outcome.stored is not None:
        metadata["dagster/partition_row_count"] = dg.MetadataValue.int(len(outcome.stored))
        metadata["dagster/column_schema"] = _schema(outcome.stored)
    if outcome.lineage:
        metadata["dagster/column_lineage"] = dg.TableColumnLineage(
            {
                column: [dg.TableColumnDep(dg.AssetKey(table.split("/")), source)]
                for column, (table, source) in outcome.lineage.items()
            }
        )
    version = outcome.facts.get("fingerprint")
    return dg.MaterializeResult(
        asset_key=key,
        metadata=metadata,
        check_results=checks,
        # Identity is content: what was materialized again without a change leaves what follows up to date.
        data_version=None if version is None else dg.DataVersion(str(version)),
    )


def as_metadata(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give facts the metadata type with which the UI shows them best."""
    return {name: _value(value) for name, value in facts.items() if value is not None}


def _value(value: Any) -> Any:
    if isinstance(value, Link):
        return dg.MetadataValue.url(value.url)
    if isinstance(value, Text):
        return dg.MetadataValue.md(value.markdown)
    if isinstance(value, os.PathLike):
        return dg.MetadataValue.path(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bool | str | int | float):
        return value
    return dg.MetadataValue.json(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | str | int | float):
        return value
    item = getattr(value, "item", None)
    return _plain(item()) if callable(item) else str(value)


def _schema(frame: pd.DataFrame) -> dg.TableSchema:
    return dg.TableSchema(columns=[dg.TableColumn(str(name), type=str(kind)) for name, kind in frame.dtypes.items()])
