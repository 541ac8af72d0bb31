"""Alerts in the terminal: which there are, who sees to them, and sending what waits."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

from driftwatch_assets.components.delivery import deliver_due
from driftwatch_assets.definitions import places_of
from driftwatch_assets.monitoring import open_monitoring
from driftwatch_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from driftwatch_assets.monitoring import AlertRecord, AlertState, Monitoring


def list_alerts(console: Console, *, state: AlertState | None, model: str | None, as_json: bool) -> int:
    """Show alerts, the newest first."""
    found = _store().alerts(state, model)
    if as_json:
        console.print_json(json.dumps([asdict(one) for one in found], default=str))
    else:
        console.print(as_table(found))
    return 0


def acknowledge(console: Console, alert_id: int, by: str) -> int:
    """Note that somebody sees to an open alert."""
    noted = _store().acknowledge(alert_id, by)
    console.print(
        f"{noted.model}: alert {noted.id} ({noted.rule}, batch {noted.opened_batch}) is seen to by "
        f"{noted.acknowledged_by}",
        highlight=False,
        markup=False,
    )
    return 0


def deliver(console: Console) -> int:
    """Send what is due; the exit status is 1 when a channel did not take it."""
    done = deliver_due(places_of(Settings.from_environment()))
    console.print(f"{done.sent} sent, {done.failed} failed, {done.waiting} wait", highlight=False)
    for channel, error in done.errors.items():
        console.print(f"{channel}: {error}", style="red", markup=False)
    return 1 if done.failed else 0


def as_table(found: Sequence[AlertRecord]) -> Table:
    """Set out alerts for the terminal."""
    count = "1 alert" if len(found) == 1 else f"{len(found)} alerts"
    table = Table(title=count, title_justify="left", box=SIMPLE_HEAD, padding=0, collapse_padding=True)
    table.add_column("id", justify="right", no_wrap=True)
    for name in ("model", "rule", "severity", "state", "batch"):
        table.add_column(name)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("until")
    for one in found:
        failing = (
            one.opened_batch if one.latest_batch == one.opened_batch else f"{one.opened_batch} to {one.latest_batch}"
        )
        value = "" if one.opened_value is None else f"{one.opened_value:.3f} {one.condition} {one.threshold:g}"
        table.add_row(
            str(one.id), one.model, one.rule, one.severity, one.state, failing, value, one.resolved_batch or ""
        )
    return table


def _store() -> Monitoring:
    return open_monitoring(places_of(Settings.from_environment()).monitoring())
