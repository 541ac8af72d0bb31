"""Self-contained pages: one environment for the templates, style and script inlined, nothing loaded from outside."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from driftwatch_assets.reporting import wording

if TYPE_CHECKING:
    from driftwatch_assets.reporting.history import HistoryEntry


SCRIPTS = ("sort.js", "titles.js")


def render_page(template: str, **content: Any) -> str:
    """Render a template of this package; all content is escaped.

    The page's policy (CSP) allows its own script, by hash, and forbids every request.
    """
    return _environment().get_template(template).render(**content)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("driftwatch_assets.reporting"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    script = "".join(_own_file(name) for name in SCRIPTS)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment.globals.update(
        # Both are files of this package, not content.
        style=Markup(_own_file("page.css")),  # noqa: S704
        script=Markup(script),  # noqa: S704
        script_hash=f"'sha256-{digest}'",
        summary_page=wording.SUMMARY_PAGE,
        summary_json=wording.SUMMARY_JSON,
    )
    environment.filters.update(
        decimals=wording.decimals,
        count=wording.count,
        percent=wording.percent,
        measure=wording.measure,
        plural=wording.plural,
        verdict_words=wording.verdict_words,
        metric_title=wording.metric_title,
        metric_words=wording.metric_words,
        fires_words=wording.fires_words,
        page_name=wording.page_name,
        breakable=breakable,
        sentence=wording.sentence,
        raw=raw,
        difference=difference,
        entry_verdict=entry_verdict,
    )
    return environment


def _own_file(name: str) -> str:
    return files("driftwatch_assets.reporting").joinpath("templates", name).read_text(encoding="utf-8")


def breakable(text: str) -> Markup:
    """Let a long name break after its underscores, dots and slashes.

    Examples
    --------
    >>> str(breakable("fe_1<b>"))
    'fe_<wbr>1&lt;b&gt;'
    """
    pieces = re.split(r"(?<=[_./])(?=.)", text)
    return Markup("<wbr>").join(pieces)


def raw(value: Any) -> str:
    """Write a value for sorting: a number in full, nothing when there is none.

    Examples
    --------
    >>> raw(0.25), raw(None), raw(float("nan")), raw(float("inf"))
    ('0.25', '', '', 'Infinity')
    """
    if isinstance(value, float) and value == math.inf:
        return "Infinity"
    return repr(float(value)) if wording.is_number(value) else ""


def difference(value: Any) -> Markup:
    """Write a signed difference, coloured when it is at least a thousandth.

    Examples
    --------
    >>> str(difference(0.1234)), str(difference(0.0001))
    ('<span class="gain">+0.123</span>', '0.000')
    """
    if not wording.is_number(value):
        return escape(wording.NOTHING)
    text = f"{value:+.3f}".replace("-", wording.MINUS)
    if abs(value) < 0.0005:  # noqa: PLR2004 - what rounds to 0.000 has no sign and no colour
        return Markup("0.000")
    return Markup('<span class="{}">{}</span>').format("gain" if value > 0 else "loss", text)


def entry_verdict(entry: HistoryEntry) -> str:
    """Name the verdict of a batch in the history, with its severity.

    Examples
    --------
    >>> from driftwatch_assets.reporting.history import HistoryEntry
    >>> entry_verdict(HistoryEntry("7", drift_detected=True, severity="high")), entry_verdict(HistoryEntry("1"))
    ('drift, high', 'no verdict')
    """
    words = wording.verdict_words(entry.drift_detected)
    return f"{words}, {entry.severity}" if entry.drift_detected and entry.severity else words
