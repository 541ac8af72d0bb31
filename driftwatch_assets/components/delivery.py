"""The sensor that delivers alerts: apart from runs, so that no channel can hold up or fail one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from driftwatch_assets.alerting import deliver, finder
from driftwatch_assets.components import records
from driftwatch_assets.components.models import monitored_models
from driftwatch_assets.monitoring import MonitoringError, open_monitoring
from driftwatch_assets.resources import Places

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch_assets.alerting import Delivered

DELIVERY_SENSOR = "alert_delivery"
_INTERVAL_SECONDS = 15


def build_delivery() -> dg.SensorDefinition:
    """Build the sensor that takes messages out of the outbox and hands them to their channels.

    A message waits there until its channel has taken it; two daemons do not send one twice.
    """

    @dg.sensor(
        name=DELIVERY_SENSOR,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Delivers the messages of alerts to mail, Slack and webhooks, again until they are taken.",
    )
    def alert_delivery(context: dg.SensorEvaluationContext, places: Places) -> dg.SkipReason:
        try:
            done = deliver_due(places, lambda: context.instance)
        except MonitoringError as unusable:
            raise dg.Failure(description=str(unusable)) from unusable
        for channel, error in done.errors.items():
            context.log.warning("%s: %s", channel, error)
        failures = "".join(f"; {channel}: {error}" for channel, error in done.errors.items())
        return dg.SkipReason(f"{done.sent} sent, {done.failed} failed, {done.waiting} wait{failures}")

    return alert_delivery


def deliver_due(places: Places, instance: Callable[[], dg.DagsterInstance]) -> Delivered:
    """Deliver what is due in the outbox; the instance is asked for where a single run has named whom to mail."""
    models = monitored_models()

    def asked_for(model: str) -> list[str]:
        if model not in models:
            return []
        asked = records.recipients(instance(), model, models[model].keys.monitoring)
        return [recipient for some in asked.values() for recipient in some]

    recipients = {name: model.declaration.alerts.recipients for name, model in models.items()}
    return deliver(open_monitoring(places.monitoring()), finder(recipients, asked_for=asked_for))
