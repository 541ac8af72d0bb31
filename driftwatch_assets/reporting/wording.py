"""Numbers and verdicts in words, the same on every page."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driftwatch_assets.reporting.anomaly import AnomalyScores
    from driftwatch_assets.reporting.content import BatchReport
    from driftwatch_assets.reporting.performance import Performance

NOTHING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
SMALLEST_P = 1e-4
THOUSAND, MILLION = 1e4, 1e6
METRICS = {
    "accuracy": "Accuracy",
    "f1_macro": "Macro-F1",
    "auc": "AUC",
    "f1": "F1",
    "precision": "Precision",
    "recall": "Recall",
    "rate_fit": "Rate fit",
    "anomaly_rate": "Anomaly rate",
}


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
    if not report.rows:
        return "No verdict: no rows in this batch"
    if report.statistics is None and report.champion is None:
        return "No verdict: no champion had been trained before this batch"
    if verdict.drift_detected is None:
        return f"No verdict: there is not enough data in {plural(report.rows, 'row')}"
    drifted = len(verdict.drifted_features)
    of = f"{drifted} of {plural(compared, 'feature')}" if compared else plural(drifted, "feature")
    if verdict.drift_detected:
        return f"Drift of {verdict.severity} severity in {of}"
    if _degraded(report):
        return f"Performance degraded without drift: {of} drifted"
    return f"No drift: {of} drifted"


def _degraded(report: BatchReport) -> bool:
    return report.performance is not None and bool(report.performance.degraded)


def state(report: BatchReport) -> str:
    """Name what was found in the word that colours it: ``drift``, ``look`` (degraded alone), ``stable`` or ``open``."""
    if report.verdict.drift_detected:
        return "drift"
    if _degraded(report):
        return "look"
    return "open" if report.verdict.drift_detected is None else "stable"


def verdict_words(drift_detected: bool | None) -> str:
    """Name a verdict for a table.

    Examples
    --------
    >>> verdict_words(True), verdict_words(False), verdict_words(None)
    ('drift', 'no drift', 'no verdict')
    """
    return "no verdict" if drift_detected is None else ("drift" if drift_detected else "no drift")


def metric_title(metric: str) -> str:
    """Name a metric at the head of a column or of a sentence.

    Examples
    --------
    >>> metric_title("auc"), metric_title("f1_macro"), metric_title("accuracy")
    ('AUC', 'Macro-F1', 'Accuracy')
    """
    return METRICS.get(metric) or metric.replace("_", " ").capitalize()


def metric_words(metric: str) -> str:
    """Name a metric within a sentence.

    Examples
    --------
    >>> metric_words("auc"), metric_words("f1_macro"), metric_words("accuracy")
    ('AUC', 'macro-F1', 'accuracy')
    """
    title = metric_title(metric)
    return title if title in {"AUC", "F1"} else title[0].lower() + title[1:]


def interval_words(interval: tuple[float, float] | None) -> str:
    """Write an interval within a sentence, with a space before it; nothing when there is none.

    Examples
    --------
    >>> interval_words((0.74, 0.81)), interval_words(None)
    (' (95 % interval 0.740 to 0.810)', '')
    """
    return "" if interval is None else f" (95 % interval {decimals(interval[0])} to {decimals(interval[1])})"


def performance_sentence(performance: Performance) -> str:
    """Say how good the champion was by what it is judged by, and beside what."""
    rows = plural(performance.rows, "labelled row")
    if performance.value is None:
        return f"{metric_title(performance.metric)} is not defined on {rows}: all of them have one label."
    text = f"{metric_title(performance.metric)} is {decimals(performance.value)}{interval_words(performance.interval)}"
    text += f" on {rows}"
    if performance.baseline is not None:
        text += f", against a baseline of {decimals(performance.baseline)}"
        text += f" ({performance.baseline_rows})" if performance.baseline_rows else ""
    return text + "."


def anomaly_sentence(scores: AnomalyScores) -> str:
    """Say how many rows are called anomalous, and beside what.

    Examples
    --------
    >>> from driftwatch_assets.reporting.anomaly import AnomalyScores
    >>> anomaly_sentence(AnomalyScores(rows=142, rate=0.12, contamination=0.1, threshold=0.6, interval=(0.08, 0.18)))
    '12.0 % of 142 rows are called anomalous (95 % interval 8.0 % to 18.0 %), where 10.0 % were declared.'
    """
    if scores.rate is None:
        return f"The rate of anomalies is not defined on {plural(scores.rows, 'row')}."
    text = f"{percent(scores.rate)} of {plural(scores.rows, 'row')} are called anomalous"
    if scores.interval is not None:
        text += f" (95 % interval {percent(scores.interval[0])} to {percent(scores.interval[1])})"
    return f"{text}, where {percent(scores.contamination)} were declared."


def fires_words(fires: bool | None) -> str:
    """Say whether a rule fires.

    Examples
    --------
    >>> fires_words(True), fires_words(False), fires_words(None)
    ('fires', 'does not fire', 'not known')
    """
    return "not known" if fires is None else ("fires" if fires else "does not fire")


def sentence(text: str) -> str:
    """Give a reason a capital and a full stop, where it has none.

    Examples
    --------
    >>> sentence("not judged: 12 rows have a label"), sentence("fe_1 drifted."), sentence("")
    ('Not judged: 12 rows have a label.', 'fe_1 drifted.', '')
    >>> sentence("auc 0.750 is 0.080 below the expected 0.830")
    'AUC 0.750 is 0.080 below the expected 0.830.'
    """
    if not text:
        return ""
    metric = next((name for name in METRICS if text.startswith(f"{name} ")), "")
    if metric:
        text = METRICS[metric] + text.removeprefix(metric)
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
    >>> page_name("7"), page_name("7-quality")
    ('batch-7.html', 'batch-7_2d_quality.html')
    """
    return f"{_stem(batch)}.html"


def json_name(batch: str) -> str:
    """Name the machine-readable twin of a batch's page.

    Examples
    --------
    >>> json_name("7")
    'batch-7.json'
    """
    return f"{_stem(batch)}.json"


def quality_name(batch: str) -> str:
    """Name the quality page of a batch.

    Examples
    --------
    >>> quality_name("7")
    'batch-7-quality.html'
    """
    return f"{_stem(batch)}{QUALITY}.html"


def quality_json_name(batch: str) -> str:
    """Name the machine-readable twin of a batch's quality page.

    Examples
    --------
    >>> quality_json_name("7")
    'batch-7-quality.json'
    """
    return f"{_stem(batch)}{QUALITY}.json"


def _stem(batch: str) -> str:
    """Begin the names of a batch's pages, so that no batch's page has the name of another's quality page."""
    safe = slug(batch)
    return f"batch-{safe.removesuffix(QUALITY)}_2d_{QUALITY[1:]}" if safe.endswith(QUALITY) else f"batch-{safe}"


QUALITY = "-quality"
SUMMARY_PAGE = "summary.html"
SUMMARY_JSON = "summary.json"
