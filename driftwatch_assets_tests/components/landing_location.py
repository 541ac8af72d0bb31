"""A code location whose sensor asks for a run for each file that has landed."""

import os
from pathlib import Path

import dagster as dg

FOLDER = "CLOCK_TEST_LANDING"


@dg.op
def take_in() -> None: ...


@dg.job
def arrival() -> None:
    take_in()


@dg.sensor(job=arrival, default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=10)
def arrivals() -> dg.SensorResult:
    landed = sorted(path.name for path in Path(os.environ[FOLDER]).iterdir())
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=name, tags={"landed": name}) for name in landed])


defs = dg.Definitions(jobs=[arrival], sensors=[arrivals])
