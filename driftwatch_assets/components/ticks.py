"""Sensors evaluated and runs executed in this process: what the daemon does, without the daemon's waiting.

The same sensors decide and the same jobs run, into the same instance. What is left out is the queue and a process
start a run, which is most of the time of a short run.
"""

from __future__ import annotations

import logging
import os
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dagster as dg

from driftwatch_assets.components import records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch_assets.resources import Places

_UNDER_WAY = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Tick:
    """What a sensor asked for."""

    requests: tuple[dg.RunRequest, ...]
    note: str


@dataclass
class LocalDaemon:
    """Ticks the sensors of a code location and runs what they ask for, one after the other, in this process."""

    instance: dg.DagsterInstance
    definitions: dg.Definitions
    places: Places
    _cursors: dict[str, str | None] = field(default_factory=dict)

    def tick(self, sensor_name: str) -> Tick:
        """Evaluate a sensor; partitions that it asks for are added."""
        repository = self.definitions.get_repository_def()
        sensor = repository.get_sensor_def(sensor_name)
        with dg.build_sensor_context(
            instance=self.instance,
            instance_ref=self.instance.get_ref(),
            repository_def=repository,
            sensor_name=sensor_name,
            cursor=self._cursors.get(sensor_name),
            resources={"places": self.places},
        ) as context:
            context.log.setLevel(logging.WARNING)
            result = sensor.evaluate_tick(context)
        self._cursors[sensor_name] = result.cursor
        for request in result.dynamic_partitions_requests or ():
            if request.partition_keys:
                self.instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        return Tick(tuple(result.run_requests or ()), result.skip_message or "")

    def run(self, job_name: str, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """Execute a requested run; whether it succeeded stands in the result, and why not in the run's events."""
        job = self.definitions.resolve_job_def(job_name)
        tags: Mapping[str, str] = {
            **request.tags,
            "dagster/run_key": request.run_key or "",
            records.PROCESS_TAG: this_process(),
        }
        return job.execute_in_process(
            instance=self.instance,
            partition_key=request.partition_key,
            tags=dict(tags),
            run_config=_QUIET,
            raise_on_error=False,
        )


def this_process() -> str:
    """Name this process so that another one on the same machine can tell whether it is alive."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def close_abandoned_runs(instance: dg.DagsterInstance, model: str) -> list[str]:
    """Fail the runs of a model whose process was killed, and give their ids.

    Runs that the daemon launched are watched by Dagster's run monitoring; these are the ones executed by a process of
    the command line, which carry its name in a tag.
    """
    closed = []
    for run in instance.get_runs(filters=dg.RunsFilter(tags={records.MODEL_TAG: model}, statuses=_UNDER_WAY)):
        process = run.tags.get(records.PROCESS_TAG)
        if process is not None and _is_gone(process):
            instance.report_run_failed(run, message="the process of this run ended without a word")
            closed.append(run.run_id)
    return closed


def is_under_way(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Tell whether a Dagster run is still queued or running."""
    run: Any = instance.get_run_by_id(run_id)
    return run is not None and run.status in _UNDER_WAY


def _is_gone(process: str) -> bool:
    host, pid, started = process.rsplit(":", 2)
    return host == socket.gethostname() and _started(int(pid)) != started


def _started(pid: int) -> str | None:
    """Give when a process started, in clock ticks since the machine did; `None` when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123 - a kernel file, not a path of ours
            return stat.read().rsplit(")", 1)[1].split()[19]
    except OSError:
        return None
