"""Sensors evaluated and runs executed in this process: what the daemon does, without the daemon's waiting.

The same sensors decide and the same jobs run, into the same instance. What is left out is the queue and a process
start a run, which is most of the time of a short run.
"""

from __future__ import annotations

import logging
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import dagster as dg

from driftwatch_assets.components import processes, records
from driftwatch_assets.components.interruptions import interruption_of
from driftwatch_assets.components.sqlite_log import kept_open

if TYPE_CHECKING:
    from driftwatch_assets.resources import Places

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class RunInterrupted(RuntimeError):  # noqa: N818 - named for what happened
    """A run that could not be kept in Dagster's instance, since the machine is short of something."""

    def __init__(self, job: str, batch: str | None, cause: BaseException) -> None:
        of = "" if batch is None else f" of batch {batch}"
        super().__init__(
            f"{job}{of} was interrupted, since Dagster's records could not be read or written "
            f"({type(cause).__name__}: {cause}). What was stored stays, and no attempt is used. Look at the disk, the "
            f"limit of open files and the memory, then run the command again"
        )


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
    _running: str | None = None

    def tick(self, sensor_name: str) -> Tick:
        """Evaluate a sensor; partitions that it asks for are added."""
        repository = self.definitions.get_repository_def()
        sensor = repository.get_sensor_def(sensor_name)
        with (
            kept_open(self.instance),
            dg.build_sensor_context(
                instance=self.instance,
                instance_ref=self.instance.get_ref(),
                repository_def=repository,
                sensor_name=sensor_name,
                cursor=self._cursors.get(sensor_name),
                resources={"places": self.places},
            ) as context,
        ):
            context.log.setLevel(logging.WARNING)
            result = sensor.evaluate_tick(context)
        self._cursors[sensor_name] = result.cursor
        for request in result.dynamic_partitions_requests or ():
            if request.partition_keys:
                self.instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        return Tick(tuple(result.run_requests or ()), result.skip_message or "")

    def run(self, job_name: str, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """Execute a requested run; whether it succeeded stands in the result, and why not in the run's events.

        Raises
        ------
        KeyboardInterrupt
            The process was asked to stop meanwhile; the run has ended as stopped.
        RunInterrupted
            Dagster could not keep the run, since the machine is short of something.

        """
        job = self.definitions.resolve_job_def(job_name)
        run_id = str(uuid.uuid4())
        tags = {
            **request.tags,
            "dagster/run_key": request.run_key or "",
            records.PROCESS_TAG: processes.claim_of(run_id),
        }
        self._running = run_id
        with kept_open(self.instance):
            try:
                result = job.execute_in_process(
                    instance=self.instance,
                    partition_key=request.partition_key,
                    tags=tags,
                    run_id=run_id,
                    run_config={**_QUIET, **(request.run_config or {})},
                    asset_selection=request.asset_selection,
                    raise_on_error=False,
                )
            except BaseException as broken:
                self._broken(run_id, broken)
                why = interruption_of(broken)
                if why in {"interrupted", "killed"}:
                    raise RunInterrupted(job_name, request.partition_key, broken) from broken
                raise
            run = self.instance.get_run_by_id(run_id)
            if run is not None and records.how_it_stands(self.instance, run) == "stopped":
                # Dagster ends the run that a signal meets and keeps the signal to itself.
                raise KeyboardInterrupt
            self._running = None
            return result

    def stop(self) -> None:
        """Note of the run that is being executed that it is stopped: this process is about to end."""
        if self._running is not None:
            processes.stop(self.instance, self._running)

    def _broken(self, run_id: str, broken: BaseException) -> None:
        """End a run that Dagster left as it was, where that can be noted; otherwise it is found dead later."""
        with suppress(Exception):
            run = self.instance.get_run_by_id(run_id)
            if run is not None and not run.is_finished:
                processes.close_run(self.instance, run, interruption_of(broken) or "failed", str(broken))
