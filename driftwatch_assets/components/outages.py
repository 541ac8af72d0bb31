"""When a model's source could not be looked at, kept in Dagster's instance.

A tick that fails keeps no cursor and starts no run, and the monitoring database may be down while the source is: so it
is noted beside the sensors' cursors, and the alerts sensor tells of it.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from driftwatch_assets.alerting import FAILED_LOOKS, Outage, redacted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dagster as dg

_KEPT = 20
"""So many outages are kept: those that end while the monitoring database is down are told of afterwards."""


def look_failed(instance: dg.DagsterInstance, model: str, error: str) -> None:
    """Note that a look at a model's source failed, and why."""
    noted = _read(instance, model)
    if noted and noted[-1].ended_at is None:
        since = noted[-1]
        noted[-1] = replace(since, looks=since.looks + 1, error=redacted(error))
    else:
        noted.append(Outage(_now(), 1, redacted(error)))
    _write(instance, model, noted)


def look_succeeded(instance: dg.DagsterInstance, model: str) -> None:
    """Note that a look succeeded; one after another that did costs a read."""
    noted = _read(instance, model)
    if not noted or noted[-1].ended_at is not None:
        return
    last = noted.pop()
    if last.looks >= FAILED_LOOKS:
        noted.append(replace(last, ended_at=_now()))
    _write(instance, model, noted)


def forget_outages(instance: dg.DagsterInstance, model: str) -> None:
    """Forget when a model's source could not be looked at."""
    if _read(instance, model):
        _write(instance, model, [])


def outages(instance: dg.DagsterInstance, model: str) -> list[Outage]:
    """Give when a model's source could not be looked at, the oldest first; one failed look alone is none."""
    return [one for one in _read(instance, model) if one.looks >= FAILED_LOOKS]


def _key(model: str) -> str:
    return f"driftwatch/outages/{model}"


def _read(instance: dg.DagsterInstance, model: str) -> list[Outage]:
    stored = instance.daemon_cursor_storage.get_cursor_values({_key(model)}).get(_key(model), "[]")
    return [
        Outage(
            dt.datetime.fromisoformat(since),
            looks,
            error,
            None if ended_at is None else dt.datetime.fromisoformat(ended_at),
        )
        for since, looks, error, ended_at in json.loads(stored)
    ]


def _write(instance: dg.DagsterInstance, model: str, noted: Sequence[Outage]) -> None:
    rows = [
        [one.since.isoformat(), one.looks, one.error, None if one.ended_at is None else one.ended_at.isoformat()]
        for one in noted[-_KEPT:]
    ]
    instance.daemon_cursor_storage.set_cursor_values({_key(model): json.dumps(rows)})


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
