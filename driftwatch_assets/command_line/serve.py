"""A server for the report pages: loopback only, reading the lake, writing nothing."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from driftwatch_assets.lake import Lake
from driftwatch_assets.settings import Settings

if TYPE_CHECKING:
    from starlette.requests import Request

_SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def report_server(lake: Lake) -> Starlette:
    """Build the application: `/` lists the models with reports, `/<model>/reports/<page>` is a page."""

    async def index(request: Request) -> Response:  # noqa: ARG001 - the framework's signature
        models = sorted({PurePosixPath(path).parts[0] for path in lake.files("") if "/reports/" in path})
        items = "".join(f'<li><a href="/{name}/reports/index.html">{name}</a></li>' for name in models)
        body = items or "<li>No report has been drawn yet.</li>"
        return HTMLResponse(
            f'<!doctype html><html lang="en"><title>Reports</title><h1>Reports</h1><ul>{body}</ul></html>',
            headers=_SAFE,
        )

    async def page(request: Request) -> Response:
        model, name = request.path_params["model"], request.path_params["page"]
        try:
            content = lake.read_file(f"{model}/reports/{name}")
        except (FileNotFoundError, ValueError):
            return PlainTextResponse(f"There is no report {name} of {model}.", status_code=404)
        media = JSONResponse.media_type if name.endswith(".json") else "text/html"
        return Response(content, media_type=media, headers=_SAFE)

    return Starlette(routes=[Route("/", index), Route("/{model}/reports/{page}", page)])


def serve_reports(host: str, port: int) -> None:
    """Serve the reports of the configured lake until interrupted."""
    lake = Lake(Settings.from_environment().lake)
    uvicorn.run(report_server(lake), host=host, port=port, log_level="warning")
