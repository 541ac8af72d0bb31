"""Dagster's instance as the command line opens it: the same one as the live system's."""

from __future__ import annotations

import os
import shutil

import dagster as dg

from driftwatch_assets.settings import PROJECT, Settings


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Open the instance under `DAGSTER_HOME`; a new home gets the project's `dagster.yaml`."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        shutil.copyfile(PROJECT / "dagster.yaml", home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    return dg.DagsterInstance.get()
