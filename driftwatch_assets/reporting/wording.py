"""Numbers and verdicts in words, the same on every page."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driftwatch_assets.reporting.content import BatchReport, Performance, Verdict

NOTHING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
SMALLEST_P = 1e-4
THOUSAND, MILLION = 1e4, 1e6


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number.

    Examples
    --------
    >>> is_number(0), is_number(float("nan")), is_number(None), is_number("1")
    (True, False, False, False)
    """
    if value is None or isinstance(value, str):
        return False
    try:
        return math.isfinite(value)
    except TypeError:
        return False


def decimals(value: Any, places: int = 3) -> str:
    """Write a number with a fixed number of decimals, the sign of infinity, or a dash.

    Examples
    --------
    >>> decimals(0.61349), decimals(0.61349, 2), decimals(None) == decimals(float("nan")) == NOTHING
    ('0.613', '0.61', True)
    """
    return f"{value:.{places}f}".replace("-", MINUS) if is_number(value) else _boundless(value)


def _boundless(value: Any) -> str:
    """Write what is no finite number: without bound, or not known."""
    return "\N{INFINITY}" if isinstance(value, float) and value == math.inf else NOTHING


def count(value: Any) -> str:
    """Write a whole number with separators, or a dash.

    Examples
    --------
    >>> count(13910), count(None) == NOTHING
    ('13,910', True)
    """
    return f"{int(value):,}".replace("-", MINUS) if is_number(value) else NOTHING


def percent(value: Any, places: int = 1) -> str:
    """Write a share as a percentage, or a dash.

    Examples
    --------
    >>> percent(0.257), percent(0), percent(None) == NOTHING
    ('25.7 %', '0.0 %', True)
    """
    return f"{100 * value:.{places}f} %" if is_number(value) else NOTHING


def p_value(value: Any) -> str:
    """Write a p-value; below one in ten thousand only that it is.

    Examples
    --------
    >>> p_value(0.0312), p_value(1e-45), p_value(None) == NOTHING
    ('0.0312', '< 0.0001', True)
    """
    if not is_number(value):
        return NOTHING
    return f"< {SMALLEST_P:.4f}" if value < SMALLEST_P else f"{value:.4f}"


def measure(value: Any) -> str:
    """Write a measurement of any magnitude in about four significant digits.

    Examples
    --------
    >>> measure(15596.1621), measure(9579.4), measure(2.739388), measure(3.2e9), measure(2500000), measure(0)
    ('15.6k', '9,579', '2.739', '3.2e9', '2.5M', '0')
    """
    if not is_number(value):
        return _boundless(value)
    size = abs(value)
    if size >= MILLION * 1e3 or 0 < size < 1 / THOUSAND:
        text = re.sub(r"e([+-])0*", r"e\1", f"{value:.3g}").replace("e+", "e")
    elif size >= MILLION:
        text = f"{value / MILLION:.4g}M"
    elif size >= THOUSAND:
        text = f"{value / 1e3:.4g}k"
    elif size >= THOUSAND / 10:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.4g}"
    return text.replace("-", MINUS)


def plural(number: int | None, noun: str, several: str = "") -> str:
    """Join a number and its noun.

    Examples
    --------
    >>> plural(1, "row"), plural(1200, "row"), plural(2, "class", "classes")
    ('1 row', '1,200 rows', '2 classes')
    """
    return f"{count(number)} {noun if number == 1 else several or noun + 's'}"


def headline(report: BatchReport) -> str:
    """Say in one line, with numbers, what was found in a batch."""
    verdict, compared = report.verdict, len(report.features)
    if report.statistics is None and report.champion is None:
        return "No verdict: no champion had been trained before this batch"
    if verdict.drift_detected is None:
        return f"No verdict: there is not enough data in {plural(report.rows, 'row')}"
    drifted = len(verdict.drifted_features)
    of = f"{drifted} of {plural(compared, 'feature')}" if compared else plural(drifted, "feature")
    if verdict.drift_detected:
        return f"Drift of {verdict.severity} severity in {of}"
    return f"No drift: {of} drifted"


def state(verdict: Verdict) -> str:
    """Name a verdict in the word that colours it: ``drift``, ``stable`` or ``open``."""
    if verdict.drift_detected is None:
        return "open"
    return "drift" if verdict.drift_detected else "stable"


def verdict_words(drift_detected: bool | None) -> str:
    """Name a verdict for a table.

    Examples
    --------
    >>> verdict_words(True), verdict_words(False), verdict_words(None)
    ('drift', 'no drift', 'no verdict')
    """
    return "no verdict" if drift_detected is None else ("drift" if drift_detected else "no drift")


def performance_sentence(performance: Performance) -> str:
    """Say how accurate the champion was, and beside what."""
    low, high = performance.interval
    text = (
        f"Accuracy is {decimals(performance.accuracy)} (95 % interval {decimals(low)} to {decimals(high)})"
        f" on {plural(performance.rows, 'labelled row')}"
    )
    if performance.baseline_accuracy is not None:
        text += f", against a baseline of {decimals(performance.baseline_accuracy)}"
        text += f" ({performance.baseline_rows})" if performance.baseline_rows else ""
    return text + "."


def sentence(text: str) -> str:
    """Give a reason a capital and a full stop, where it has none.

    Examples
    --------
    >>> sentence("not judged: 12 rows have a label"), sentence("fe_1 drifted."), sentence("")
    ('Not judged: 12 rows have a label.', 'fe_1 drifted.', '')
    """
    if not text:
        return ""
    first = re.match(r"[a-z]+(?=[\s:,])", text)
    text = text[0].upper() + text[1:] if first else text
    return text if text[-1] in ".!?" else f"{text}."


def slug(text: str) -> str:
    """Turn any text into characters that are safe in an id and in a file's name; different texts stay different.

    Examples
    --------
    >>> slug("2023-10"), slug("a b/c_d")
    ('2023-10', 'a_20_b_2f_c_5f_d')
    """
    return re.sub(r"[^A-Za-z0-9.-]", lambda found: f"_{ord(found[0]):x}_", text)


def page_name(batch: str) -> str:
    """Name the page of a batch.

    Examples
    --------
    >>> page_name("7")
    'batch-7.html'
    """
    return f"batch-{slug(batch)}.html"


def json_name(batch: str) -> str:
    """Name the machine-readable twin of a batch's page.

    Examples
    --------
    >>> json_name("7")
    'batch-7.json'
    """
    return f"batch-{slug(batch)}.json"


SUMMARY_PAGE = "summary.html"
SUMMARY_JSON = "summary.json"
