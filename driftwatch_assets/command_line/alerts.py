"""Alerts in the terminal: which there are, who sees to them, and sending or dropping what waits."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from driftwatch_assets.command_line.instance import open_instance
from driftwatch_assets.components.delivery import deliver_due
from driftwatch_assets.components.models import monitored_model
from driftwatch_assets.definitions import places_of
from driftwatch_assets.monitoring import open_monitoring
from driftwatch_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from driftwatch_assets.monitoring import AlertRecord, AlertState, Monitoring


def list_alerts(console: Console, *, state: AlertState | None, model: str | None, as_json: bool) -> int:
    """Show alerts, the newest first, and how many messages still wait for their channel.

    Raises
    ------
    ModelUnknown
        When no model has this name.
    MonitoringError
        When the monitoring database cannot be used.
    """
    store = _store(model)
    found = store.alerts(state, model)
    if as_json:
        told = json.dumps([asdict(one) for one in found], indent=2, default=_moment, allow_nan=False)
        console.print(told, soft_wrap=True, highlight=False, markup=False)
        return 0
    console.print(as_table(found, state))
    _tell_of_waiting(console, store)
    return 0


def acknowledge(console: Console, alert_id: int, by: str) -> int:
    """Note that somebody sees to an open alert."""
    noted = _store().acknowledge(alert_id, by)
    console.print(
        f"{noted.model}: alert {noted.id} ({noted.rule}, batch {noted.opened_batch}) is seen to by "
        f"{noted.acknowledged_by}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    return 0


def deliver(console: Console) -> int:
    """Send what is due; the exit status is 1 when a channel did not take it."""
    settings = Settings.from_environment()
    with ExitStack() as opened:
        done = deliver_due(places_of(settings), lambda: opened.enter_context(open_instance(settings)))
    console.print(f"{done.sent} sent, {done.failed} failed, {done.waiting} wait", highlight=False)
    for channel, error in done.errors.items():
        console.print(Text(f"{channel}: {error}", style="red"), soft_wrap=True)
    return 1 if done.failed else 0


def drop(console: Console, channel: str, model: str | None) -> int:
    """Let the messages go that wait for a channel; the exit status is 1 when none does.

    Raises
    ------
    ModelUnknown
        When no model has this name.
    MonitoringError
        When the monitoring database cannot be used.
    """
    store = _store(model)
    dropped = store.drop(channel, model)
    said = f"{_counted(dropped)} dropped that waited for {channel}; the alerts themselves stay"
    if not dropped:
        others = ", ".join(f"{name} ({count})" for name, count in store.waiting().items())
        said = f"no message waits for {channel}; messages wait for: {others or 'no channel'}"
    console.print(said, soft_wrap=True, highlight=False, markup=False)
    return 0 if dropped else 1


def _counted(messages: int) -> str:
    return "1 message" if messages == 1 else f"{messages} messages"


def as_table(found: Sequence[AlertRecord], state: AlertState | None = None) -> Table:
    """Set out alerts for the terminal; no number is cut, long names go on below."""
    count = f"{len(found) or 'no'} {'alert' if len(found) == 1 else 'alerts'}"
    title = Text(count if state is None else f"{count}: {state}")
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0, collapse_padding=True)
    table.add_column("id", justify="right", no_wrap=True)
    for name in ("model", "rule", "severity", "state", "batch"):
        table.add_column(name, overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("until", overflow="fold")
    for one in found:
        cells = (str(one.id), one.model, one.rule, one.severity, _standing(one), _failing(one), _value(one))
        # As text, since a name may hold what Rich takes for a style.
        table.add_row(*(Text(cell) for cell in (*cells, one.resolved_batch or "")))
    return table


def _standing(one: AlertRecord) -> str:
    return one.state if one.state != "acknowledged" else f"seen to by {one.acknowledged_by}"


def _failing(one: AlertRecord) -> str:
    return one.opened_batch if one.latest_batch == one.opened_batch else f"{one.opened_batch} to {one.latest_batch}"


def _value(one: AlertRecord) -> str:
    if one.latest_value is None or one.condition is None or one.threshold is None:
        return ""
    return f"{one.latest_value:.4g} {one.condition} {one.threshold:g}"


def _tell_of_waiting(console: Console, store: Monitoring) -> None:
    known = store.overview()
    if not known.outbox_pending:
        return
    some = "1 message waits" if known.outbox_pending == 1 else f"{known.outbox_pending} messages wait"
    channels = ", ".join(f"{name} ({count})" for name, count in store.waiting().items())
    since = "" if known.outbox_oldest is None else f", the oldest since {known.outbox_oldest:%Y-%m-%d %H:%M} UTC"
    said = f"{some} for their channel{since}: {channels}; driftwatch alerts deliver tries now and says why."
    console.print(said, soft_wrap=True, highlight=False, markup=False)


def _moment(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r} is no moment")
    return value.isoformat()


def _store(model: str | None = None) -> Monitoring:
    """Open the monitoring database, once it is sure that there is such a model."""
    if model is not None:
        monitored_model(model)
    return open_monitoring(places_of(Settings.from_environment()).monitoring())
