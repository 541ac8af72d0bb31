"""The page that describes the API, drawn from the OpenAPI document; it asks no other server for anything."""

from __future__ import annotations

import json
from html import escape
from typing import Any

_STYLE = (
    ":root{color-scheme:light dark}body{font:1rem/1.6 system-ui,sans-serif;max-width:52rem;margin:2rem auto;"
    "padding:0 1rem}code,pre{font:.9rem/1.5 ui-monospace,monospace}pre{overflow-x:auto;padding:.8rem;"
    "border:1px solid #8886;border-radius:.3rem}section{border-top:1px solid #8886;margin-top:1.5rem}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:.15rem 1rem .15rem 0;vertical-align:top}"
)
_VERBS = ("get", "post", "put", "delete")


def api_page(document: dict[str, Any], example: str) -> str:
    """Draw every operation with its parameters and answers.

    Parameters
    ----------
    document
        The OpenAPI document.
    example
        A call for predictions, as it is typed in a terminal.

    """
    operations = [
        _operation(verb, path, told)
        for path, verbs in document["paths"].items()
        for verb, told in verbs.items()
        if verb in _VERBS
    ]
    info = document["info"]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])}: API</title><style>{_STYLE}</style><h1>{escape(info['title'])}</h1>"
        f"<p>{escape(info.get('summary', ''))} The document for machines is <a href=/openapi.json>/openapi.json</a>; "
        f'the models and what each takes are at <a href="/v1/models">/v1/models</a>.</p>'
        f"<pre>{escape(example)}</pre>{''.join(operations)}</html>"
    )


def _operation(verb: str, path: str, told: dict[str, Any]) -> str:
    parameters = "".join(
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}<td>{escape(_said(one))}"
        for one in told.get("parameters", ())
    )
    bodies = told.get("requestBody", {}).get("content", {})
    schemas = "".join(
        f"<p>Body, <code>{escape(kind)}</code></p><pre>{escape(json.dumps(content['schema'], indent=1))}</pre>"
        for kind, content in bodies.items()
    )
    answers = "".join(
        f"<tr><td><code>{escape(status)}</code><td>{escape(one.get('description', ''))}"
        for status, one in sorted(told["responses"].items())
    )
    return (
        f"<section><h2><code>{verb.upper()} {escape(path)}</code></h2><p>{escape(told.get('summary', ''))}</p>"
        f"{f'<table>{parameters}</table>' if parameters else ''}{schemas}<table>{answers}</table></section>"
    )


def _said(parameter: dict[str, Any]) -> str:
    valid = parameter.get("schema", {}).get("enum")
    return f"{parameter.get('description', '')} {'One of: ' + ', '.join(valid) + '.' if valid else ''}"
