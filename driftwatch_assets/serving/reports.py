"""Report pages out of the lake, with headers that let them ask nobody."""

from __future__ import annotations

from html import escape
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from driftwatch_assets.reporting import SUMMARY_PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from driftwatch_assets.lake import Lake

_STYLE = (
    ":root{color-scheme:light dark}body{font:1.05rem/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;"
    "padding:0 1rem}h1{font-size:1.5rem}ul{padding:0;list-style:none}li{padding:.6rem 0;border-top:1px solid #8884}"
)
_MEDIA = {".json": "application/json", ".png": "image/png"}
SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def report_routes(lake: Lake, index: Callable[[], str]) -> list[Route]:
    """Give the routes `/`, the page over all models, and `/<model>/reports/<page>`.

    Parameters
    ----------
    lake
        Where the pages are.
    index
        Draws the page over all models.

    """

    async def first(request: Request) -> Response:  # noqa: ARG001 - the framework's signature
        return HTMLResponse(await run_in_threadpool(index), headers=SAFE)

    async def page(request: Request) -> Response:
        model, name = request.path_params["model"], request.path_params["page"]
        try:
            content = await run_in_threadpool(lake.read_file, f"{model}/reports/{name}")
        except (FileNotFoundError, ValueError):
            return PlainTextResponse(f"There is no report {name} of {model}.", status_code=404)
        media = _MEDIA.get(PurePosixPath(name).suffix, "text/html")
        return Response(content, media_type=media, headers=SAFE)

    return [Route("/", first), Route("/{model}/reports/{page}", page)]


def plain_index(lake: Lake, titles: Mapping[str, str]) -> str:
    """List the models that have a report; `titles` are their names for people."""
    drawn = [name for name in sorted(titles) if lake.has_file(f"{name}/reports/{SUMMARY_PAGE}")]
    items = "".join(f'<li><a href="/{name}/reports/{SUMMARY_PAGE}">{escape(titles[name])}</a></li>' for name in drawn)
    body = items or "<li>No report has been drawn yet.</li>"
    return (
        f'<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Reports</title>'
        f"<style>{_STYLE}</style><h1>Monitored models</h1><ul>{body}</ul></html>"
    )
