"""The page that describes the API, drawn from the OpenAPI document; it asks no other server for anything."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driftwatch_assets.serving.champion import Champion

_STYLE = (
    ":root{color-scheme:light dark}body{font:1rem/1.6 system-ui,sans-serif;max-width:52rem;margin:2rem auto;"
    "padding:0 1rem;overflow-wrap:break-word}h2{font-size:1.1rem}code,pre{font:.9rem/1.5 ui-monospace,monospace}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:.8rem;border:1px solid #8886;border-radius:.3rem}"
    "section{border-top:1px solid #8886;margin-top:1.5rem}dl{display:grid;grid-template-columns:auto 1fr;"
    "gap:.15rem 1rem}dd{margin:0;min-width:0}"
    "@media(max-width:30rem){dl.long{display:block}dl.long dd{margin:0 0 .5rem 1rem}}"
)
_VERBS = ("get", "post", "put", "delete")


def example_call(address: str, champion: Champion | None) -> str:
    """Give a call for predictions as it is typed in a terminal, with one record that the champion takes.

    Parameters
    ----------
    address
        Where the service was asked, as `http://127.0.0.1:3070`.
    champion
        Whom to ask; None where there is none yet.

    """
    if champion is None:
        return f"curl {address}/v1/models"
    typical = {name: value for name, (value,) in champion.signature.typical().items()}
    short = {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in typical.items()}
    body = json.dumps({"records": [{champion.served.id: "1", **short}]})
    quoted = body.replace("'", "'\\''")
    return (
        f"curl {address}/v1/models/{champion.served.name}/predict \\\n"
        f"  -H 'Content-Type: application/json' \\\n  -d '{quoted}'"
    )


def api_page(document: dict[str, Any], example: str, *, token: bool) -> str:
    """Draw every operation with its parameters and answers.

    Parameters
    ----------
    document
        The OpenAPI document.
    example
        A call for predictions, as it is typed in a terminal.
    token
        Whether the service asks for a token.

    """
    bearer = " Each request but <code>/ping</code> has the header <code>Authorization: Bearer …</code> with the token."
    operations = [
        _operation(verb, path, told)
        for path, verbs in document["paths"].items()
        for verb, told in verbs.items()
        if verb in _VERBS
    ]
    info = document["info"]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(info['title'])}: API</title><style>{_STYLE}</style><h1>{escape(info['title'])}</h1>"
        f"<p>{escape(info.get('summary', ''))} The document for machines is <a href='/openapi.json'>/openapi.json</a>; "
        f'the models and what each takes are at <a href="/v1/models">/v1/models</a>, the reports at <a href="/">/</a>.'
        f"{bearer if token else ''}</p><pre>{escape(example)}</pre>{''.join(operations)}</html>"
    )


def _operation(verb: str, path: str, told: dict[str, Any]) -> str:
    parameters = "".join(
        f"<dt><code>{escape(one['name'])}</code> ({escape(one['in'])})<dd>{escape(_said(one))}"
        for one in told.get("parameters", ())
    )
    bodies = told.get("requestBody", {}).get("content", {})
    schemas = "".join(
        f"<p>Body, <code>{escape(kind)}</code></p><pre>{escape(json.dumps(content['schema'], indent=1))}</pre>"
        for kind, content in bodies.items()
    )
    answers = "".join(
        f"<dt><code>{escape(status)}</code><dd>{escape(one.get('description', ''))}"
        for status, one in sorted(told["responses"].items())
    )
    return (
        f"<section><h2><code>{verb.upper()} {escape(path)}</code></h2><p>{escape(told.get('summary', ''))}</p>"
        f"{f'<dl class=long>{parameters}</dl>' if parameters else ''}{schemas}<dl>{answers}</dl></section>"
    )


def _said(parameter: dict[str, Any]) -> str:
    valid = parameter.get("schema", {}).get("enum")
    return f"{parameter.get('description', '')} {'One of: ' + ', '.join(valid) + '.' if valid else ''}"
