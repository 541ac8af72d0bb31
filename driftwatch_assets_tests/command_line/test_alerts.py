"""The alerts on the terminal, and their delivery by hand."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from driftwatch_assets.alerting import AlertRule, channels_of, spans
from driftwatch_assets.command_line.alerts import acknowledge, deliver, drop, list_alerts
from driftwatch_assets.components.models import ModelUnknown
from driftwatch_assets.monitoring import AlertUnknown, MonitoringUnreachable, open_monitoring
from driftwatch_assets_tests.alerting.webhook_server import Receiver, receiving
from driftwatch_assets_tests.steps.house import DAGSTERS_OWN_WARNINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch_assets.monitoring import AlertState, Monitoring

pytestmark = DAGSTERS_OWN_WARNINGS
LOW = AlertRule(name="accuracy_low", metric="accuracy", condition="<", threshold=0.7, severity="high")
HIGH = AlertRule(name="psi_high", metric="psi", condition=">=", threshold=0.2, severity="medium")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as served:
        yield served


@pytest.fixture
def store(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Monitoring:
    """Give a database in which gas_sensors has an open and a resolved alert and iris an open one."""
    monkeypatch.setenv("DRIFTWATCH_MONITORING_URL", f"sqlite:///{tmp_path}/monitoring.db")
    monkeypatch.setenv("DRIFTWATCH_ALERT_CHANNELS", f"ops={receiver.webhook}")
    made = open_monitoring(f"sqlite:///{tmp_path}/monitoring.db")
    named = [channel.name for channel in channels_of("gas_sensors")]
    accuracy = spans(LOW, [("8", 0.6, None), ("9", 0.8, None), ("10", 0.4264, None)])
    made.apply_alerts("gas_sensors", {LOW: accuracy}, channels=named)
    made.apply_alerts("iris", {HIGH: spans(HIGH, [("[b]3", 0.25, None)])}, channels=named)
    return made


def shown(width: int = 100) -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, width=width), text


def listed(console: Console, state: AlertState | None = None, model: str | None = None, as_json: bool = False) -> int:
    return list_alerts(console, state=state, model=model, as_json=as_json)


def test_open_alerts_are_shown_with_value_and_threshold(store: Monitoring) -> None:
    console, text = shown()
    assert listed(console, state="open") == 0
    lines = text.getvalue().splitlines()
    assert lines[0].rstrip() == "2 alerts: open"
    (gas,) = [line.split() for line in lines if "gas_sensors" in line]
    assert gas[1:] == ["gas_sensors", "accuracy_low", "high", "open", "10", "0.4264", "<", "0.7"]
    assert any("[b]3" in line for line in lines)
    assert "4 messages wait for their channel" in lines[-1]


def test_a_narrow_terminal_cuts_no_number(store: Monitoring) -> None:
    console, text = shown(width=60)
    listed(console)
    assert "0.4264" in text.getvalue()
    assert "…" not in text.getvalue()
    assert max(len(line) for line in text.getvalue().splitlines()[:-1]) <= 60


def test_alerts_of_a_state_and_a_model_are_given_as_json(store: Monitoring) -> None:
    console, text = shown(width=40)
    listed(console, state="resolved", model="gas_sensors", as_json=True)
    (told,) = json.loads(text.getvalue())
    assert (told["opened_batch"], told["resolved_batch"], told["resolved_value"]) == ("8", "9", 0.8)
    assert told["resolved_at"].endswith("+00:00")


def test_nothing_open_is_said_in_words(store: Monitoring) -> None:
    console, text = shown()
    listed(console, state="acknowledged", model="iris")
    assert text.getvalue().startswith("no alerts: acknowledged")


def test_an_unknown_model_is_told_with_the_nearest_name(store: Monitoring) -> None:
    with pytest.raises(ModelUnknown, match="gas_sensors"):
        listed(shown()[0], model="gas_sensor")


def test_who_sees_to_an_alert_is_kept_and_shown(store: Monitoring) -> None:
    (alert,) = [alert for alert in store.alerts("open") if alert.model == "iris"]
    console, text = shown()
    assert acknowledge(console, alert.id, "ann") == 0
    assert text.getvalue() == f"iris: alert {alert.id} (psi_high, batch [b]3) is seen to by ann\n"
    console, text = shown()
    listed(console, state="acknowledged")
    assert "seen to by ann" in " ".join(text.getvalue().split())


def test_an_alert_that_is_not_there_cannot_be_seen_to(store: Monitoring) -> None:
    with pytest.raises(AlertUnknown, match="999"):
        acknowledge(shown()[0], 999, "ann")


def test_messages_are_delivered_by_hand_and_what_fails_is_told(store: Monitoring, receiver: Receiver) -> None:
    receiver.status = 503
    console, text = shown()
    assert deliver(console) == 1
    assert "ops: " in text.getvalue()
    assert "503" in text.getvalue()
    assert "s3cr3t" not in text.getvalue()
    console, text = shown()
    listed(console)
    assert "4 messages wait for their channel" in text.getvalue()


def test_messages_are_delivered_by_hand_once(store: Monitoring, receiver: Receiver) -> None:
    console, text = shown()
    assert deliver(console) == 0
    assert deliver(console) == 0
    assert text.getvalue().splitlines() == ["4 sent, 0 failed, 0 wait", "0 sent, 0 failed, 0 wait"]
    assert len(receiver.told) == 4
    console, text = shown()
    listed(console)
    assert "wait" not in text.getvalue()


def test_what_waits_for_a_channel_that_was_taken_away_can_be_let_go(
    store: Monitoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTWATCH_ALERT_CHANNELS", "")
    console, text = shown(400)
    assert deliver(console) == 1
    assert "or let that go with driftwatch alerts drop ops" in text.getvalue()
    before = store.alerts()
    console, text = shown()
    assert drop(console, "ops", "iris") == 0
    assert text.getvalue() == "1 message dropped that waited for ops; the alerts themselves stay\n"
    console, text = shown()
    assert drop(console, "op", None) == 1
    assert text.getvalue() == "no message waits for op; messages wait for: ops (3)\n"
    assert drop(console, "ops", None) == 0
    assert (store.waiting(), store.alerts()) == ({}, before)
    assert deliver(console) == 0


def test_all_recipients_of_a_channel_are_let_go_and_no_other_channel(store: Monitoring) -> None:
    store.drop("ops")
    mails = [f"m_il#{each}" for each in ("a1", "b2")]
    store.apply_alerts("traffic", {HIGH: spans(HIGH, [("1", 0.3, None)])}, channels=[*mails, "mail#c3", "m_il-2"])
    assert store.drop("m_il") == 2
    assert store.waiting() == {"m_il-2": 1, "mail#c3": 1}


def test_a_database_that_is_down_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWATCH_MONITORING_URL", "postgresql://watcher:s3cr3tword@127.0.0.1:1/monitoring")
    with pytest.raises(MonitoringUnreachable, match="DRIFTWATCH_MONITORING_URL") as raised:
        listed(shown()[0])
    assert "s3cr3tword" not in str(raised.value)
