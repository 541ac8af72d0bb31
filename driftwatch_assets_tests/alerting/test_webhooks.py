"""Webhooks and Slack over real HTTP: what arrives, and what counts as not taken."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import requests

from driftwatch_assets.alerting import ChannelFailed, channels_of, compose, digest
from driftwatch_assets_tests.alerting.conftest import NOTICE
from driftwatch_assets_tests.alerting.webhook_server import Receiver, receiving

if TYPE_CHECKING:
    from driftwatch_assets.alerting import Channel

MESSAGE = compose(NOTICE)
TOKENS = ("T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnlazkcOXrIdevi7FQ")
SLACK = f"slack://{'/'.join(TOKENS)}/#alerts"


def channel(address: str) -> Channel:
    return channels_of("loan_default", (), {"DRIFTWATCH_ALERT_CHANNELS": address})[0]


def refusal(address: str, within: float = 5.0) -> str:
    with pytest.raises(ChannelFailed) as raised:
        channel(address).send(MESSAGE, within=within)
    told = str(raised.value)
    assert not [secret for secret in ("s3cr3tpath", "s3cr3tword", *TOKENS) if secret in told]
    return told


@pytest.fixture
def slack(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    monkeypatch.setattr("apprise.plugins.slack.NotifySlack.webhook_url", f"http://127.0.0.1:{receiver.port}/services")
    return receiver


class TestWebhook:
    def test_gets_the_message_for_people_and_for_machines(self, receiver: Receiver) -> None:
        channel(receiver.webhook).send(MESSAGE)
        (told,) = receiver.told
        assert told["title"] == "[high] loan_default, batch 2024-10: auc 0.6312 < 0.7 (auc_low)"
        assert "Drifted most: fe_10_mean (effect 1, PSI 8.2)" in told["message"]
        assert told["type"] == "failure"
        (alert,) = told["alerts"]
        assert alert["key"] == "loan_default/auc_low/2024-10/opened/7"
        assert (alert["value"], alert["threshold"], alert["promoted"]) == (0.6312, 0.7, False)
        assert [feature["name"] for feature in alert["features"]] == ["fe_10_mean", "DTI", "Age"]

    def test_gets_every_alert_of_a_digest(self, receiver: Receiver) -> None:
        channel(receiver.webhook).send(digest([NOTICE] * 7))
        assert len(receiver.told[0]["alerts"]) == 7

    @pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
    def test_that_answers_with_an_error_has_not_taken_it(self, receiver: Receiver, status: int) -> None:
        receiver.status = status
        assert str(status) in refusal(receiver.webhook)

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_that_leads_to_a_login_page_has_not_taken_it(self, receiver: Receiver, status: int) -> None:
        receiver.status, receiver.location = status, f"http://127.0.0.1:{receiver.port}/login"
        assert str(status) in refusal(receiver.webhook)
        assert receiver.asked == []

    def test_that_is_gone_is_told(self) -> None:
        assert "Connection refused" in refusal("json://127.0.0.1:1/in/s3cr3tpath")

    def test_that_has_no_such_host_is_told(self) -> None:
        assert "no-such-host.invalid" in refusal("jsons://user:s3cr3tword@no-such-host.invalid/in/s3cr3tpath")

    def test_that_is_silent_is_given_up_in_time(self, receiver: Receiver) -> None:
        receiver.silent_seconds = 3600.0
        assert refusal(receiver.webhook, within=0.5)

    def test_that_answers_a_byte_at_a_time_is_given_up_and_holds_one_thread(self, receiver: Receiver) -> None:
        receiver.drips_seconds = 3600.0
        assert "did not answer within 0.4 s" in refusal(receiver.webhook, within=0.4)
        assert "under way" in refusal(receiver.webhook, within=0.4)
        assert len(receiver.paths) == 1

    def test_over_tls_with_an_unknown_certificate_gets_nothing(self, receiver: Receiver) -> None:
        refusal(receiver.webhook.replace("json:", "jsons:"))
        assert receiver.told == []


class TestSlack:
    def test_gets_title_body_and_links(self, slack: Receiver) -> None:
        channel(SLACK).send(MESSAGE)
        (told,) = slack.told
        (attachment,) = told["attachments"]
        assert slack.paths == [f"/services/{'/'.join(TOKENS)}"]
        assert told["channel"] == "#alerts"
        assert attachment["title"] == "[high] loan_default, batch 2024-10: auc 0.6312 &lt; 0.7 (auc_low)"
        assert "the rule auc_low fails where auc &lt; 0.7." in attachment["text"]
        assert "Report: http://127.0.0.1:3070/loan_default/reports/2024-10.html" in attachment["text"]
        assert "github" not in str(told)

    def test_is_not_made_to_call_the_whole_channel_by_a_name_from_elsewhere(self, slack: Receiver) -> None:
        called = replace(NOTICE, batch="<!channel> *9*", decision="see <https://evil.test|the report> <@U123>")
        channel(SLACK).send(compose(called))
        (attachment,) = slack.told[0]["attachments"]
        assert "<" not in attachment["text"]
        assert "<" not in attachment["title"]

    def test_that_does_not_say_ok_has_not_taken_it(self, slack: Receiver) -> None:
        slack.answer = b"no_service"
        assert refusal(SLACK)

    def test_that_refuses_is_told_without_its_tokens(self, slack: Receiver) -> None:
        slack.status = 403
        assert "403" in refusal(SLACK)


@pytest.mark.parametrize("address", [SLACK, "json://ann:s3cr3tword@127.0.0.1:{port}/in/s3cr3tpath?+X-Token=s3cr3thead"])
@pytest.mark.parametrize("status", [200, 500])
def test_no_log_holds_a_secret_even_where_everything_is_logged(
    slack: Receiver, caplog: pytest.LogCaptureFixture, address: str, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    slack.status = status
    try:
        channel(address.format(port=slack.port)).send(MESSAGE)
    except ChannelFailed as failure:
        logging.getLogger("driftwatch").warning("%s", failure)
    assert not [secret for secret in ("s3cr3t", *TOKENS) if secret in caplog.text]


def test_what_others_do_with_http_is_logged_as_before(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever other tests in this process have loaded may have set its level, or switched it off.
    monkeypatch.setattr(logging.getLogger("urllib3.connectionpool"), "disabled", False)
    channel(receiver.webhook).send(MESSAGE)
    caplog.set_level(logging.DEBUG, logger="urllib3.connectionpool")
    requests.get(f"http://127.0.0.1:{receiver.port}/someone-else", timeout=5)
    assert "someone-else" in caplog.text


def test_an_attempt_that_was_given_up_frees_its_channel_when_it_ends() -> None:
    with receiving(Receiver(drips_seconds=0.8)) as slow:
        refusal(slow.webhook, within=0.3)
        refusal(slow.webhook, within=0.3)
        slow.drips_seconds = 0.0
        slow.left.set()
        time.sleep(0.3)
        channel(slow.webhook).send(MESSAGE)
        assert len(slow.told) == 1
