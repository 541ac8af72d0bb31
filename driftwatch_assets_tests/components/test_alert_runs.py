"""What a run changes about alerts, and the sensors that tell of it, by a real mail server and on bad days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import dagster as dg
import psycopg
import pytest

from driftwatch_assets.alerting import (
    CHOSEN_ASSETS,
    PROMOTION_REFUSED,
    RUN_FAILED,
    SOURCE_UNREADABLE,
    Notice,
    compose,
    deliver,
    finder,
)
from driftwatch_assets.components import alerts, records
from driftwatch_assets.components.delivery import DELIVERY_SENSOR
from driftwatch_assets.monitoring import BatchRow, MetricRow, Snapshot, open_monitoring
from driftwatch_assets.retraining import Decision
from driftwatch_assets.settings import Settings
from driftwatch_assets.steps import judge_alerts
from driftwatch_assets_tests.alerting.authority import Authority
from driftwatch_assets_tests.alerting.mail_server import Mailbox, mail_server
from driftwatch_assets_tests.components.club.declared import Club, model
from driftwatch_assets_tests.components.small import environment
from driftwatch_assets_tests.postgres import database
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftwatch_assets.monitoring import AlertChanges, AlertRecord, Monitoring

pytestmark = DAGSTERS_OWN_WARNINGS
FIRST, SECOND = "2024-01", "2024-02"
ANN, BOB, EVE = "ann@example.org", "bob@example.org", "eve@example.org"
ALERTS = {
    "recipients": [ANN],
    "rules": [
        {"name": "none", "metric": "quarantined", "condition": "<", "threshold": 1, "severity": "medium"},
    ],
}


@pytest.fixture(scope="module")
def storage() -> str:
    return "sqlite"


@pytest.fixture
def mailbox(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with mail_server(Mailbox(), authority) as served:
        yield served


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give a store of models for all: making its tables takes longer than a test, and none trains."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture
def club(
    instance: dg.DagsterInstance, versions: str, tmp_path: Path, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Club]:
    places = {**environment(tmp_path), "MLFLOW_TRACKING_URI": versions}
    for name, value in places.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DRIFTWATCH_ALERT_CHANNELS", f"post={mailbox.address()}")
    made = Club(instance, model(alerts=ALERTS), Settings.from_environment(places))
    monkeypatch.setattr("driftwatch_assets.components.delivery.monitored_models", lambda: {"club": made.component})
    made.deliver(2)
    yield made
    for run in instance.get_runs():
        instance.delete_run(run.run_id)
    instance.daemon_cursor_storage.set_cursor_values({"driftwatch/outages/club": "[]"})


def store(club: Club) -> Monitoring:
    return open_monitoring(club.places.monitoring())


def alert(club: Club, rule: str) -> AlertRecord:
    [found] = [one for one in store(club).alerts(model="club") if one.rule == rule]
    return found


def mailing(*recipients: Any) -> dict[str, Any]:
    return {"ops": {"club__monitoring": {"config": {"recipients": list(recipients)}}}}


def ran(
    club: Club, batch: str, run_config: dict[str, Any] | None = None, *assets: dg.AssetKey, job: str | None = None
) -> str:
    """Run a batch as a person does from the launchpad, whole or some assets of it; give the run's id."""
    request = dg.RunRequest(
        partition_key=batch,
        run_config=run_config,
        tags={"dagster/partition": batch},
        asset_selection=list(assets) or None,
    )
    return club.daemon.run(job or club.component.keys.batch_job, request).dagster_run.run_id


def quick(club: Club) -> list[dg.AssetKey]:
    """Give the assets of a batch that its alerts rest on."""
    keys = club.component.keys
    judged_of = (keys.gold, keys.predictions, keys.drift, keys.performance, keys.report, keys.monitoring)
    return [*keys.bronzes, *keys.silvers, *judged_of]


def failed_run(club: Club) -> str:
    """Leave a run behind that has failed without a word."""
    run = dg.DagsterRun(
        job_name=club.component.keys.batch_job,
        status=dg.DagsterRunStatus.STARTED,
        tags={records.MODEL_TAG: "club", records.BATCH_TAG: FIRST},
    )
    club.instance.add_run(run)
    club.instance.report_run_failed(run)
    return run.run_id


def judged(club: Club) -> None:
    club.daemon.tick(club.component.keys.alerts_sensor)


def delivered(club: Club) -> None:
    club.daemon.tick(DELIVERY_SENSOR)


def spoil(club: Club, name: str, old: str, new: str) -> None:
    content = (club.watched.landing / name).read_text()
    assert old in content
    club.put(name, content.replace(old, new, 1))


def subjects(mailbox: Mailbox) -> list[tuple[str, str]]:
    """Give who got what."""
    return sorted((recipient, mail["Subject"]) for recipients, mail in mailbox.mails for recipient in recipients)


def test_a_run_says_whom_its_alerts_are_mailed_to_and_they_are_told_of_the_end_too(
    club: Club, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHO_IS_ON_CALL", EVE)
    ran(club, FIRST, mailing(BOB, {"env": "WHO_IS_ON_CALL"}), *quick(club))
    judged(club)
    delivered(club)
    opened = "[medium] club, batch 2024-01: quarantined 0 < 1 (none)"
    assert subjects(mailbox) == [(BOB, opened), (EVE, opened)]
    mailbox.mails.clear()
    spoil(club, "members.csv", "m02000@example.org,", "m02000@example.org,1")
    ran(club, SECOND, None, *quick(club))
    judged(club)
    delivered(club)
    resolved = "[resolved] club, batch 2024-02: quarantined 1 (none)"
    assert subjects(mailbox) == [(ANN, resolved), (BOB, resolved), (EVE, resolved)]
    stored = b"".join(file.read_bytes() for file in Path(club.settings.monitoring_file).parent.iterdir())
    assert not [address for address in (ANN, BOB, EVE) if address.encode() in stored]


def test_a_recipient_who_has_no_mail_address_is_refused_and_the_declared_ones_are_told(
    club: Club, mailbox: Mailbox
) -> None:
    run = ran(club, FIRST, mailing("bob at example.org"), club.component.keys.monitoring)
    assert "'bob at example.org' is no mail address, such as someone@example.org" in records.why_failed(
        club.instance, run
    )
    judged(club)
    delivered(club)
    assert subjects(mailbox) == [(ANN, "[high] club, batch 2024-01: a run of club_batch failed")]


def test_a_batch_that_is_not_there_is_not_recorded_and_it_says_so(club: Club) -> None:
    run = ran(club, FIRST, None, club.component.keys.monitoring)
    assert "'club/gold/features' has no batch '2024-01'" in records.why_failed(club.instance, run)
    assert store(club).read("club").batches == ()


def test_a_failed_run_is_told_by_itself_and_resolved_by_the_one_that_mended_it(club: Club, mailbox: Mailbox) -> None:
    bronze = club.component.keys.bronzes
    spoil(club, "members.csv", "m01001,", "m01000,")
    failed = ran(club, FIRST, None, *bronze)
    judged(club)
    opened = alert(club, RUN_FAILED)
    assert (opened.state, opened.opened_by_run, opened.opened_batch) == ("open", failed, FIRST)
    assert opened.details["step"] == "club__bronze"
    assert "member" in opened.details["error"]
    assert opened.details["run_url"] == f"{club.places.run_urls}/{failed}"
    again = ran(club, FIRST, None, *bronze)
    judged(club)
    assert alert(club, RUN_FAILED) == opened
    club.deliver(2)
    mended = ran(club, FIRST, None, *bronze)
    judged(club)
    resolved = alert(club, RUN_FAILED)
    assert (resolved.state, resolved.resolved_by_run, resolved.opened_by_run) == ("resolved", mended, failed)
    delivered(club)
    [told, end] = [mail.get_body(("plain",)).get_content() for _, mail in mailbox.mails]
    assert "for batch 2024-01 failed in step club__bronze. What was to be done is not done" in told
    assert f"Error: {opened.details['error']}" in " ".join(told.split())
    assert f"/runs/{failed}" in told
    assert f"/runs/{mended}" in end
    assert again not in told + end


def test_an_error_that_may_quote_what_was_read_is_told_by_its_class(club: Club, mailbox: Mailbox) -> None:
    (club.watched.landing / "members.csv").unlink()
    ran(club, FIRST, None, *club.component.keys.bronzes)
    judged(club)
    assert alert(club, RUN_FAILED).details["error"] == "DeliveryMissing"
    delivered(club)
    assert "failed in step club__bronze with DeliveryMissing" in mailbox.mails[0][1].get_body(("plain",)).get_content()


def test_a_failure_is_not_forgotten_when_dagster_has_forgotten_the_run(club: Club) -> None:
    failed = failed_run(club)
    judged(club)
    opened = alert(club, RUN_FAILED)
    club.instance.delete_run(failed)
    judged(club)
    assert alert(club, RUN_FAILED) == opened


def test_what_a_person_launched_from_the_asset_graph_is_told_of_and_mended_by_whatever_succeeds(club: Club) -> None:
    bronze = club.component.keys.bronzes
    (club.watched.landing / "members.csv").unlink()
    ran(club, FIRST, None, *bronze, job="__ASSET_JOB")
    judged(club)
    opened = alert(club, RUN_FAILED)
    assert (opened.state, opened.details["job"]) == ("open", CHOSEN_ASSETS)
    club.deliver(2)
    ran(club, FIRST, None, *bronze)
    judged(club)
    assert alert(club, RUN_FAILED).state == "resolved"


@pytest.fixture
def server(club: Club, postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Give a monitoring database on a real server, and the club with a run that has failed."""
    with database(postgres) as url:
        monkeypatch.setenv("DRIFTWATCH_MONITORING_URL", url)
        failed_run(club)
        yield Server(postgres, urlsplit(url).path.removeprefix("/"))


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server that turns everybody away from a database, and lets them in again."""

    admin: str
    name: str

    def turns_away(self) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{self.name}" ALLOW_CONNECTIONS false')
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self.name])

    def lets_in(self) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{self.name}" ALLOW_CONNECTIONS true')


def test_a_database_that_goes_away_in_the_middle_of_a_tick_costs_no_alert_and_tells_none_twice(
    club: Club, server: Server, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = alerts.judge_alerts

    def interrupted(*given: Any, **named: Any) -> AlertChanges:
        server.turns_away()
        return whole(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(alerts, "judge_alerts", interrupted)
        with pytest.raises(dg.Failure, match="cannot be used") as failed:
            judged(club)
    assert "nothing of it was stored" in str(failed.value.description).lower()
    server.lets_in()
    assert store(club).alerts() == []
    judged(club)
    delivered(club)
    judged(club)
    delivered(club)
    assert subjects(mailbox) == [(ANN, "[high] club, batch 2024-01: a run of club_batch failed")]


def test_a_database_that_goes_away_between_a_mail_and_its_mark_has_it_sent_again_under_the_same_key(
    club: Club, server: Server, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(club)
    with monkeypatch.context() as patch:
        patch.setattr(mailbox, "taken", server.turns_away)
        with pytest.raises(dg.Failure, match="cannot be used"):
            delivered(club)
    server.lets_in()
    delivered(club)
    assert len(mailbox.mails) == 1
    monkeypatch.setattr("driftwatch_assets.monitoring.outbox.CLAIM", dt.timedelta(0))
    delivered(club)
    delivered(club)
    assert len(mailbox.mails) == 2
    assert len({mail["X-Driftwatch-Alert"] for _, mail in mailbox.mails}) == 1
    assert store(club).waiting() == {}


def test_a_mail_server_that_refuses_holds_up_no_run_and_gets_every_alert_in_its_order_when_it_takes_them(
    club: Club, mailbox: Mailbox
) -> None:
    mailbox.answers = ["452 4.3.1 the disk is full"]
    failed_run(club)
    judged(club)
    delivered(club)
    ran(club, FIRST, None, *club.component.keys.bronzes)
    judged(club)
    assert (alert(club, RUN_FAILED).state, mailbox.mails) == ("resolved", [])
    later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
    deliver(store(club), finder({"club": [ANN]}), now=lambda: later)
    assert [mail["Subject"] for _, mail in mailbox.mails] == [
        "[high] club, batch 2024-01: a run of club_batch failed",
        "[resolved] club, batch 2024-01: a run of club_batch is in order again",
    ]


@pytest.mark.soak
def test_a_challenger_that_a_gate_refused_alerts_instead_of_being_deployed_and_resolves_with_the_next_promotion(
    club: Club, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = environment(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", places["MLFLOW_TRACKING_URI"])
    strict = model({"training.gates": {"minimum": 0.999}}, alerts={"recipients": [ANN]})
    members = Club(club.instance, strict, Settings.from_environment(places))
    members.deliver(5)
    assert "training 2024-04" in members.advance()
    judged(members)
    opened = alert(members, PROMOTION_REFUSED)
    value = opened.opened_value
    assert value is not None
    assert (opened.state, opened.opened_batch, opened.condition, opened.threshold) == ("open", "2024-04", "<", 0.999)
    run = opened.opened_by_run
    assert opened.details["run_url"] == f"{members.places.run_urls}/{run}"
    judged(members)
    assert alert(members, PROMOTION_REFUSED) == opened
    lenient = {"ops": {"club__model": {"config": {"minimum": 0.01}}}}
    ran(members, "2024-05", lenient, job=members.component.keys.training_job)
    judged(members)
    resolved = alert(members, PROMOTION_REFUSED)
    assert (resolved.state, resolved.resolved_batch) == ("resolved", "2024-05")
    assert resolved.resolved_reason == "a later challenger was promoted"
    delivered(members)
    assert subjects(mailbox) == [
        (ANN, f"[high] club, batch 2024-04: version 1 was refused by the gate minimum: {value:.4g} < 0.999"),
        (ANN, "[resolved] club, batch 2024-05: version 3 was promoted"),
    ]
    told = " ".join(mailbox.mails[0][1].get_body(("plain",)).get_content().split())
    assert "It is not deployed: what served before goes on." in told
    assert "stays below the minimum of 0.9990" in told


def looks(club: Club, *, fail: bool) -> None:
    """Look at the landing folder with the arrivals sensor, which cannot be listed or can."""
    landing, aside = club.watched.landing, club.watched.landing.with_name("aside")
    if fail and not aside.exists():
        landing.rename(aside)
        landing.write_text("no folder")
    elif not fail and aside.exists():
        landing.unlink()
        aside.rename(landing)
    if fail:
        with pytest.raises(dg.Failure, match="landing folder"):
            club.arrivals()
    else:
        club.arrivals()
    judged(club)


def test_a_source_that_cannot_be_looked_at_alerts_with_the_second_look_until_one_succeeds(
    club: Club, mailbox: Mailbox
) -> None:
    looks(club, fail=True)
    assert rules_failing(club) == set()
    looks(club, fail=False)
    looks(club, fail=True)
    assert store(club).alerts() == []
    looks(club, fail=True)
    opened = alert(club, SOURCE_UNREADABLE)
    looks(club, fail=True)
    assert alert(club, SOURCE_UNREADABLE).id == opened.id
    looks(club, fail=False)
    assert (alert(club, SOURCE_UNREADABLE).state, opened.state) == ("resolved", "open")
    delivered(club)
    assert [mail["Subject"] for _, mail in mailbox.mails] == [
        "[high] club: its source cannot be looked at",
        "[resolved] club: its source can be looked at again",
    ]
    told = " ".join(mailbox.mails[0][1].get_body(("plain",)).get_content().split())
    assert f"Since: {opened.opened_batch}" in told
    assert f"Error: {opened.details['error']}" in told


def test_an_outage_that_ended_while_the_monitoring_database_was_down_is_told_of_afterwards(
    club: Club, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as down:
        down.setenv("DRIFTWATCH_MONITORING_URL", "postgresql://nobody:x@127.0.0.1:9/monitoring")
        for fail in (True, True, False):
            with pytest.raises(dg.Failure, match="cannot be used"):
                looks(club, fail=fail)
    judged(club)
    delivered(club)
    assert sorted(mail["Subject"] for _, mail in mailbox.mails) == [
        "[high] club: its source cannot be looked at",
        "[resolved] club: its source can be looked at again",
    ]


PENDING = Decision("retrain", "batch 2024-01 failed: data_drift", FIRST, "e", attempt=1)


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (
            Decision("wait", "a training through batch 2024-01 is under way", FIRST),
            "a training through batch 2024-01 is under way",
        ),
        (PENDING, "a training through batch 2024-01 is asked for: batch 2024-01 failed: data_drift"),
        (
            replace(PENDING, attempt=2),
            "a training through batch 2024-01 failed and is asked for again: batch 2024-01 failed: data_drift",
        ),
        (Decision("give_up", "2 of 2 training runs failed", FIRST), "it did not retrain: 2 of 2 training runs failed"),
        (Decision("none", "too few labels"), "it did not retrain: too few labels"),
    ],
)
def test_a_message_says_what_became_of_a_training_or_why_there_was_none(
    club: Club, decision: Decision, said: str
) -> None:
    watched, known = (
        club.watched,
        Snapshot(
            batches=(BatchRow(batch=FIRST, position=0, state="stable"),),
            metrics=(MetricRow(batch=FIRST, name="quarantined", value=0.0),),
        ),
    )
    judge_alerts(watched, store(club), known, decided=lambda _: decision, channels=["post"])
    [row] = store(club).claim(9)
    lines = compose(Notice.from_payload(row.payload, row.event)).text.splitlines()
    assert f"What the system did: {said}" in lines


def test_a_message_tells_the_reason_of_the_retraining_policy(club: Club, mailbox: Mailbox) -> None:
    ran(club, FIRST, None, *quick(club))
    judged(club)
    delivered(club)
    told = " ".join(mailbox.mails[0][1].get_body(("plain",)).get_content().split())
    assert "it did not retrain: the first training needs 2 labelled batches; there are 0" in told


class Moved:
    """The sensor's clock, moved by a test, and a model that never settles."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = dt.datetime.now(dt.UTC)
        monkeypatch.setattr(alerts, "_now", lambda: self.now)
        monkeypatch.setattr(alerts, "_settled", lambda *_: False)


def rules_failing(club: Club) -> set[str]:
    return {one.rule for one in store(club).alerts("open", "club")}


@pytest.mark.parametrize(("minutes", "judges"), [(14, False), (16, True), (-24 * 60, True)])
def test_rules_wait_for_what_the_system_does_but_not_for_a_clock_that_was_moved(
    club: Club, monkeypatch: pytest.MonkeyPatch, minutes: int, judges: bool
) -> None:
    moved = Moved(monkeypatch)
    ran(club, FIRST, None, *quick(club))
    judged(club)
    assert rules_failing(club) == set()
    moved.now += dt.timedelta(minutes=minutes)
    judged(club)
    assert rules_failing(club) == ({"none"} if judges else set())


def test_a_run_that_ends_in_a_backlog_does_not_make_rules_wait_anew(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = Moved(monkeypatch)
    ran(club, FIRST, None, *quick(club))
    judged(club)
    moved.now += dt.timedelta(minutes=10)
    ran(club, SECOND, None, *club.component.keys.bronzes)
    judged(club)
    assert rules_failing(club) == set()
    moved.now += dt.timedelta(minutes=6)
    judged(club)
    assert rules_failing(club) == {"none"}


def test_a_failed_run_is_told_while_others_run(club: Club, monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> None:
    Moved(monkeypatch)
    ran(club, FIRST, None, *quick(club))
    failed_run(club)
    judged(club)
    assert rules_failing(club) == {RUN_FAILED}
    delivered(club)
    assert subjects(mailbox) == [(ANN, "[high] club, batch 2024-01: a run of club_batch failed")]
