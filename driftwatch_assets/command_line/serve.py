"""The prediction service with the reports, on one port."""

from __future__ import annotations

import contextlib
import gc
import sys
from typing import TYPE_CHECKING

import uvicorn

from driftwatch_assets.components.models import monitored_models
from driftwatch_assets.definitions import places_of
from driftwatch_assets.serving import Limits, ServedModel, service
from driftwatch_assets.serving.connections import RequestsByAddress, guarded_protocol
from driftwatch_assets.serving.environment import SPOOL, ServiceSettings, own_names
from driftwatch_assets.serving.state import FirstPage, MonitoringState
from driftwatch_assets.settings import SettingError, Settings

if TYPE_CHECKING:
    import socket

    from starlette.types import ASGIApp

    from driftwatch_assets.serving.connections import Door
    from driftwatch_assets.serving.guard import Guard
    from driftwatch_assets.steps import Watched

_CONNECTIONS = 512
_GOODBYE_SECONDS = 3
_SWITCH_SECONDS = 0.001
_NOT_STARTED = 3


def served_model(watched: Watched) -> ServedModel:
    """Give what the service needs to know of a monitored model."""
    declared = watched.declaration
    task = declared.task
    beside = frozenset(name for name in (task.time, *task.carried) if name is not None)
    return ServedModel(
        declared.name, declared.title, declared.description, task.id, task.label, beside, watched.registry
    )


def built_service(host: str, *, limits: Limits | None = None) -> Guard:
    """Build the service of all monitored models, as the environment says.

    Raises
    ------
    SettingError
        There is no token though `host` is not loopback, or answers cannot be kept where they should wait.

    """
    own = ServiceSettings.from_environment(host)
    try:
        own.spool.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as refused:
        message = (
            f"answers cannot be kept in {own.spool} until they are in the lake ({refused.strerror}): set {SPOOL} to a "
            f"folder on a local disk that can be written"
        )
        raise SettingError(message) from refused
    settings = Settings.from_environment()
    places = places_of(settings)
    lake = places.lake()
    watched = [model.watch(places) for model in monitored_models().values()]
    state = MonitoringState(places.monitoring())
    titles = {one.name: one.declaration.title for one in watched}
    return service(
        [served_model(one) for one in watched],
        lake,
        own.spool,
        index=FirstPage(lake, titles, state, links=(("predictions", "/docs"), ("Dagster", settings.ui_url))),
        tokens=own.tokens,
        hosts=own_names(host, settings.reports_url),
        limits=limits,
        collectors=(state,),
    )


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen; what was loaded until now is not looked through again for garbage.

        A look through everything that the libraries keep would stop all answers for a third of a second.
        """
        await super().startup(sockets)
        gc.collect()
        gc.freeze()


def server_config(app: ASGIApp, host: str, port: int, door: Door) -> uvicorn.Config:
    """Say how an application is served: within the bounds of connections, on one address."""
    return uvicorn.Config(
        RequestsByAddress(app, door.per_address) if door.proxies else app,
        host=host,
        port=port,
        http=guarded_protocol(door),
        # No route speaks it, and its own protocol would take a connection out of the bounds.
        ws="none",
        forwarded_allow_ips=[str(network) for network in door.proxies] or None,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GOODBYE_SECONDS,
    )


def serve_reports(host: str, port: int) -> None:
    """Serve predictions, reports and metrics until interrupted; what was answered is then brought into the lake.

    Raises
    ------
    SystemExit
        The service could not start, for example because the port is taken; the log says why.

    """
    app, door = built_service(host), ServiceSettings.from_environment(host).door
    # A scoring thread hands over after a millisecond: at the usual five, a request that arrives meanwhile waits longer.
    sys.setswitchinterval(_SWITCH_SECONDS)
    server = _Server(server_config(app, host, port, door))
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise SystemExit(_NOT_STARTED)
    sys.stderr.write(
        "stopped: what was answered is in the lake, or waits for it in the spool; driftwatch serve goes on\n"
    )
