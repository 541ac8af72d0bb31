"""What is told of an alert, as plain data: the content of a row of the outbox."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from driftwatch_assets.alerting.redaction import redacted
from driftwatch_assets.alerting.rule import RUN_FAILED, SOURCE_UNREADABLE

Event = Literal["opened", "resolved"]
STRONGEST = 3
"""So many of the drifted features are told."""
_LONGEST_NAME, _LONGEST_SENTENCE = 120, 600
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+")


@dataclass(frozen=True)
class DriftedFeature:
    """A feature that drifted, with how far: the effect that the drift policy judges and, where it is known, PSI.

    The effect of a constant that was left is infinite, for which a document has no number: it is None.
    """

    name: str
    effect: float | None = None
    psi: float | None = None


@dataclass(frozen=True)
class Notice:
    """Everything that a message about an alert says; it holds no secret and no personal data.

    Attributes
    ----------
    model, rule, severity, event
        Whose alert it is, which rule, low|medium|high|critical, and whether the alert opened or was resolved.
    batch
        The batch that opened or resolved it; `None` where no batch did, as for a run without one.
    metric, condition, threshold, value
        The rule ``metric condition threshold``, such as ``accuracy < 0.7``, and the value that was found. All are
        `None` for a rule without a metric.
    opened_batch
        Of a resolved alert: the batch that had opened it. Of a source that cannot be looked at: since when.
    features
        The features that drifted, strongest first; `None` where drift was not judged.
    retrained, promoted, version, decision
        What the system did: whether it trained a challenger (`None`: not yet, or nobody knows), whether that was
        promoted (`None`: there was none, or it is not known), as which version, and why, in one sentence.
    gate
        The absolute gate that refused the challenger.
    reason
        Of a resolved alert: why.
    job, step, error
        Of a failed run: its job, the step that failed, and the class of the error or, of a batch that was refused, what
        the project said of it. The text of another error stays in Dagster, since it may quote what was read. Of a
        source that cannot be looked at: what the project said of it.
    run, run_url, report_url
        The run that found it, and where to read on.
    at
        When it happened.
    row
        The row of the outbox that it was read from.

    Examples
    --------
    >>> notice = Notice("iris", "accuracy_low", "high", "opened", batch="3", metric="accuracy", value=0.6)
    >>> Notice.from_payload(notice.payload()) == notice
    True
    """

    model: str
    rule: str
    severity: str
    event: Event
    batch: str | None = None
    metric: str | None = None
    condition: str | None = None
    threshold: float | None = None
    value: float | None = None
    opened_batch: str | None = None
    features: tuple[DriftedFeature, ...] | None = None
    retrained: bool | None = None
    promoted: bool | None = None
    version: int | None = None
    decision: str | None = None
    gate: str | None = None
    reason: str | None = None
    job: str | None = None
    step: str | None = None
    error: str | None = None
    run: str | None = None
    run_url: str | None = None
    report_url: str | None = None
    at: datetime | None = None
    row: int | None = None

    @property
    def key(self) -> str:
        """The same whenever the same row of the outbox is told again: a receiver knows a repetition by it.

        Examples
        --------
        >>> Notice("iris", "accuracy_low", "high", "resolved", batch="9", opened_batch="7", row=41).key
        'iris/accuracy_low/7/resolved/41'
        """
        since = self.batch if self.opened_batch is None else self.opened_batch
        place = f"{self.model}/{self.rule}/{since or self.job or 'run'}/{self.event}"
        return place if self.row is None else f"{place}/{self.row}"

    def cleaned(self) -> Notice:
        """Give it as it may be told: names and sentences on one line, without mail addresses and logins."""
        return _read(asdict(self))

    def payload(self) -> dict[str, Any]:
        """Give it as strict JSON has it, without what is not known; `from_payload` reads it again.

        Free text is freed of mail addresses and of what logs in somewhere, numbers are finite, and no value has
        more than one line.
        """
        cleaned = self.cleaned()
        told = {"key": cleaned.key, **{name: value for name, value in asdict(cleaned).items() if value is not None}}
        if cleaned.at is not None:
            told["at"] = cleaned.at.isoformat()
        if cleaned.features is not None:
            told["features"] = [
                {name: value for name, value in asdict(feature).items() if value is not None}
                for feature in cleaned.features
            ]
        return told

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any], event: str | None = None, row: int | None = None) -> Notice:
        """Read a row of the outbox; what is absent or cannot be used is told as not known, so that no row is lost.

        Parameters
        ----------
        payload
            What `payload` gave. What stands under ``details`` counts as if it stood beside; the columns of an alert
            (``opened_batch``, ``opened_value``, ``opened_at``, ``opened_by_run``, likewise ``resolved_...``, and
            ``resolved_reason``) stand in for ``batch``, ``value``, ``at``, ``run`` and ``reason``.
        event, row
            The row's event, which goes before the payload's, and its id.

        Examples
        --------
        >>> stored = {"model": "iris", "rule": "psi_high", "opened_batch": "7", "opened_value": 0.4}
        >>> notice = Notice.from_payload(stored, "opened")
        >>> notice.batch, notice.value, notice.severity
        ('7', 0.4, 'high')
        """
        details = payload.get("details")
        beside = {name: value for name, value in payload.items() if value is not None}
        told = {**(details if isinstance(details, Mapping) else {}), **beside}
        happened = "resolved" if (event or told.get("event")) == "resolved" else "opened"
        for name in ("batch", "value", "at"):
            if told.get(name) is None:
                told[name] = told.get(f"{happened}_{name}")
        if told.get("run") is None:
            told["run"] = told.get("run_id") or told.get(f"{happened}_by_run")
        if told.get("reason") is None:
            told["reason"] = told.get("resolved_reason")
        return _read({**told, "event": happened, "row": row if row is not None else told.get("row")})


def strongest(features: Sequence[DriftedFeature], count: int = STRONGEST) -> tuple[DriftedFeature, ...]:
    """Give the features that drifted most: by the size of the effect (None is infinite), then by PSI, then by name.

    Examples
    --------
    >>> found = [DriftedFeature("a", 0.1), DriftedFeature("b", -0.9), DriftedFeature("c"), DriftedFeature("d", 0.2)]
    >>> [feature.name for feature in strongest(found)]
    ['c', 'b', 'd']
    """
    return tuple(sorted(features, key=lambda each: (-_size(each.effect), -(each.psi or 0.0), each.name))[:count])


def _size(effect: float | None) -> float:
    return math.inf if effect is None else abs(effect)


def _read(told: Mapping[str, Any]) -> Notice:
    return Notice(
        model=_name(told.get("model")) or "unknown model",
        rule=_name(told.get("rule")) or "unknown rule",
        severity=_name(told.get("severity")) or "high",
        event="resolved" if told.get("event") == "resolved" else "opened",
        batch=_batch(told),
        metric=_name(told.get("metric")),
        condition=_name(told.get("condition")),
        threshold=_number(told.get("threshold")),
        value=_number(told.get("value")),
        opened_batch=_name(told.get("opened_batch")),
        features=_features(told.get("features")),
        retrained=_flag(told.get("retrained")),
        promoted=_flag(told.get("promoted")),
        version=_whole(told.get("version")),
        decision=_sentence(told.get("decision")),
        gate=_name(told.get("gate")),
        reason=_sentence(told.get("reason")),
        job=_name(told.get("job")),
        step=_name(told.get("step")),
        error=_sentence(told.get("error")),
        run=_name(told.get("run")),
        run_url=_link(told.get("run_url")),
        report_url=_link(told.get("report_url")),
        at=_time(told.get("at")),
        row=_whole(told.get("row")),
    )


def _batch(told: Mapping[str, Any]) -> str | None:
    """Give the batch; an alert of a run without one is known by the run's job, and of a source by its time."""
    batch = None if told.get("rule") == SOURCE_UNREADABLE else _name(told.get("batch"))
    return None if told.get("rule") == RUN_FAILED and batch == _name(told.get("job")) else batch


def _line(value: Any, longest: int) -> str | None:
    if value is None:
        return None
    text = redacted(_UNSEEN.sub(" ", str(value)).strip())
    return (text if len(text) <= longest else f"{text[: longest - 1]}…") or None


def _name(value: Any) -> str | None:
    return _line(value, _LONGEST_NAME)


def _sentence(value: Any) -> str | None:
    return _line(value, _LONGEST_SENTENCE)


def _number(value: Any) -> float | None:
    if isinstance(value, (str, bool)) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _link(value: Any) -> str | None:
    text = _line(value, _LONGEST_SENTENCE)
    usable = text is not None and text.startswith(("http://", "https://")) and " " not in text and text[-1] != "…"
    return text if usable else None


def _time(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _features(value: Any) -> tuple[DriftedFeature, ...] | None:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return None
    found = [_feature(each) for each in value]
    return strongest([each for each in found if each is not None])


def _feature(value: Any) -> DriftedFeature | None:
    told = value if isinstance(value, Mapping) else {"name": value}
    name = _name(told.get("name") or told.get("feature"))
    return None if name is None else DriftedFeature(name, _number(told.get("effect")), _number(told.get("psi")))
