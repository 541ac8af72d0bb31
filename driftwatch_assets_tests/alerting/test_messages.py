"""What is said of an alert, and what is kept of it in the outbox."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch_assets.alerting import Notice, compose, digest
from driftwatch_assets.alerting.message import LISTED
from driftwatch_assets_tests.alerting.conftest import NOTICE

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from([*Notice.__dataclass_fields__, "details", "opened_value", "resolved_at", "resolved_reason"])


def line_of(notice: Notice, label: str) -> str | None:
    found = [line for line in compose(notice).text.splitlines() if line.startswith(f"{label}: ")]
    return found[0].removeprefix(f"{label}: ") if found else None


@pytest.mark.parametrize(
    ("retrained", "promoted", "said"),
    [
        (False, None, "it did not retrain: why"),
        (True, None, "retrained; the gate has not decided yet: why"),
        (True, True, "retrained; version 4 was promoted: why"),
        (True, False, "retrained; version 4 was refused: why"),
        (None, None, "why"),
    ],
)
def test_what_the_system_did_is_said(retrained: bool | None, promoted: bool | None, said: str) -> None:
    notice = replace(NOTICE, retrained=retrained, promoted=promoted, decision="why")
    assert line_of(notice, "What the system did") == said


def test_drift_that_was_not_judged_is_not_called_none() -> None:
    assert line_of(replace(NOTICE, features=None), "Drifted most") is None
    assert line_of(replace(NOTICE, features=()), "Drifted most") == "no feature"


def test_a_resolved_alert_says_since_when_and_why() -> None:
    told = replace(NOTICE, event="resolved", opened_batch="2024-10", batch="2025-01", value=0.75, reason="it passed")
    message = compose(told)
    assert message.title == "[resolved] loan_default, batch 2025-01: auc 0.75 (auc_low)"
    assert "An alert was resolved: auc of batch 2025-01 is 0.75; it had opened at batch 2024-10." in message.text
    assert "Resolved because: it passed" in message.text
    assert message.tone == "success"


def test_a_failed_run_names_job_step_and_kind_of_error_and_the_run() -> None:
    failed = Notice(
        "iris", "run_failed", "high", "opened", batch="7", job="iris_batch", step="gold", error="ValueError", run="a1b2"
    )
    message = compose(failed)
    assert message.title == "[high] iris, batch 7: a run of iris_batch failed"
    assert "a run of iris_batch for batch 7 failed in step gold with ValueError" in message.text
    assert "Run: a1b2" in message.text
    assert "Value:" not in message.text


def test_a_failed_run_without_a_batch_is_not_said_to_have_one() -> None:
    stored = {"model": "iris", "rule": "run_failed", "opened_batch": "iris_train", "details": {"job": "iris_train"}}
    assert compose(Notice.from_payload(stored, "opened")).title == "[high] iris: a run of iris_train failed"


def test_names_from_elsewhere_stay_on_their_line_and_in_their_place() -> None:
    message = compose(replace(NOTICE, batch="9\r\nBcc: eve\u202e", decision="<script>alert(1)</script> & `more`"))
    assert "\r" not in message.text + message.title
    assert "\n" not in message.title
    assert "\u202e" not in message.title
    assert "<script>" not in message.html
    assert "<script>" not in message.markdown


def test_the_payload_holds_no_mail_address_and_no_login() -> None:
    told = replace(
        NOTICE,
        batch="eve.long@example.org",
        decision="cannot reach postgresql://reader:hunter2@db/loans; ask eve.long@example.org",
        run_url="https://eve.long:hunter2@dagster.example.org/runs/1",
    )
    stored = json.dumps(told.payload())
    assert "eve.long" not in stored
    assert "hunter2" not in stored


def test_the_payload_is_what_the_message_is_made_of() -> None:
    stored = json.loads(json.dumps(NOTICE.payload(), allow_nan=False))
    assert compose(Notice.from_payload(stored)) == compose(NOTICE)


def test_the_columns_of_an_alert_stand_in_for_what_a_message_says() -> None:
    columns = {
        "model": "iris",
        "rule": "accuracy_low",
        "severity": "medium",
        "metric": "accuracy",
        "condition": "<",
        "threshold": 0.8,
        "opened_batch": "3",
        "opened_value": 0.6,
        "opened_at": "2026-03-01T13:00:00+01:00",
        "opened_by_run": "a1",
        "resolved_batch": "5",
        "resolved_value": 0.9,
        "resolved_at": "2026-03-02T12:00:00+00:00",
        "resolved_by_run": "b2",
        "resolved_reason": "the rule passed",
        "details": {"features": [{"name": "width", "effect": 0.4}], "retrained": False},
    }
    opened, resolved = (Notice.from_payload(columns, event, 3) for event in ("opened", "resolved"))
    assert (opened.batch, opened.value, opened.run, opened.at) == ("3", 0.6, "a1", datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert (resolved.batch, resolved.value, resolved.run, resolved.opened_batch) == ("5", 0.9, "b2", "3")
    assert opened.key != resolved.key
    assert opened.features is not None
    assert opened.features[0].name == "width"


def test_a_constant_that_was_left_is_told_first_though_no_document_holds_how_far_it_went() -> None:
    names = ("weak", "constant", "strong", "weaker")
    drifted = [{"name": name, "effect": effect} for name, effect in zip(names, (0.3, None, 0.9, 0.2), strict=True)]
    found = Notice.from_payload({"model": "iris", "rule": "psi_high", "details": {"features": drifted}}).features
    assert found is not None
    assert [feature.name for feature in found] == ["constant", "strong", "weak"]


def test_a_refused_challenger_is_told_with_the_gate_the_value_and_the_threshold_and_its_successor_by_its_version() -> (
    None
):
    told = {"model": "iris", "rule": "promotion_refused", "condition": "<", "threshold": 0.8, "opened_batch": "6"}
    said = {"retrained": True, "promoted": False, "version": 3, "gate": "minimum", "decision": "refused: too low"}
    opened = compose(Notice.from_payload({**told, "opened_value": 0.733, "metric": None, "details": said}, "opened"))
    assert opened.title == "[high] iris, batch 6: version 3 was refused by the gate minimum: 0.733 < 0.8"
    assert "version 3 was refused by the gate minimum: 0.733 < 0.8, trained through batch 6. It is not" in opened.text
    assert "What the system did: retrained; version 3 was refused: refused: too low" in opened.text
    later = {"retrained": True, "promoted": True, "version": 4, "decision": "promoted"}
    resolved = compose(Notice.from_payload({**told, "resolved_batch": "7", "details": later}, "resolved"))
    assert resolved.title == "[resolved] iris, batch 7: version 4 was promoted"
    assert "version 4 was promoted, trained through batch 7; one had been refused at batch 6." in resolved.text
    undeclared = compose(Notice.from_payload({**told, "resolved_reason": "it is no longer declared"}, "resolved"))
    assert "An alert was resolved: it is no longer declared." in undeclared.text


def test_times_are_told_in_utc() -> None:
    there = datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert line_of(Notice.from_payload(replace(NOTICE, at=there).payload()), "When") == "2026-03-02 04:30 UTC"


@given(payload=st.dictionaries(FIELDS, JSON, max_size=12))
def test_no_row_of_the_outbox_is_unreadable(payload: dict[str, Any]) -> None:
    notice = Notice.from_payload(payload)
    message = digest([notice, NOTICE])
    assert message.title
    json.dumps(notice.payload(), allow_nan=False)
    assert Notice.from_payload(notice.payload()) == notice
    assert len(compose(notice).title) <= 180


class TestDigest:
    def test_says_how_many_of_which_models_and_those_that_opened_first(self) -> None:
        resolved = replace(NOTICE, model="iris", event="resolved")
        message = digest([resolved, NOTICE, NOTICE, resolved, NOTICE, NOTICE])
        assert message.title == "6 alerts: loan_default 4, iris 2"
        lines = message.text.splitlines()
        assert lines[0] == "4 alerts have opened and 2 were resolved."
        assert [line.split("]")[0] for line in lines[2:]] == ["[high"] * 4 + ["[resolved"] * 2
        assert all("http://127.0.0.1:3070/loan_default/reports/2024-10.html" in line for line in lines[2:])

    def test_of_very_many_lists_some_counts_the_rest_and_holds_all_for_machines(self) -> None:
        message = digest([NOTICE] * (LISTED + 25))
        assert message.text.count("[high]") == LISTED
        assert "And 25 more: driftwatch alerts list" in message.text
        assert "And 25 more" in message.html
        assert len(message.alerts) == LISTED + 25

    def test_is_as_grave_as_the_gravest(self) -> None:
        mild, over = replace(NOTICE, severity="low"), replace(NOTICE, event="resolved")
        assert [digest(each).tone for each in ([mild, over], [mild, NOTICE], [over, over])] == [
            "warning",
            "failure",
            "success",
        ]
