"""What one run changes about alerts: whom they are mailed to, and that it failed; told by a real mail server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from driftwatch_assets.alerting import CHOSEN_ASSETS, RUN_FAILED
from driftwatch_assets.components import records
from driftwatch_assets.components.delivery import DELIVERY_SENSOR
from driftwatch_assets.components.ticks import LocalDaemon
from driftwatch_assets.definitions import defs, places_of
from driftwatch_assets.monitoring import open_monitoring
from driftwatch_assets_tests.alerting.authority import Authority
from driftwatch_assets_tests.alerting.mail_server import Mailbox, mail_server
from driftwatch_assets_tests.components.club.declared import Club, model, settings
from driftwatch_assets_tests.components.small import environment
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch_assets.monitoring import AlertRecord, Monitoring

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


@pytest.fixture
def club(
    instance: dg.DagsterInstance, tmp_path: Path, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Club]:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DRIFTWATCH_ALERT_CHANNELS", f"post={mailbox.address()}")
    made = Club(instance, model(alerts=ALERTS), settings(tmp_path))
    monkeypatch.setattr("driftwatch_assets.components.delivery.monitored_models", lambda: {"club": made.component})
    made.deliver(2)
    yield made
    for run in instance.get_runs():
        instance.delete_run(run.run_id)


def store(club: Club) -> Monitoring:
    return open_monitoring(club.places.monitoring())


def alert(club: Club, rule: str) -> AlertRecord:
    [found] = [one for one in store(club).alerts(model="club") if one.rule == rule]
    return found


def mailing(*recipients: Any) -> dict[str, Any]:
    return {"ops": {"club__monitoring": {"config": {"recipients": list(recipients)}}}}


def ran(club: Club, batch: str, run_config: dict[str, Any] | None = None, job: str | None = None) -> str:
    """Run a batch as a person does, from the launchpad; give the run's id."""
    request = dg.RunRequest(partition_key=batch, run_config=run_config, tags={"dagster/partition": batch})
    return club.daemon.run(job or club.component.keys.batch_job, request).run_id


def told(club: Club) -> None:
    """Judge the rules and deliver what there is to say."""
    club.daemon.tick(club.component.keys.alerts_sensor)
    club.daemon.tick(DELIVERY_SENSOR)


def spoil(club: Club, name: str, old: str, new: str) -> None:
    path = club.watched.landing / name
    content = path.read_text()
    assert old in content
    club.put(name, content.replace(old, new, 1))


def test_a_run_says_whom_its_alerts_are_mailed_to(
    club: Club, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHO_IS_ON_CALL", EVE)
    ran(club, FIRST, mailing(BOB, {"env": "WHO_IS_ON_CALL"}))
    told(club)
    assert sorted(mailbox.recipients) == [BOB, EVE]
    assert {mail["Subject"] for _, mail in mailbox.mails} == {"[medium] club, batch 2024-01: quarantined 0 < 1 (none)"}
    stored = club.settings.monitoring_file.read_bytes()
    assert not [address for address in (ANN, BOB, EVE) if address.encode() in stored]
