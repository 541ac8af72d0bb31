"""Dagster's instance as the command line opens it: the same one as the live system's."""

from __future__ import annotations

import os
import shutil

import dagster as dg

from driftwatch_assets.components.dagster_stores import make_stores
from driftwatch_assets.components.processes import close_abandoned_runs
from driftwatch_assets.scratch import remove_abandoned
from driftwatch_assets.settings import PROJECT, SettingError, Settings


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Open the instance under `DAGSTER_HOME`; a new home gets the project's `dagster.yaml`.

    Runs whose process on this machine is gone are closed, so that no command takes them for being under way, and what
    they left in the temporary folder is removed.

    Raises
    ------
    SettingError
        When the home cannot be made or written.

    """
    home = settings.dagster_home
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "dagster.yaml").exists():
            shutil.copyfile(PROJECT / "dagster.yaml", home / "dagster.yaml")
    except OSError as error:
        message = f"DAGSTER_HOME is {home}, which cannot be used ({error.strerror}); name a folder that can be written"
        raise SettingError(message) from error
    os.environ["DAGSTER_HOME"] = str(home)
    make_stores(home)
    instance = dg.DagsterInstance.get()
    close_abandoned_runs(instance)
    remove_abandoned()
    return instance
