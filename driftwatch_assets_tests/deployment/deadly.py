"""A code location with an asset that kills the process that makes it."""

from __future__ import annotations

import os
import signal

import dagster as dg

from driftwatch_assets.components.executor import steps_executor
from driftwatch_assets.settings import Settings


@dg.asset
def deadly() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dg.definitions
def defs() -> dg.Definitions:
    return dg.Definitions(
        assets=[deadly],
        jobs=[dg.define_asset_job("deadly_job", selection="deadly")],
        executor=steps_executor(Settings.from_environment()),
    )
