"""Where all models stand: the page that a person opens first, and the same in numbers for Prometheus."""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from driftwatch_assets.lake import LakeError
from driftwatch_assets.monitoring import MonitoringError, open_monitoring
from driftwatch_assets.reporting import SUMMARY_JSON, SUMMARY_PAGE, IndexEntry, OpenAlert, page_name, render_index

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from prometheus_client.core import Metric

    from driftwatch_assets.lake import Lake
    from driftwatch_assets.monitoring import AlertRecord, ModelOverview, Monitoring, Overview

_LOG = logging.getLogger(__name__)
_KEPT_SECONDS = 5.0
_FAILED = "FAILURE"


class MonitoringState(Collector):
    """What the monitoring database tells, read at most every few seconds; nothing where it does not answer.

    Parameters
    ----------
    url
        Address of the database.

    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._store: Monitoring | None = None
        self._known: tuple[float, Overview | None, str] = (float("-inf"), None, "")
        self._reading = threading.Lock()

    def overview(self) -> tuple[Overview | None, str]:
        """Give where the models stand, or None and why that could not be read."""
        with self._reading:
            read_at, overview, trouble = self._known
            if time.monotonic() - read_at < _KEPT_SECONDS:
                return overview, trouble
            try:
                self._store = self._store or open_monitoring(self._url)
                overview, trouble = self._store.overview(), ""
            except MonitoringError as broken:
                if not trouble:
                    _LOG.warning("%s", broken)
                overview, trouble = None, str(broken)
            self._known = (time.monotonic(), overview, trouble)
            return overview, trouble

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: the database may be away while the service starts."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Give the numbers."""
        overview, _ = self.overview()
        up = GaugeMetricFamily("driftwatch_monitoring_database_up", "Whether the monitoring database answers.")
        up.add_metric([], float(overview is not None))
        yield up
        if overview is None:
            return
        pending = GaugeMetricFamily("driftwatch_outbox_pending", "Alert messages that were not sent yet.")
        pending.add_metric([], overview.outbox_pending)
        yield pending
        alerts = GaugeMetricFamily(
            "driftwatch_open_alerts", "Alerts that are not resolved.", labels=["model", "severity"]
        )
        values = GaugeMetricFamily("driftwatch_metric", "A metric of the newest batch.", labels=["model", "name"])
        places = GaugeMetricFamily("driftwatch_batch_position", "Place of the newest batch.", labels=["model"])
        for name, model in overview.models.items():
            for severity in ("low", "medium", "high", "critical"):
                alerts.add_metric([name, severity], sum(alert.severity == severity for alert in model.alerts))
            for metric, value in model.metrics.items():
                values.add_metric([name, metric], value)
            if model.latest is not None:
                places.add_metric([name], model.latest.position)
        yield from (alerts, values, places)


class FirstPage:
    """The page over all models.

    Parameters
    ----------
    lake
        Where the reports are.
    titles
        Names for people, by model.
    state
        What the monitoring database tells.
    links
        (Words, address) of what else there is.

    """

    def __init__(
        self, lake: Lake, titles: Mapping[str, str], state: MonitoringState, links: Sequence[tuple[str, str]] = ()
    ) -> None:
        self._lake, self._titles, self._state, self._links = lake, titles, state, links

    def __call__(self) -> str:
        """Draw it."""
        overview, trouble = self._state.overview()
        notes = [f"Alerts and runs could not be read: {trouble}"] if trouble else []
        entries = []
        for name, title in sorted(self._titles.items()):
            known = None if overview is None else overview.models.get(name)
            try:
                entries.append(self._entry(name, title, known))
            except (LakeError, OSError, ValueError) as broken:
                _LOG.warning("the summary of %s could not be read: %s", name, broken)
                notes.append(f"The summary of {title} could not be read.")
                entries.append(IndexEntry(name, title))
        return render_index(entries, note=" ".join(notes), links=self._links)

    def _entry(self, name: str, title: str, known: ModelOverview | None) -> IndexEntry:
        folder = f"{name}/reports"
        told: list[dict[str, Any]] = []
        links = []
        if self._lake.has_file(f"{folder}/{SUMMARY_JSON}"):
            told = json.loads(self._lake.read_file(f"{folder}/{SUMMARY_JSON}"))["batches"]
        if self._lake.has_file(f"{folder}/{SUMMARY_PAGE}"):
            links.append(("all batches", f"/{folder}/{SUMMARY_PAGE}"))
        if told and self._lake.has_file(f"{folder}/{page_name(told[-1]['batch'])}"):
            links.append((f"batch {told[-1]['batch']}", f"/{folder}/{page_name(told[-1]['batch'])}"))
        more: dict[str, Any] = {"title": title, "links": tuple(links)}
        if known is not None:
            more["alerts"] = tuple(_open(alert) for alert in known.alerts)
            if known.champion is not None:
                more["champion_version"] = known.champion.version
                more["champion_trained_through"] = known.champion.trained_through
            job = known.latest_job
            if job is not None and job.status == _FAILED:
                more["failure"] = f"{job.job}{f', batch {job.batch}' if job.batch else ''}: {job.error or 'it failed'}"
        return IndexEntry.of(name, told, **more)


def _open(alert: AlertRecord) -> OpenAlert:
    value = alert.latest_value if alert.latest_value is not None else alert.opened_value
    detail = "" if value is None else f"{value:.3g}, where {alert.condition} {alert.threshold:g} is told"
    return OpenAlert(
        alert.rule, alert.severity, alert.latest_batch, acknowledged=alert.state == "acknowledged", detail=detail
    )
