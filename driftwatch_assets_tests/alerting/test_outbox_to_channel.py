"""From an alert in the monitoring database to the receiver: on both databases, with real processes and crashes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.alerting import AlertRule, channels_of, deliver, finder, spans
from driftwatch_assets.alerting.delivery import DIGEST_ABOVE
from driftwatch_assets.monitoring import Monitoring, open_monitoring
from driftwatch_assets.monitoring.outbox import CLAIM
from driftwatch_assets_tests.alerting.memory_outbox import Clock
from driftwatch_assets_tests.postgres import database, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch_assets_tests.alerting.webhook_server import Receiver

RULE = AlertRule(name="auc_low", metric="auc", condition="<", threshold=0.7, severity="high")
DETAILS = {
    "features": [{"name": "fe_10_mean", "effect": 1.0, "psi": 8.2}],
    "retrained": True,
    "promoted": False,
    "version": 4,
    "decision": "no better than the champion",
    "run_url": "http://127.0.0.1:3000/runs/5f0c",
}


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/monitoring.db"
        return
    with database(request.getfixturevalue("postgres")) as name:
        yield name


@pytest.fixture
def environment(receiver: Receiver) -> dict[str, str]:
    return {"DRIFTWATCH_ALERT_CHANNELS": f"ops={receiver.webhook}"}


def judged(store: Monitoring, environment: dict[str, str], model: str, **aucs: float) -> None:
    values = [(batch.lstrip("b"), value, "run1") for batch, value in aucs.items()]
    names = [channel.name for channel in channels_of(model, (), environment)]
    details = {batch: DETAILS for batch, _, _ in values}
    store.apply_alerts(model, {RULE: spans(RULE, values)}, details, channels=names)


@contextmanager
def courier(url: str, how: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Start a daemon and wait until it is about to deliver."""
    process = subprocess.Popen(
        [sys.executable, "-m", "driftwatch_assets_tests.alerting.courier", url, how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def keys(receiver: Receiver) -> list[str]:
    return [alert["key"] for told in receiver.told for alert in told["alerts"]]


def test_an_alert_is_told_when_it_opens_and_when_it_resolves_and_never_twice(
    url: str, environment: dict[str, str], receiver: Receiver
) -> None:
    store = open_monitoring(url)
    find = finder({}, environment)
    for _ in range(2):
        judged(store, environment, "loan_default", b1=0.8, b2=0.6)
        deliver(store, find)
    for _ in range(2):
        judged(store, environment, "loan_default", b1=0.8, b2=0.6, b3=0.75)
        deliver(store, find)
    assert [told["title"] for told in receiver.told] == [
        "[high] loan_default, batch 2: auc 0.6 < 0.7 (auc_low)",
        "[resolved] loan_default, batch 3: auc 0.75 (auc_low)",
    ]
    opened = receiver.told[0]["message"]
    assert "Drifted most: fe_10_mean (effect 1, PSI 8.2)" in opened
    assert "What the system did: retrained; version 4 was refused: no better than the champion" in opened
    assert "Run: http://127.0.0.1:3000/runs/5f0c" in opened
    assert store.overview().outbox_pending == 0


def test_a_channel_that_is_down_costs_no_alert(url: str, environment: dict[str, str], receiver: Receiver) -> None:
    store = open_monitoring(url)
    receiver.statuses = [503, 503]
    judged(store, environment, "iris", b1=0.6)
    clock = Clock(datetime.now(UTC))
    for _ in range(3):
        deliver(store, finder({}, environment), now=clock.now)
        clock.pass_by(minutes=5)
    assert len(receiver.told) == 1
    assert len(receiver.paths) == 3


def test_a_clock_that_jumped_back_holds_up_no_alert(url: str, environment: dict[str, str], receiver: Receiver) -> None:
    store = open_monitoring(url)
    judged(store, environment, "iris", b1=0.6)
    receiver.statuses = [503]
    ahead = datetime.now(UTC) + timedelta(days=400)
    assert deliver(store, finder({}, environment), now=lambda: ahead).failed == 1
    assert deliver(store, finder({}, environment)).sent == 1


def test_nothing_of_the_address_is_in_the_database(
    tmp_path: Path, environment: dict[str, str], receiver: Receiver
) -> None:
    store = open_monitoring(f"sqlite:///{tmp_path}/monitoring.db")
    receiver.status = 500
    judged(store, environment, "iris", b1=0.6)
    deliver(store, finder({}, environment))
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"error=500" in stored
    assert b"s3cr3t" not in stored


def test_a_daemon_whose_clock_is_a_moment_behind_does_not_get_what_another_has_claimed(
    url: str, environment: dict[str, str]
) -> None:
    store = open_monitoring(url)
    judged(store, environment, "iris", b1=0.6)
    later = datetime.now(UTC) + timedelta(seconds=5)
    assert len(store.claim(10, later)) == 1
    assert store.claim(10, later - timedelta(milliseconds=1)) == []


@pytest.mark.slow
def test_what_was_sent_but_not_marked_when_a_daemon_died_goes_out_again_under_the_same_key(
    url: str, environment: dict[str, str], receiver: Receiver
) -> None:
    store = open_monitoring(url)
    judged(store, environment, "iris", b1=0.6)
    with courier(url, "before_marking", environment) as daemon:
        daemon.communicate("go\n", timeout=300)
        assert daemon.returncode == -signal.SIGKILL
    assert len(receiver.told) == 1
    assert deliver(store, finder({}, environment)).sent == 0
    after = datetime.now(UTC) + CLAIM
    assert deliver(store, finder({}, environment), now=lambda: after).sent == 1
    assert len(set(keys(receiver))) == 1


@pytest.mark.slow
def test_two_daemons_at_once_send_nothing_twice(url: str, environment: dict[str, str], receiver: Receiver) -> None:
    store = open_monitoring(url)
    models = [f"model{number}" for number in range(2 * DIGEST_ABOVE)]
    for model in models:
        judged(store, environment, model, b1=0.6)
    with courier(url, "whole", environment) as one, courier(url, "whole", environment) as other:
        for daemon in (one, other):
            assert daemon.stdin is not None
            daemon.stdin.write("go\n")
            daemon.stdin.flush()
        for daemon in (one, other):
            assert daemon.wait(30) == 0
    assert sorted(key.split("/")[0] for key in keys(receiver)) == sorted(models)
    assert store.overview().outbox_pending == 0
