"""Dagster's instance as the command line opens it: the same one as the live system's."""

from __future__ import annotations

import os
import shutil

import dagster as dg

from driftwatch_assets.settings import PROJECT, SettingError, Settings


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Open the instance under `DAGSTER_HOME`; a new home gets the project's `dagster.yaml`.

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
    return dg.DagsterInstance.get()
