"""What a person or a machine is told: one alert, or several in a digest."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from driftwatch_assets.alerting.rule import PROMOTION_REFUSED, RUN_FAILED, SOURCE_UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from driftwatch_assets.alerting.notice import DriftedFeature, Notice

Tone = Literal["failure", "warning", "success"]
LISTED = 40
"""So many alerts are listed in a digest; of further ones the number is told, and `driftwatch alerts list` has them."""
_LONGEST_TITLE = 180
_GRAVE = ("high", "critical")
_MARKS = str.maketrans({"`": "'", "*": "\N{ASTERISK OPERATOR}", "[": "(", "]": ")"})
_TAG = re.compile("<(?![ =])")


@dataclass(frozen=True)
class Message:
    """A message in the forms that channels take.

    Attributes
    ----------
    title
        One line.
    text, markdown, html
        The body; each says the same. The HTML needs nothing from elsewhere.
    tone
        How it is coloured where a channel has colours.
    alerts
        The same for machines: the payload of each alert.
    """

    title: str
    text: str
    markdown: str
    html: str
    tone: Tone
    alerts: tuple[Mapping[str, Any], ...]


def compose(notice: Notice) -> Message:
    """Say one alert.

    Examples
    --------
    >>> from driftwatch_assets.alerting.notice import DriftedFeature, Notice
    >>> message = compose(Notice(
    ...     "loan_default", "auc_low", "high", "opened", batch="2024-10", metric="auc", condition="<", threshold=0.7,
    ...     value=0.6312, features=(DriftedFeature("fe_10_mean", 1.0, 8.2),), retrained=True, promoted=False,
    ...     version=4, decision="no better than the champion by more than noise"))
    >>> print(message.title)
    [high] loan_default, batch 2024-10: auc 0.6312 < 0.7 (auc_low)
    >>> print(message.text)
    An alert has opened: auc of batch 2024-10 is 0.6312, and the rule auc_low fails where auc < 0.7.
    <BLANKLINE>
    Model: loan_default
    Batch: 2024-10
    Rule: auc_low (auc < 0.7)
    Severity: high
    Value: auc is 0.6312, threshold 0.7
    Drifted most: fe_10_mean (effect 1, PSI 8.2)
    What the system did: retrained; version 4 was refused: no better than the champion by more than noise
    """
    notice = notice.cleaned()
    facts, links = _facts(notice), _links(notice)
    opening = _opening(notice)
    lines = [(label, value) for label, value, _ in facts]
    lines += links
    return Message(
        title=_shortened(_title(notice)),
        text="\n".join([opening, "", *(f"{label}: {value}" for label, value in lines)]),
        markdown="\n".join([_plain_mark(opening), "", *_marked(facts), *(f"{label}: {url}" for label, url in links)]),
        html=_page(opening, _lines(facts, links)),
        tone=_tone([notice]),
        alerts=(notice.payload(),),
    )


def digest(notices: Sequence[Notice]) -> Message:
    """Say several alerts at once: those that opened first, each on a line; a digest of one is that alert.

    Examples
    --------
    >>> from driftwatch_assets.alerting.notice import Notice
    >>> opened = Notice("iris", "accuracy_low", "high", "opened", "3", "accuracy", "<", 0.8, 0.6)
    >>> resolved = Notice("iris", "accuracy_low", "high", "resolved", "4", "accuracy", "<", 0.8, 0.9, "3")
    >>> print(digest([resolved, opened]).text)
    1 alert has opened and 1 was resolved.
    <BLANKLINE>
    [high] iris, batch 3: accuracy 0.6 < 0.8 (accuracy_low)
    [resolved] iris, batch 4: accuracy 0.9 (accuracy_low)
    """
    if len(notices) == 1:
        return compose(notices[0])
    ordered = sorted((each.cleaned() for each in notices), key=lambda each: each.event == "resolved")
    shown, hidden = ordered[:LISTED], len(ordered) - LISTED
    opened = sum(each.event == "opened" for each in notices)
    opening = _counted(opened, len(notices) - opened)
    told = [(_shortened(_title(each)), each.report_url or each.run_url) for each in shown]
    more = [f"And {hidden} more: driftwatch alerts list"] if hidden > 0 else []
    models = ", ".join(f"{model} {count}" for model, count in Counter(each.model for each in ordered).most_common())
    return Message(
        title=_shortened(f"{len(notices)} alerts: {models}"),
        text="\n".join([opening, "", *(f"{title}{_after(url)}" for title, url in told), *more]),
        markdown="\n".join([opening, "", *(f"- {_plain_mark(title)}{_after(url)}" for title, url in told), *more]),
        html=_page(opening, _list(told, more)),
        tone=_tone(notices),
        alerts=tuple(each.payload() for each in notices),
    )


def _title(notice: Notice) -> str:
    tag = "resolved" if notice.event == "resolved" else notice.severity
    place = notice.model if notice.batch is None else f"{notice.model}, batch {notice.batch}"
    return f"[{tag}] {place}: {_short(notice)}"


def _short(notice: Notice) -> str:
    if notice.rule == RUN_FAILED:
        run = "a run" if notice.job is None else f"a run of {notice.job}"
        return f"{run} {'is in order again' if notice.event == 'resolved' else 'failed'}"
    if notice.rule == PROMOTION_REFUSED:
        return _judged(notice)
    if notice.rule == SOURCE_UNREADABLE:
        return f"its source {'can be looked at again' if notice.event == 'resolved' else 'cannot be looked at'}"
    if notice.metric is None or notice.value is None:
        return notice.rule
    bound = f" {_condition(notice)}" if notice.event == "opened" and _condition(notice) else ""
    return f"{notice.metric} {_figure(notice.value)}{bound} ({notice.rule})"


def _opening(notice: Notice) -> str:
    if notice.rule in _OPENINGS:
        return _OPENINGS[notice.rule](notice)
    where = "" if notice.batch is None else f" of batch {notice.batch}"
    if notice.event == "resolved":
        value = f"{notice.metric}{where} is {_figure(notice.value)}" if _measured(notice) else notice.reason
        since = "" if notice.opened_batch is None else f"; it had opened at batch {notice.opened_batch}"
        return f"An alert was resolved: {value or f'the rule {notice.rule} passes'}{since}."
    if not _measured(notice):
        return f"An alert has opened: the rule {notice.rule} fails{where and f' at batch {notice.batch}'}."
    said = f"An alert has opened: {notice.metric}{where} is {_figure(notice.value)}"
    if not _condition(notice):
        return f"{said} (rule {notice.rule})."
    return f"{said}, and the rule {notice.rule} fails where {notice.metric} {_condition(notice)}."


def _opening_of_run(notice: Notice) -> str:
    where = "" if notice.batch is None else f" for batch {notice.batch}"
    run = "a run" if notice.job is None else f"a run of {notice.job}"
    if notice.event == "resolved":
        return f"An alert was resolved: {run}{where} has ended well after an earlier one failed."
    step = "" if notice.step is None else f" in step {notice.step}"
    # A sentence has a line of its own below.
    error = "" if notice.error is None or " " in notice.error else f" with {notice.error}"
    return f"An alert has opened: {run}{where} failed{step}{error}. What was to be done is not done; the run tells why."


def _opening_of_challenger(notice: Notice) -> str:
    through = "" if notice.batch is None else f", trained through batch {notice.batch}"
    if notice.event == "opened":
        return f"An alert has opened: {_judged(notice)}{through}. It is not deployed: what served before goes on."
    if not notice.promoted:
        return f"An alert was resolved: {notice.reason or 'the rule passes'}."
    return f"An alert was resolved: {_judged(notice)}{through}; one had been refused at batch {notice.opened_batch}."


def _opening_of_source(notice: Notice) -> str:
    if notice.event == "resolved":
        return f"An alert was resolved: what has arrived for {notice.model} can be looked at again."
    return f"An alert has opened: what has arrived for {notice.model} cannot be looked at. No batch is taken in."


_OPENINGS: Mapping[str, Callable[[Notice], str]] = {
    RUN_FAILED: _opening_of_run,
    PROMOTION_REFUSED: _opening_of_challenger,
    SOURCE_UNREADABLE: _opening_of_source,
}


def _judged(notice: Notice) -> str:
    which = "a challenger" if notice.version is None else f"version {notice.version}"
    if notice.event == "resolved":
        return f"{which} was promoted" if notice.promoted else f"{notice.rule} is in order again"
    return f"{which} was refused by {_gate(notice) or 'an absolute gate'}"


def _gate(notice: Notice) -> str | None:
    if notice.gate is None:
        return None
    bound = _condition(notice)
    return f"the gate {notice.gate}" + (f": {_figure(notice.value)} {bound}" if bound else "")


def _facts(notice: Notice) -> list[tuple[str, str, bool]]:
    """Give label, value, and whether the value is a name that was chosen elsewhere."""
    rule = notice.rule
    if notice.metric and _condition(notice):
        rule = f"{rule} ({notice.metric} {_condition(notice)})"
    found: list[tuple[str, str | None, bool]] = [
        ("Model", notice.model, True),
        ("Batch", notice.batch, True),
        (*_since(notice), True),
        ("Rule", rule, False),
        ("Severity", notice.severity, False),
        ("Value", _value(notice), False),
        ("Gate", _gate(notice) if notice.event == "opened" else None, False),
        ("Job", notice.job, True),
        ("Failed step", notice.step, True),
        ("Error", notice.error, True),
        ("Drifted most", _drifted(notice.features), False),
        ("What the system did", _done(notice), False),
        ("Resolved because", notice.reason if notice.event == "resolved" else None, False),
        ("Run", notice.run if notice.run_url is None else None, True),
        ("When", None if notice.at is None else f"{notice.at:%Y-%m-%d %H:%M} UTC", False),
    ]
    return [(label, value, named) for label, value, named in found if value is not None]


def _since(notice: Notice) -> tuple[str, str | None]:
    if notice.rule == SOURCE_UNREADABLE:
        return "Since", notice.opened_batch
    return "Opened at batch", notice.opened_batch if notice.event == "resolved" else None


def _value(notice: Notice) -> str | None:
    if not _measured(notice):
        return None
    threshold = "" if notice.threshold is None else f", threshold {_figure(notice.threshold)}"
    return f"{notice.metric} is {_figure(notice.value)}{threshold}"


def _drifted(features: Sequence[DriftedFeature] | None) -> str | None:
    if features is None:
        return None
    return ", ".join(_drift_of(each) for each in features) or "no feature"


def _drift_of(feature: DriftedFeature) -> str:
    effect = None if feature.effect is None else f"effect {_figure(feature.effect)}"
    psi = None if feature.psi is None else f"PSI {_figure(feature.psi)}"
    told = ", ".join(each for each in (effect, psi) if each)
    return f"{feature.name} ({told})" if told else feature.name


def _done(notice: Notice) -> str | None:
    why = "" if notice.decision is None else f": {notice.decision}"
    version = "a challenger" if notice.version is None else f"version {notice.version}"
    if notice.retrained is None:
        return notice.decision
    if not notice.retrained:
        return f"it did not retrain{why}"
    if notice.promoted is None:
        return f"retrained; the gate has not decided yet{why}"
    return f"retrained; {version} was {'promoted' if notice.promoted else 'refused'}{why}"


def _links(notice: Notice) -> list[tuple[str, str]]:
    return [(label, url) for label, url in (("Run", notice.run_url), ("Report", notice.report_url)) if url]


def _measured(notice: Notice) -> bool:
    return notice.metric is not None and notice.value is not None


def _condition(notice: Notice) -> str:
    if notice.condition is None or notice.threshold is None:
        return ""
    return f"{notice.condition} {_figure(notice.threshold)}"


def _figure(value: float | None) -> str:
    return "not known" if value is None else f"{value:.4g}"


def _tone(notices: Sequence[Notice]) -> Tone:
    opened = [each for each in notices if each.event == "opened"]
    if not opened:
        return "success"
    return "failure" if any(each.severity in _GRAVE for each in opened) else "warning"


def _counted(opened: int, resolved: int) -> str:
    if not resolved:
        return f"{opened} alerts have opened."
    if not opened:
        return f"{resolved} alerts were resolved."
    return (
        f"{opened} {'alert has' if opened == 1 else 'alerts have'} opened and "
        f"{resolved} {'was' if resolved == 1 else 'were'} resolved."
    )


def _shortened(title: str) -> str:
    return title if len(title) <= _LONGEST_TITLE else f"{title[: _LONGEST_TITLE - 1]}…"


def _after(url: str | None) -> str:
    return "" if url is None else f" {url}"


def _plain_mark(text: str) -> str:
    """Keep a channel from reading marks, links or mentions into what was named elsewhere; comparisons stay legible."""
    return _TAG.sub("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", text.translate(_MARKS))


def _marked(facts: Sequence[tuple[str, str, bool]]) -> list[str]:
    return [
        f"{label}: `{_plain_mark(value)}`" if named else f"{label}: {_plain_mark(value)}"
        for label, value, named in facts
    ]


def _page(opening: str, body: str) -> str:
    return f'<html><body style="font-family: sans-serif"><p>{escape(opening)}</p>{body}</body></html>'


def _lines(facts: Sequence[tuple[str, str, bool]], links: Sequence[tuple[str, str]]) -> str:
    rows = [(label, escape(value)) for label, value, _ in facts]
    rows += [(label, f'<a href="{escape(url)}">{escape(url)}</a>') for label, url in links]
    return "".join(f"<div><b>{escape(label)}:</b> {value}</div>" for label, value in rows)


def _list(told: Sequence[tuple[str, str | None]], more: Sequence[str]) -> str:
    items = [escape(title) if url is None else f'<a href="{escape(url)}">{escape(title)}</a>' for title, url in told]
    items += [escape(each) for each in more]
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
