"""The application: predictions, reports and metrics in one."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotations of a route
from starlette.responses import JSONResponse, Response

from driftwatch_assets.serving.api_page import api_page, example_call
from driftwatch_assets.serving.champions import Champions
from driftwatch_assets.serving.documents import refusals
from driftwatch_assets.serving.guard import Guard
from driftwatch_assets.serving.limits import Limits
from driftwatch_assets.serving.logs import PredictionLogs
from driftwatch_assets.serving.metrics import Metrics
from driftwatch_assets.serving.prediction import prediction_router
from driftwatch_assets.serving.refusal import Refusal
from driftwatch_assets.serving.reports import SAFE, report_routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from prometheus_client.registry import Collector

    from driftwatch_assets.lake import Lake
    from driftwatch_assets.serving.champion import ServedModel

_FIRST_LOOK_SECONDS = 10.0


def service(
    models: Sequence[ServedModel],
    lake: Lake,
    spool: Path,
    *,
    index: Callable[[], str],
    tokens: Sequence[str] = (),
    hosts: Sequence[str] = (),
    limits: Limits | None = None,
    collectors: Sequence[Collector] = (),
) -> Guard:
    """Build the application.

    Parameters
    ----------
    models
        The models whose champions answer.
    lake
        Where reports are read, and the log of predictions is brought.
    spool
        Local folder in which answers are kept until they are in the lake.
    index
        Draws the page over all models.
    tokens, hosts
        See `Guard`.
    limits
        Bounds of requests; by default `Limits()`.
    collectors
        What else `/metrics` tells.

    """
    bounds = limits or Limits()
    metrics = Metrics()
    for collector in collectors:
        metrics.add(collector)
    champions = Champions(
        models,
        reload_seconds=bounds.reload_seconds,
        failed=lambda name: metrics.reload_failures.labels(name).inc(),
    )
    for name in champions.names:
        metrics.rejected.labels(name)
        metrics.outside_records.labels(name)
        metrics.reload_failures.labels(name)
    logs = PredictionLogs(spool, lake, champions.names, flush_seconds=bounds.flush_seconds)
    router = prediction_router(champions, logs, metrics, bounds)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        logs.start()
        await asyncio.to_thread(champions.start, _FIRST_LOOK_SECONDS)
        yield
        await asyncio.to_thread(champions.stop)
        await asyncio.to_thread(router.stop)
        await asyncio.to_thread(logs.stop)

    app = FastAPI(
        title="Driftwatch",
        summary="Predictions of monitored models by their champions.",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.add_exception_handler(Refusal, _refusal)

    @app.get("/ping", tags=["service"], summary="Tell that the service runs.", response_description="It runs.")
    async def ping() -> dict[str, str]:
        return {"status": "ok"}

    @app.get(
        "/metrics",
        tags=["service"],
        summary="What the service counts, for Prometheus.",
        response_description="The counters in Prometheus' text format.",
        response_class=Response,
        responses=refusals(401),
    )
    async def tell_metrics() -> Response:
        for name in champions.names:
            champion = champions.current(name)
            metrics.champion.labels(name).set(0 if champion is None else champion.version)
            metrics.unflushed.labels(name).set(logs.unflushed(name))
        return Response(await run_in_threadpool(metrics.text), media_type="text/plain; version=0.0.4")

    @app.get("/docs", include_in_schema=False, response_class=Response)
    async def documents(request: Request) -> Response:
        there = [champion for name in champions.names if (champion := champions.current(name)) is not None]
        shown = min(there, key=lambda one: len(one.signature.fields), default=None)
        example = example_call(str(request.base_url).rstrip("/"), shown)
        return Response(api_page(app.openapi(), example, token=bool(tokens)), media_type="text/html", headers=SAFE)

    app.include_router(router.routes)
    _name_models(app, champions.names)
    app.router.routes.extend(report_routes(lake, index))
    return Guard(app, metrics, tokens=tokens, hosts=hosts)


def _name_models(app: FastAPI, names: Sequence[str]) -> None:
    """Let the OpenAPI document name the models that there are, and no refusal of a parameter where any text is one."""
    drawn = app.openapi

    def with_names() -> dict[str, Any]:
        document = drawn()
        for operations in document["paths"].values():
            for operation in operations.values():
                if "requestBody" not in operation:
                    operation["responses"].pop("422", None)
                for parameter in operation.get("parameters", ()):
                    if parameter["name"] == "model":
                        parameter["schema"]["enum"] = list(names)
        return document

    app.openapi = with_names  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _refusal(request: Request, refused: Any) -> JSONResponse:  # noqa: ARG001 - the framework's signature
    content = refused.detail if isinstance(refused.detail, dict) else {"detail": refused.detail}
    return JSONResponse(content, status_code=refused.status, headers=refused.headers)
