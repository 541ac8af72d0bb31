"""The history of a model, as records and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from driftwatch_assets.command_line.instance import open_instance
from driftwatch_assets.components import records
from driftwatch_assets.components.held_up import held_up
from driftwatch_assets.components.lost import check_lake
from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.definitions import places_of
from driftwatch_assets.settings import Settings
from driftwatch_assets.steps import history

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import dagster as dg

    from driftwatch_assets.components import MonitoredModel
    from driftwatch_assets.components.held_up import HeldUp

FIELDS = (
    "batch",
    "rows",
    "champion_trained_through",
    "accuracy",
    "f1_macro",
    "frozen_accuracy",
    "drift_detected",
    "severity",
    "drifted_features",
    "checks_failed",
    "retrained",
    "promoted",
    "metric",
    "value",
    "value_low",
    "value_high",
    "frozen_value",
)

_HEADS = {"accuracy": "accu-\nracy", "f1_macro": "macro\nF1", "auc": "AUC", "anomaly_rate": "anomaly\nrate"}


def read_history(model: str) -> list[dict[str, Any]]:
    """Read a model's history: one record a batch, with the fields `FIELDS`, in batch order.

    Raises
    ------
    driftwatch_assets.components.lost.LakeLost
        The lake holds nothing of what was taken in.

    """
    settings = Settings.from_environment()
    component = monitored_model(model)
    with open_instance(settings) as instance:
        watched = component.watch(places_of(settings))
        check_lake(instance, watched)
        failed = failed_checks(instance, component)
    found = history(watched, failed)
    return [{field: record[field] for field in FIELDS} for record in found]


def read_held_up(model: str) -> HeldUp:
    """Read what of a model waits for a person."""
    settings = Settings.from_environment()
    component = monitored_model(model)
    with open_instance(settings) as instance:
        return held_up(instance, component.watch(places_of(settings)), component.keys)


def held_up_lines(waiting: HeldUp) -> list[Text]:
    """Set out for the terminal what waits for a person: faults in red, notes in yellow."""
    return [*(Text(line, "red") for line in waiting.faults), *(Text(line, "yellow") for line in waiting.notes)]


def failed_checks(instance: dg.DagsterInstance, component: MonitoredModel) -> dict[str, list[str]]:
    """Give the names of the failed checks by batch."""
    failed: dict[str, list[str]] = {}
    for verdict in records.check_verdicts(instance, component.check_keys):
        if verdict.status == "failed":
            failed.setdefault(verdict.batch, []).append(verdict.check)
    return failed


def as_table(model: str, found: Sequence[Mapping[str, Any]]) -> Table:
    """Set out a history for the terminal."""
    table = Table(
        title=f"{model}: {len(found)} batches", title_justify="left", box=SIMPLE_HEAD, padding=0, collapse_padding=True
    )
    metric = _HEADS.get(found[-1]["metric"], found[-1]["metric"]) if found else "value"
    for name in ("batch", "rows", "trained\nthrough", metric, "frozen", "drifted\nfeatures"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("verdict", "severity", "re-\ntrained", "pro-\nmoted"):
        table.add_column(name, no_wrap=True)
    for record in found:
        through = record["champion_trained_through"]
        table.add_row(
            record["batch"],
            str(record["rows"]),
            "none" if through is None else through,
            _number(record["value"]),
            _number(record["frozen_value"]),
            "" if record["drift_detected"] is None else str(len(record["drifted_features"])),
            {True: "drift", False: "no drift", None: "unjudged"}[record["drift_detected"]],
            record["severity"] or "",
            "yes" if record["retrained"] else "",
            "yes" if record["promoted"] else "",
        )
    return table


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
