"""What the service counts, in the text format that Prometheus reads."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from driftwatch_assets.serving.records import Rows

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "driftwatch_requests", "Answered requests.", ["path", "method", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "driftwatch_request_seconds",
            "Time from a request to its answer.",
            ["path"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.predictions = Counter(
            "driftwatch_predictions", "Answered rows.", ["model", "version"], registry=self.registry
        )
        self.rejected = Counter(
            "driftwatch_rejected_records",
            "Records of requests that were refused with 422.",
            ["model"],
            registry=self.registry,
        )
        self.outside_records = Counter(
            "driftwatch_outside_records",
            "Answered rows with a value outside of what training saw.",
            ["model"],
            registry=self.registry,
        )
        self.outside_values = Counter(
            "driftwatch_outside_values",
            "Values of answered rows outside of what training saw.",
            ["model", "field"],
            registry=self.registry,
        )
        self.champion = Gauge(
            "driftwatch_champion_version", "Version that answers; 0 while none does.", ["model"], registry=self.registry
        )
        self.reload_failures = Counter(
            "driftwatch_champion_reload_failures",
            "Looks for a promotion that failed.",
            ["model"],
            registry=self.registry,
        )
        self.unflushed = Gauge(
            "driftwatch_unflushed_predictions",
            "Answered rows that are not in the lake yet.",
            ["model"],
            registry=self.registry,
        )

    def count_outside(self, model: str, rows: Rows) -> None:
        """Count what of a request's answered rows lies outside of what training saw."""
        if rows.outside:
            self.outside_records.labels(model).inc(len(rows.outside))
            for value in itertools.chain.from_iterable(rows.outside.values()):
                self.outside_values.labels(model, value.field).inc()

    def add(self, collector: Collector) -> None:
        """Tell of something else too."""
        self.registry.register(collector)

    def text(self) -> bytes:
        """Give everything in the text format."""
        return generate_latest(self.registry)
