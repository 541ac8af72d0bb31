"""An alert opens once, goes on while its rule fails, and resolves by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftwatch_assets.alerting import RUN_FAILED, EndedRun, RunRule, run_spans, spans
from driftwatch_assets.monitoring import AlertChanges, AlertUnknown
from driftwatch_assets.monitoring.outbox import CLAIM
from driftwatch_assets_tests.monitoring.examples import DRIFT, LOW
from driftwatch_assets_tests.monitoring.test_recording import everything

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch_assets.monitoring import AlertRecord, Monitoring
    from driftwatch_assets_tests.monitoring.conftest import Clock

NOTHING = AlertChanges()
GOOD, BAD = 0.9, 0.5


def judge(
    store: Monitoring,
    values: Mapping[str, float | None],
    channels: Sequence[str] = ("mail",),
    *,
    notify: bool = True,
) -> AlertChanges:
    """Hold a history of the accuracy, batch by batch, against its rule."""
    found = spans(LOW, [(batch, value, f"run {batch}") for batch, value in values.items()])
    return store.apply_alerts("club", {LOW: found}, channels=channels, notify=notify)


def told(store: Monitoring) -> list[tuple[str, str]]:
    """Give what people have been told, in order; it is sent by this."""
    rows = store.claim(100)
    for row in rows:
        store.sent(row.id)
    return [(row.event, row.payload["opened_batch"]) for row in rows]


def only(store: Monitoring) -> AlertRecord:
    found = store.alerts()
    assert len(found) == 1
    return found[0]


def test_an_alert_opens_with_what_opened_it(store: Monitoring, clock: Clock) -> None:
    judge(store, {"1": GOOD, "2": BAD})
    alert = only(store)
    assert (alert.model, alert.rule, alert.state, alert.severity) == ("club", "accuracy_low", "open", "high")
    assert (alert.condition, alert.threshold) == ("<", 0.7)
    assert (alert.opened_batch, alert.opened_value, alert.opened_by_run) == ("2", BAD, "run 2")
    assert alert.opened_at == clock.now
    assert told(store) == [("opened", "2")]


def test_it_opens_once_while_the_rule_stays_failed(store: Monitoring) -> None:
    judge(store, {"1": GOOD, "2": BAD})
    assert judge(store, {"1": GOOD, "2": BAD, "3": 0.4}) == NOTHING
    assert judge(store, {"1": GOOD, "2": BAD, "3": 0.4, "4": None}) == NOTHING
    alert = only(store)
    assert (alert.latest_batch, alert.latest_value) == ("3", 0.4)
    assert told(store) == [("opened", "2")]


def test_it_resolves_by_itself_with_what_closed_it(store: Monitoring, clock: Clock) -> None:
    judge(store, {"2": BAD})
    later = clock.pass_by(hours=1)
    assert [each.id for each in judge(store, {"2": BAD, "3": GOOD}).resolved] == [only(store).id]
    alert = only(store)
    assert (alert.state, alert.resolved_at, alert.resolved_reason) == ("resolved", later, "the rule passed")
    assert (alert.resolved_batch, alert.resolved_value, alert.resolved_by_run) == ("3", GOOD, "run 3")
    assert told(store) == [("opened", "2"), ("resolved", "2")]


def test_judging_again_changes_nothing(store: Monitoring, clock: Clock) -> None:
    values = {"1": BAD, "2": GOOD, "3": BAD}
    judge(store, values)
    before = everything(store)
    clock.pass_by(hours=1)
    assert judge(store, values) == NOTHING
    assert everything(store) == before


def test_the_next_failure_is_another_alert(store: Monitoring) -> None:
    judge(store, {"1": BAD})
    judge(store, {"1": BAD, "2": GOOD})
    judge(store, {"1": BAD, "2": GOOD, "3": BAD})
    assert {alert.opened_batch: alert.state for alert in store.alerts()} == {"1": "resolved", "3": "open"}
    assert told(store) == [("opened", "1"), ("resolved", "1"), ("opened", "3")]


def test_late_labels_that_show_an_earlier_failure_move_the_alert_and_tell_nobody_twice(store: Monitoring) -> None:
    judge(store, {"2": None, "3": BAD})
    first = only(store).id
    assert judge(store, {"2": BAD, "3": BAD}) == NOTHING
    alert = only(store)
    assert (alert.id, alert.opened_batch, alert.opened_by_run, alert.latest_batch) == (first, "2", "run 2", "3")
    assert told(store) == [("opened", "3")]


def test_an_alert_resolves_where_the_batch_did_not_fail_after_all(store: Monitoring) -> None:
    judge(store, {"2": BAD})
    judge(store, {"2": GOOD})
    alert = only(store)
    assert alert.state == "resolved"
    assert alert.resolved_reason == "with what is known by now the rule did not fail there"
    assert told(store) == [("opened", "2"), ("resolved", "2")]


def test_an_alert_that_is_open_again_is_told_of_again(store: Monitoring) -> None:
    judge(store, {"2": BAD})
    store.acknowledge(only(store).id, "someone")
    judge(store, {"2": BAD, "3": GOOD})
    assert told(store) == [("opened", "2"), ("resolved", "2")]
    judge(store, {"2": BAD, "3": BAD})
    alert = only(store)
    assert (alert.state, alert.acknowledged_by, alert.resolved_batch, alert.resolved_reason) == (
        "open",
        None,
        None,
        None,
    )
    assert told(store) == [("opened", "2")]


def test_people_who_were_not_yet_told_of_the_end_are_not_told_of_it_when_it_was_none(store: Monitoring) -> None:
    judge(store, {"2": BAD})
    assert told(store) == [("opened", "2")]
    judge(store, {"2": BAD, "3": GOOD})
    judge(store, {"2": BAD, "3": BAD})
    assert only(store).state == "open"
    assert told(store) == []


def test_an_end_that_is_just_being_sent_is_followed_by_a_new_beginning(store: Monitoring) -> None:
    judge(store, {"2": BAD})
    told(store)
    judge(store, {"2": BAD, "3": GOOD})
    sending = store.claim(1)
    judge(store, {"2": BAD, "3": BAD})
    store.sent(sending[0].id)
    assert told(store) == [("opened", "2")]


def test_a_channel_that_was_down_is_not_told_last_that_an_open_alert_has_resolved(
    store: Monitoring, clock: Clock
) -> None:
    both = ("chat", "mail")
    judge(store, {"2": BAD}, both)
    told(store)
    judge(store, {"2": BAD, "3": GOOD}, both)
    for row in store.claim(9):
        if row.channel == "chat":
            store.sent(row.id)
        else:
            store.failed(row.id, "down", clock.now + timedelta(minutes=40))
    assert judge(store, {"2": BAD, "3": BAD}, both).messages == 1
    assert [(row.event, row.channel) for row in store.claim(9)] == [("opened", "chat")]
    clock.pass_by(hours=1)
    assert [row.channel for row in store.claim(9)] == ["chat"]
    judge(store, {"2": BAD, "3": BAD, "4": GOOD}, both)
    clock.pass_by(hours=1)
    last = {row.channel: row.event for row in store.claim(9)}
    assert last == {"chat": "resolved", "mail": "resolved"}


def test_a_channel_that_missed_the_beginning_too_is_told_of_the_new_one_once(store: Monitoring, clock: Clock) -> None:
    both = ("chat", "mail")
    for values in ({"2": BAD}, {"2": BAD, "3": GOOD}):
        judge(store, values, both)
        for row in store.claim(9):
            if row.channel == "chat":
                store.sent(row.id)
            else:
                store.failed(row.id, "down", clock.now + timedelta(minutes=40))
    assert judge(store, {"2": BAD, "3": BAD}, both).messages == 2
    assert sorted((row.event, row.channel) for row in store.claim(9)) == [("opened", "chat"), ("opened", "mail")]
    clock.pass_by(hours=1)
    assert {row.event for row in store.claim(9)} == {"opened"}


@pytest.mark.parametrize("crashed", [True, False])
def test_an_end_whose_sending_came_to_nothing_is_not_told_after_a_new_beginning(
    store: Monitoring, clock: Clock, crashed: bool
) -> None:
    judge(store, {"2": BAD})
    told(store)
    judge(store, {"2": BAD, "3": GOOD})
    sending = store.claim(1)
    judge(store, {"2": BAD, "3": BAD})
    assert told(store) == []
    if crashed:
        clock.pass_by(seconds=CLAIM.total_seconds())
    else:
        store.failed(sending[0].id, "down", clock.now + timedelta(minutes=40))
    assert told(store) == [("opened", "2")]
    clock.pass_by(hours=1)
    assert told(store) == []
    assert store.overview().outbox_pending == 0


def test_who_sends_an_old_message_does_not_mark_the_new_one(store: Monitoring, clock: Clock) -> None:
    judge(store, {"2": BAD})
    sending = store.claim(1)
    judge(store, {"2": GOOD})
    assert told(store) == []
    clock.pass_by(seconds=CLAIM.total_seconds())
    assert told(store) == [("opened", "2"), ("resolved", "2")]
    judge(store, {"2": BAD})
    store.sent(sending[0].id)
    assert store.overview().outbox_pending == 1


def test_a_rebuilt_history_tells_nobody(store: Monitoring) -> None:
    assert judge(store, {"1": BAD, "2": GOOD, "3": BAD}, notify=False).messages == 0
    assert len(store.alerts()) == 2
    assert told(store) == []
    assert judge(store, {"1": BAD, "2": GOOD, "3": BAD}) == NOTHING


def test_an_alert_says_when_the_batch_was_judged_where_that_is_known(store: Monitoring) -> None:
    opened, resolved = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    found = spans(LOW, [("1", BAD, None), ("2", GOOD, None)])
    store.apply_alerts("club", {LOW: found}, at={"1": opened, "2": resolved})
    assert (only(store).opened_at, only(store).resolved_at) == (opened, resolved)


def test_each_channel_gets_each_message(store: Monitoring) -> None:
    assert judge(store, {"1": BAD}, ("mail", "chat", "mail")).messages == 2
    assert sorted(row.channel for row in store.claim(10)) == ["chat", "mail"]


def test_a_batch_may_have_channels_of_its_own_which_are_told_of_the_end_too(store: Monitoring) -> None:
    found = spans(LOW, [("1", BAD, None)])
    store.apply_alerts("club", {LOW: found}, channels=["mail"], channels_of={"1": ["ann"], "2": ["bob"]})
    assert [(row.event, row.channel) for row in store.claim(9)] == [("opened", "ann")]
    found = spans(LOW, [("1", BAD, None), ("2", GOOD, None)])
    store.apply_alerts("club", {LOW: found}, channels=["mail"], channels_of={"1": ["ann"]})
    ends = [(row.event, row.channel) for row in store.claim(9, store.clock() + 2 * CLAIM) if row.event == "resolved"]
    assert ends == [("resolved", "ann"), ("resolved", "mail")]
    assert store.apply_alerts("chess", {LOW: found}, channels_of={"1": ["ann"]}, notify=False).messages == 0


def test_a_message_says_what_was_found_and_an_alert_keeps_it(store: Monitoring) -> None:
    features = [{"name": "fe_10", "effect": 0.9, "psi": float("nan")}]
    found = spans(LOW, [("1", BAD, "run 1")])
    details = {"1": {"features": features, "decision": "refused: too few labels"}}
    store.apply_alerts("club", {LOW: found}, details, channels=["mail"])
    kept = {"features": [{"name": "fe_10", "effect": 0.9, "psi": None}], "decision": "refused: too few labels"}
    assert only(store).details == kept
    payload = store.claim(1)[0].payload
    assert payload["details"] == kept
    assert (payload["metric"], payload["opened_value"], payload["event"]) == ("accuracy", BAD, "opened")
    store.apply_alerts("club", {LOW: found})
    assert only(store).details == kept
    store.apply_alerts("club", {LOW: found}, {"1": {"retrained": True}})
    assert only(store).details == {"retrained": True}


def test_the_message_of_a_resolved_alert_tells_of_the_batch_that_passed(store: Monitoring) -> None:
    judge(store, {"1": BAD}, ())
    found = spans(LOW, [("1", BAD, None), ("2", GOOD, None)])
    store.apply_alerts("club", {LOW: found}, {"1": {"version": 1}, "2": {"version": 2}}, channels=["mail"])
    payload = store.claim(1)[0].payload
    assert (payload["event"], payload["resolved_batch"], payload["details"]) == ("resolved", "2", {"version": 2})
    assert only(store).details == {"version": 1}


def test_an_alert_of_a_rule_that_is_no_longer_declared_resolves(store: Monitoring) -> None:
    judge(store, {"1": BAD})
    store.record_rules("club", [DRIFT])
    store.apply_alerts("club", {DRIFT: []}, channels=["mail"])
    assert only(store).resolved_reason == "the rule is no longer declared or not enabled"
    assert told(store) == [("opened", "1"), ("resolved", "1")]


def test_an_alert_of_a_rule_that_is_not_enabled_resolves_and_opens_anew_with_it(store: Monitoring) -> None:
    judge(store, {"1": BAD})
    off = LOW.model_copy(update={"enabled": False})
    store.apply_alerts("club", {off: spans(LOW, [("1", BAD, None)])}, channels=["mail"])
    assert only(store).state == "resolved"
    judge(store, {"1": BAD})
    assert only(store).state == "open"


def test_declared_rules_that_are_not_given_are_left_alone(store: Monitoring) -> None:
    judge(store, {"1": BAD})
    assert store.apply_alerts("club", {RunRule(): []}) == NOTHING
    assert store.apply_alerts("other", {DRIFT: []}) == NOTHING
    assert only(store).state == "open"


def test_a_rule_that_was_declared_anew_changes_an_open_alert_and_no_resolved_one(store: Monitoring) -> None:
    judge(store, {"1": BAD, "2": GOOD, "3": BAD})
    strict = LOW.model_copy(update={"threshold": 0.8, "severity": "critical"})
    found = spans(strict, [("1", BAD, None), ("2", GOOD, None), ("3", BAD, None)])
    assert store.apply_alerts("club", {strict: found}) == NOTHING
    assert {alert.opened_batch: (alert.threshold, alert.severity) for alert in store.alerts()} == {
        "1": (0.7, "high"),
        "3": (0.8, "critical"),
    }


def test_an_acknowledged_alert_says_by_whom_and_still_resolves(store: Monitoring, clock: Clock) -> None:
    judge(store, {"1": BAD})
    when = clock.pass_by(minutes=5)
    alert = store.acknowledge(only(store).id, "someone@example.org")
    assert (alert.state, alert.acknowledged_by, alert.acknowledged_at) == ("acknowledged", "someone@example.org", when)
    clock.pass_by(minutes=5)
    assert store.acknowledge(alert.id, "another") == alert
    assert judge(store, {"1": BAD, "2": BAD}) == NOTHING
    assert only(store).state == "acknowledged"
    judge(store, {"1": BAD, "2": BAD, "3": GOOD})
    assert only(store).state == "resolved"


def test_only_an_alert_that_is_not_resolved_can_be_acknowledged(store: Monitoring) -> None:
    judge(store, {"1": BAD, "2": GOOD, "3": BAD})
    waiting, resolved = store.alerts("open")[0].id, store.alerts("resolved")[0].id
    with pytest.raises(AlertUnknown, match=f"there is no alert 99; open: {waiting}"):
        store.acknowledge(99, "someone")
    with pytest.raises(AlertUnknown, match=r"\(club, accuracy_low\) has resolved by itself"):
        store.acknowledge(resolved, "someone")


def test_alerts_are_listed_by_state_and_model_the_newest_first(store: Monitoring, clock: Clock) -> None:
    judge(store, {"1": BAD})
    clock.pass_by(hours=1)
    store.apply_alerts("other", {LOW: spans(LOW, [("9", BAD, None)])})
    assert [alert.model for alert in store.alerts()] == ["other", "club"]
    assert [alert.opened_batch for alert in store.alerts("open", "club")] == ["1"]
    assert store.alerts("acknowledged") == []


def run(run_id: str, minute: int, *, failed: bool, job: str = "batch", batch: str | None = "1") -> EndedRun:
    return EndedRun(run_id, job, batch, failed=failed, ended_at=datetime(2026, 1, 1, tzinfo=UTC) + minute * MINUTE)


MINUTE = timedelta(minutes=1)


def judge_runs(store: Monitoring, *runs: EndedRun) -> AlertChanges:
    return store.apply_alerts("club", {RunRule(): run_spans(runs)}, channels=["mail"])


def test_a_failed_run_alerts_until_a_later_one_succeeds_and_anew_when_one_fails_again(store: Monitoring) -> None:
    runs = [run("a", 1, failed=True)]
    judge_runs(store, *runs)
    assert (only(store).rule, only(store).opened_value, only(store).threshold) == (RUN_FAILED, None, None)
    runs.append(run("b", 2, failed=True))
    assert judge_runs(store, *runs) == NOTHING
    runs.append(run("c", 3, failed=False))
    judge_runs(store, *runs)
    assert (only(store).resolved_by_run, only(store).resolved_reason) == ("c", "a later run succeeded")
    runs.append(run("d", 4, failed=True))
    judge_runs(store, *runs)
    assert (only(store).state, only(store).opened_by_run) == ("open", "d")
    assert [(row.event, row.payload["opened_by_run"]) for row in store.claim(9)] == [("opened", "d")]


def test_an_alert_of_a_failed_run_tells_of_that_run_and_keeps_it_when_it_is_forgotten(store: Monitoring) -> None:
    batch = {"1": {"retrained": True, "run_url": "of the batch"}}
    of_runs = {name: {"job": "batch", "run_url": f"runs/{name}"} for name in ("a", "b")}
    failed, mended = run("a", 1, failed=True), run("b", 2, failed=False)
    at = {one.run_id: one.ended_at for one in (failed, mended)}
    rule = RunRule()
    for runs, known in (([failed], of_runs), ([failed], {}), ([failed, mended], of_runs), ([failed, mended], {})):
        store.apply_alerts("club", {rule: run_spans(runs)}, batch, of_runs=known, channels=["mail"], at=at)
        assert only(store).details == of_runs["a"]
    assert (only(store).opened_at, only(store).resolved_at) == (failed.ended_at, mended.ended_at)
    assert [row.payload["details"]["run_url"] for row in store.claim(9)] == ["runs/a", "runs/b"]


def test_failed_runs_of_two_batches_are_two_alerts(store: Monitoring) -> None:
    judge_runs(store, run("a", 1, failed=True), run("b", 2, failed=True, batch="2"), run("c", 3, failed=False))
    assert {alert.opened_batch: alert.state for alert in store.alerts()} == {"1": "resolved", "2": "open"}


BATCHES = tuple("abcdefg")
HISTORY = st.lists(st.sampled_from([GOOD, BAD, 0.3, None]), max_size=len(BATCHES)).map(
    lambda values: dict(zip(BATCHES, values, strict=False))
)
PROPERTY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
FEW = settings(PROPERTY, max_examples=6)
MANY = settings(PROPERTY, max_examples=40)
HISTORIES = st.lists(HISTORY, min_size=1, max_size=4)


def hold_to_open_spans(store: Monitoring, histories: list[dict[str, float | None]]) -> None:
    """After any change of history the open alerts are the open spans, and people know how many there are."""
    store.forget("club")
    believed = 0
    for values in histories:
        judge(store, values)
        found = spans(LOW, [(batch, value, None) for batch, value in values.items()])
        expected = {span.opened_batch for span in found if not span.resolved}
        assert {alert.opened_batch for alert in store.alerts(model="club") if alert.state != "resolved"} == expected
        past = {alert.opened_batch for alert in store.alerts("resolved", "club")}
        assert {span.opened_batch for span in found if span.resolved} <= past
        assert judge(store, values) == NOTHING
        believed += sum(1 if event == "opened" else -1 for event, _ in told(store))
        assert believed == len(expected)
    store.forget("club")


def hold_to_all_at_once(store: Monitoring, values: dict[str, float | None]) -> None:
    """A history batch by batch comes to the same alerts and messages as all of it at once."""
    store.forget("club")
    messages = []
    for end in range(len(values) + 1):
        judge(store, dict(list(values.items())[:end]))
        messages += told(store)
    stepwise = {alert.opened_batch: (alert.state, alert.latest_batch) for alert in store.alerts(model="club")}
    store.forget("club")
    judge(store, values)
    assert {alert.opened_batch: (alert.state, alert.latest_batch) for alert in store.alerts(model="club")} == stepwise
    assert sorted(told(store)) == sorted(messages)
    store.forget("club")


@FEW
@given(histories=HISTORIES)
def test_open_alerts_are_the_open_spans(store: Monitoring, histories: list[dict[str, float | None]]) -> None:
    hold_to_open_spans(store, histories)


@FEW
@given(values=HISTORY)
def test_batch_by_batch_is_as_all_at_once(store: Monitoring, values: dict[str, float | None]) -> None:
    hold_to_all_at_once(store, values)


@pytest.mark.soak
@MANY
@given(histories=HISTORIES)
def test_open_alerts_are_the_open_spans_at_length(store: Monitoring, histories: list[dict[str, float | None]]) -> None:
    hold_to_open_spans(store, histories)


@pytest.mark.soak
@MANY
@given(values=HISTORY)
def test_batch_by_batch_is_as_all_at_once_at_length(store: Monitoring, values: dict[str, float | None]) -> None:
    hold_to_all_at_once(store, values)
