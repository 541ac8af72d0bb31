"""Where things are: the settings that come from the environment, read once and in one place."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = Path(__file__).resolve().parents[1]

CELERY_BROKER = "DRIFTWATCH_CELERY_BROKER"
_VISIBILITY = "DRIFTWATCH_CELERY_VISIBILITY_SECONDS"
_EXECUTORS = ("in_process", "celery")
_HOUR = 3600


class SettingError(ValueError):
    """A setting has a value that cannot be used."""


@dataclass(frozen=True)
class Settings:
    """The places that the project reads and writes.

    Attributes
    ----------
    landing
        Folder with a sub-folder a monitored model, where files arrive.
    lake
        Path or fsspec URL of the tables and reports.
    mlflow_tracking_uri
        MLflow's store: a `sqlite:///` URL by default, a server's `http(s)://` URL otherwise.
    mlflow_artifacts
        Where MLflow keeps artifacts when it has no server; a server decides for itself.
    dagster_home
        Dagster's instance folder.
    reports_url
        Address under which `driftwatch serve` shows the reports; links in the UI begin with it.
    ui_url
        Address of Dagster's UI; links to runs begin with it.
    monitoring_file
        SQLite file of the monitoring database where `DRIFTWATCH_MONITORING_URL` names no other; beside a local lake.
    embedded
        Folder of the databases that are loaded from landed files; beside a local lake.
    executor
        Who executes the steps of a run that does not choose: `in_process`, or `celery`'s workers.

    """

    landing: Path
    lake: str
    mlflow_tracking_uri: str
    mlflow_artifacts: str | None
    dagster_home: Path
    reports_url: str
    ui_url: str
    monitoring_file: str
    embedded: Path
    executor: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; what is not set lies under `data/` of the project.

        Raises
        ------
        SettingError
            When a setting is there but cannot be used.

        Examples
        --------
        >>> settings = Settings.from_environment({"DRIFTWATCH_LAKE": "memory://lake"})
        >>> settings.lake
        'memory://lake'
        >>> settings.landing.name
        'landing'

        """
        values = os.environ if environment is None else environment
        data = PROJECT / "data"
        tracking = values.get("MLFLOW_TRACKING_URI") or f"sqlite:///{data / 'mlflow' / 'mlflow.db'}"
        executor = values.get("DRIFTWATCH_EXECUTOR") or "in_process"
        if executor not in _EXECUTORS:
            message = f"DRIFTWATCH_EXECUTOR is {executor!r}; it must be one of {', '.join(_EXECUTORS)}"
            raise SettingError(message)
        lake = _place(values.get("DRIFTWATCH_LAKE"), data / "lake")
        beside = data if "://" in lake else Path(lake).parent
        return cls(
            landing=_absolute(values.get("DRIFTWATCH_LANDING"), data / "landing"),
            lake=lake,
            mlflow_tracking_uri=tracking,
            mlflow_artifacts=_artifacts_beside(tracking),
            dagster_home=_absolute(values.get("DAGSTER_HOME"), data / "dagster"),
            reports_url=_address(values, "DRIFTWATCH_REPORTS_URL", "http://127.0.0.1:3070"),
            ui_url=_address(values, "DRIFTWATCH_UI_URL", "http://127.0.0.1:3000"),
            monitoring_file=str(beside / "monitoring" / "monitoring.db"),
            embedded=Path(beside) / "embedded",
            executor=executor,
        )


def _absolute(value: str | None, default: Path) -> Path:
    return Path(value).expanduser().resolve() if value else default


def _place(value: str | None, default: Path) -> str:
    if value and "://" in value:
        return value.rstrip("/")
    return str(_absolute(value, default))


def _address(values: Mapping[str, str], name: str, default: str) -> str:
    given = values.get(name) or default
    if not given.startswith(("http://", "https://")):
        message = f"{name} is {given!r}; it must begin with http:// or https://"
        raise SettingError(message)
    return given.rstrip("/")


def _artifacts_beside(tracking_uri: str) -> str | None:
    """Give the artifact folder beside a SQLite store; a server keeps its own."""
    prefix = "sqlite:///"
    if not tracking_uri.startswith(prefix):
        return None
    return str(Path(tracking_uri.removeprefix(prefix)).resolve().parent / "artifacts")


def database_url(model: str, environment: Mapping[str, str] | None = None) -> str | None:
    """Give the URL of a model's source database: `DRIFTWATCH_DATABASE_<MODEL>`; `None` where it is not set.

    It may hold a password, so that it is read from the environment when it is needed and kept nowhere.

    Examples
    --------
    >>> database_url("loans", {"DRIFTWATCH_DATABASE_LOANS": "postgresql://reader@db/loans"})
    'postgresql://reader@db/loans'
    >>> database_url("loans", {}) is None
    True

    """
    values = os.environ if environment is None else environment
    return values.get(f"DRIFTWATCH_DATABASE_{model.upper()}") or None


def monitoring_url(file: str, environment: Mapping[str, str] | None = None) -> str:
    """Give the URL of the monitoring database: `DRIFTWATCH_MONITORING_URL`, or a SQLite file.

    It may hold a password, so that it is read from the environment when it is needed and kept nowhere.

    Examples
    --------
    >>> monitoring_url("/data/monitoring.db", {})
    'sqlite:////data/monitoring.db'
    >>> monitoring_url("/data/monitoring.db", {"DRIFTWATCH_MONITORING_URL": "postgresql://writer@db/monitoring"})
    'postgresql://writer@db/monitoring'

    """
    values = os.environ if environment is None else environment
    return values.get("DRIFTWATCH_MONITORING_URL") or f"sqlite:///{file}"


def celery_broker(environment: Mapping[str, str] | None = None) -> str:
    """Give the URL of the Redis through which steps reach Celery's workers.

    It may hold a password, so that it is read from the environment when it is needed and kept nowhere.

    Raises
    ------
    SettingError
        When it is not set.

    Examples
    --------
    >>> celery_broker({"DRIFTWATCH_CELERY_BROKER": "redis://broker:6379/0"})
    'redis://broker:6379/0'

    """
    values = os.environ if environment is None else environment
    broker = values.get(CELERY_BROKER)
    if not broker:
        message = f"{CELERY_BROKER} is not set; it must be the broker's URL: redis://[:password@]host:port/number"
        raise SettingError(message)
    return broker


def celery_visibility_seconds(environment: Mapping[str, str] | None = None) -> int:
    """Give after how many seconds the step of a worker that is gone is given to another; by default an hour.

    Raises
    ------
    SettingError
        When it is no whole number of at least one second.

    Examples
    --------
    >>> celery_visibility_seconds({})
    3600

    """
    values = os.environ if environment is None else environment
    value = values.get(_VISIBILITY) or str(_HOUR)
    if not (value.isascii() and value.isdigit() and int(value) > 0):
        message = f"{_VISIBILITY} is {value!r}; it must be a whole number of seconds, longer than the longest step"
        raise SettingError(message)
    return int(value)
