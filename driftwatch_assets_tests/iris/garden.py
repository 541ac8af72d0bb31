"""The iris system at work: its house, a server of flowers on the loopback interface, and what a fetch did."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch_assets.components.records import why_failed
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets_tests.iris.flowers import published

if TYPE_CHECKING:
    import dagster as dg

    from driftwatch_assets_tests.sources.data_server import Site
    from driftwatch_assets_tests.steps.house import House

MODEL = "iris"
_LONG_AGO_SECONDS = 3600.0
_TENTHS = 10


@dataclass(frozen=True)
class Fetch:
    """How a run of the fetch job ended."""

    success: bool
    landed: str
    why: str


def fetch(house: House, site: Site, **changed: object) -> Fetch:
    """Run the fetch job, with the server's address as run configuration."""
    settings = {"url": site.url, "timeout_seconds": 5.0, **changed}
    with house.instance() as instance:
        job = defs().resolve_job_def(house.component.keys.fetch_job)
        result = job.execute_in_process(
            instance=instance,
            run_config={
                "ops": {"iris_fetch_address": {"config": settings}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            raise_on_error=False,
        )
        if not result.success:
            return Fetch(success=False, landed="", why=why_failed(instance, result.run_id))
        told = _metadata(instance, result.run_id)
    settle(house)
    return Fetch(success=True, landed=told["landed"], why=told["reason"])


def _metadata(instance: dg.DagsterInstance, run_id: str) -> dict[str, Any]:
    import dagster as dg  # noqa: PLC0415 - annotations above need it for types only

    found = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_OUTPUT)
    data = found[0].get_dagster_event().step_output_data
    return {name: value.value for name, value in data.metadata.items()}


def settle(house: House) -> None:
    """Let what lies in the landing folder have lain there for an hour."""
    long_ago = time.time() - _LONG_AGO_SECONDS
    for path in house.landing.glob("*.csv"):
        os.utime(path, (long_ago, long_ago))


def landed(house: House) -> dict[str, bytes]:
    """Give what a person sees in the landing folder."""
    return {path.name: path.read_bytes() for path in sorted(house.landing.iterdir()) if not path.name.startswith(".")}


def asked_for(house: House) -> list[str]:
    """Give the batches for which the arrivals sensor asks for runs."""
    with house.instance() as instance:
        tick = LocalDaemon(instance, defs(), places_of(house.settings)).tick(house.component.keys.arrivals_sensor)
    return [str(request.partition_key) for request in tick.requests]


def versions(house: House) -> list[tuple[str, str]]:
    """Give through what each model was trained, and how its gates ended."""
    with house.lived_in():
        return [(one.trained_through, one.gate_result) for one in house.watched.registry.history(MODEL)]


def flowers() -> list[str]:
    """Give the published lines."""
    return published().split("\n")[:-2]


def text(lines: list[str]) -> bytes:
    """Write lines as the publisher does, with an empty line at the end."""
    return "\n".join([*lines, "", ""]).encode()


def grown(lines: list[str], by: float) -> list[str]:
    """Let all lengths grow by a factor."""
    told = []
    for line in lines:
        *lengths, species = line.split(",")
        told.append(",".join([*(f"{round(float(one) * by * _TENTHS) / _TENTHS:.1f}" for one in lengths), species]))
    return told


def mixed_up(lines: list[str]) -> list[str]:
    """Give each flower the species of another, so that the lengths tell nothing of it."""
    species = [line.rpartition(",")[2] for line in lines]
    moved = [species[(at * 7) % len(species)] for at in range(len(species))]
    return [f"{line.rpartition(',')[0]},{name}" for line, name in zip(lines, moved, strict=True)]
