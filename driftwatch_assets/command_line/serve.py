"""A server for the report pages: loopback only, reading the lake, writing nothing."""

from __future__ import annotations

from html import escape
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from driftwatch_assets.components.models import monitored_models
from driftwatch_assets.lake import Lake
from driftwatch_assets.reporting import SUMMARY_PAGE
from driftwatch_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

_STYLE = (
    ":root{color-scheme:light dark}body{font:1.05rem/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;"
    "padding:0 1rem}h1{font-size:1.5rem}ul{padding:0;list-style:none}li{padding:.6rem 0;border-top:1px solid #8884}"
)
_MEDIA = {".json": "application/json", ".png": "image/png"}
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def report_server(lake: Lake, models: Mapping[str, str]) -> Starlette:
    """Build the application: `/` lists the models with reports, `/<model>/reports/<page>` is a page.

    Parameters
    ----------
    lake
        Where the pages are.
    models
        Title for people by model name.

    """

    def names_in(folder: str) -> set[str]:
        return {PurePosixPath(path).name for path in lake.files(folder)}

    async def index(request: Request) -> Response:  # noqa: ARG001 - the framework's signature
        drawn = [name for name in sorted(models) if SUMMARY_PAGE in names_in(f"{name}/reports")]
        items = "".join(
            f'<li><a href="/{name}/reports/{SUMMARY_PAGE}">{escape(models[name])}</a></li>' for name in drawn
        )
        body = items or "<li>No report has been drawn yet.</li>"
        return HTMLResponse(
            f'<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Reports</title>'
            f"<style>{_STYLE}</style><h1>Monitored models</h1><ul>{body}</ul></html>",
            headers=_SAFE,
        )

    async def page(request: Request) -> Response:
        model, name = request.path_params["model"], request.path_params["page"]
        try:
            content = lake.read_file(f"{model}/reports/{name}")
        except (FileNotFoundError, ValueError):
            return PlainTextResponse(f"There is no report {name} of {model}.", status_code=404)
        media = _MEDIA.get(PurePosixPath(name).suffix, "text/html")
        return Response(content, media_type=media, headers=_SAFE)

    return Starlette(routes=[Route("/", index), Route("/{model}/reports/{page}", page)])


def serve_reports(host: str, port: int) -> None:
    """Serve the reports of the configured lake until interrupted."""
    lake = Lake(Settings.from_environment().lake)
    models = {name: model.declaration.title for name, model in monitored_models().items()}
    uvicorn.run(report_server(lake, models), host=host, port=port, log_level="warning")
