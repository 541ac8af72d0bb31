"""When an alert opens and resolves follows from the values alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from driftwatch_assets.alerting import CHOSEN_ASSETS, AlertRule, AlertSpan, EndedRun, run_spans, spans

LOW = AlertRule(name="accuracy_low", metric="accuracy", condition="<", threshold=0.5, severity="high")
VALUES = st.lists(st.none() | st.floats(0, 1), max_size=12)


def of(*values: float | None) -> list[AlertSpan]:
    return spans(LOW, [(str(number), value, f"run {number}") for number, value in enumerate(values)])


def test_nothing_fails_nothing_opens() -> None:
    assert of() == of(None) == of(0.9, 0.5) == []


def test_a_span_says_what_opened_it_where_it_is_and_what_closed_it() -> None:
    assert of(0.9, 0.4, 0.3, 0.8) == [AlertSpan("1", 0.4, "run 1", "2", 0.3, "3", 0.8, "run 3")]


def test_a_batch_that_is_not_known_keeps_the_state() -> None:
    assert of(0.4, None) == of(0.4)
    assert of(0.9, None) == []
    assert of(0.4, None, 0.9) == [AlertSpan("0", 0.4, "run 0", "0", 0.4, "2", 0.9, "run 2")]


def test_a_rule_that_is_not_enabled_has_no_spans() -> None:
    assert spans(LOW.model_copy(update={"enabled": False}), [("1", 0.0, None)]) == []


@given(values=VALUES)
def test_every_known_batch_is_in_a_span_exactly_when_it_failed(values: list[float | None]) -> None:
    found = of(*values)
    assert all(span.resolved for span in found[:-1])
    inside = set()
    for span in found:
        end = len(values) if span.resolved_batch is None else int(span.resolved_batch)
        inside |= set(range(int(span.opened_batch), end))
        assert span.opened_value is not None
        assert span.opened_value < 0.5
    known = {number: value for number, value in enumerate(values) if value is not None}
    assert {number for number in known if number in inside} == {
        number for number, value in known.items() if value < 0.5
    }


@given(values=VALUES, more=VALUES)
def test_what_resolved_stays_whatever_comes_later(values: list[float | None], more: list[float | None]) -> None:
    resolved = [span for span in of(*values) if span.resolved]
    assert of(*values, *more)[: len(resolved)] == resolved


def run(run_id: str, minute: int, batch: str | None = "7", *, failed: bool, job: str = "batch") -> EndedRun:
    return EndedRun(run_id, job, batch, failed=failed, ended_at=datetime(2026, 1, 1, tzinfo=UTC) + minute * MINUTE)


MINUTE = timedelta(minutes=1)


def test_a_run_that_succeeds_after_a_failure_mends_it_and_not_before() -> None:
    failed = run("b", 2, failed=True)
    assert not run_spans([run("a", 1, failed=False), failed])[0].resolved
    mended = run_spans([run("c", 3, failed=False), failed])  # in any order
    assert [(span.opened_by_run, span.resolved_by_run) for span in mended] == [("b", "c")]


def test_the_success_of_another_job_mends_nothing() -> None:
    runs = [run("a", 1, failed=True, job="training"), run("b", 2, failed=False, job="batch")]
    assert not run_spans(runs)[0].resolved
    assert run_spans([*runs, run("c", 3, failed=False, job="training")])[0].resolved_by_run == "c"


def test_what_chosen_assets_failed_at_is_mended_by_whatever_succeeds_and_mends_nothing_else() -> None:
    chosen = [run("a", 1, failed=True, job=CHOSEN_ASSETS), run("b", 2, failed=False)]
    assert run_spans(chosen)[0].resolved_by_run == "b"
    whole = [run("a", 1, failed=True), run("b", 2, failed=False, job=CHOSEN_ASSETS)]
    assert not run_spans(whole)[0].resolved


def test_a_batch_is_mended_when_all_its_jobs_are() -> None:
    runs = [run("a", 1, failed=True, job="training"), run("b", 2, failed=True, job="batch")]
    assert not run_spans([*runs, run("c", 3, failed=False, job="batch")])[0].resolved
    mended = [*runs, run("c", 3, failed=False, job="batch"), run("d", 4, failed=False, job="training")]
    assert [(span.opened_by_run, span.resolved_by_run) for span in run_spans(mended)] == [("a", "d")]


def test_of_a_batch_that_failed_twice_the_latest_stretch_is_given() -> None:
    runs = [run("a", 1, failed=True), run("b", 2, failed=False), run("c", 3, failed=True)]
    assert [(span.opened_by_run, span.resolved) for span in run_spans(runs)] == [("c", False)]


def test_a_run_without_a_batch_is_known_by_its_job() -> None:
    assert run_spans([run("a", 1, None, failed=True, job="nightly")])[0].opened_batch == "nightly"
