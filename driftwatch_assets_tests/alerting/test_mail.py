"""Mail over a real SMTP server: encrypted, to a certificate that was checked, and told apart when it is not taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from driftwatch_assets.alerting import ChannelFailed, channels_of, compose
from driftwatch_assets_tests.alerting.conftest import NOTICE
from driftwatch_assets_tests.alerting.mail_server import PASSWORD, USER, Mailbox, mail_server

if TYPE_CHECKING:
    from driftwatch_assets.alerting import Channel
    from driftwatch_assets_tests.alerting.authority import Authority

MESSAGE = compose(NOTICE)
OLD = "an-0ld-word"


def channel(address: str, *recipients: str) -> Channel:
    return channels_of("loan_default", recipients, {"DRIFTWATCH_ALERT_CHANNELS": address})[0]


def refusal(address: str, within: float = 5.0) -> str:
    with pytest.raises(ChannelFailed) as raised:
        channel(address).send(MESSAGE, within=within)
    told = str(raised.value)
    assert PASSWORD not in told
    assert "@example.org" not in told
    return told


def test_a_mail_arrives_encrypted_after_a_login(mailbox: Mailbox) -> None:
    channel(mailbox.address("ann@example.org")).send(MESSAGE)
    assert mailbox.recipients == ["ann@example.org"]
    assert mailbox.encrypted == [True]
    assert mailbox.logins == [USER]


def test_a_mail_says_in_text_and_html_what_the_message_says(mailbox: Mailbox) -> None:
    channel(mailbox.address("ann@example.org")).send(MESSAGE)
    mail = mailbox.mails[0][1]
    assert mail["Subject"] == "[high] loan_default, batch 2024-10: auc 0.6312 < 0.7 (auc_low)"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Driftwatch-Alert"] == "loan_default/auc_low/2024-10/opened/7"
    text = mail.get_body(("plain",)).get_content()
    page = mail.get_body(("html",)).get_content()
    for told in (
        "auc is 0.6312, threshold 0.7",
        "fe_10_mean (effect 1, PSI 8.2), DTI (effect -0.31), Age (effect 0.2)",
        "retrained; version 4 was refused",
        "http://127.0.0.1:3000/runs/5f0c",
        "http://127.0.0.1:3070/loan_default/reports/2024-10.html",
    ):
        assert told in " ".join(text.split())
        assert told in page


def test_a_certificate_of_an_unknown_authority_is_refused_and_no_password_goes_there(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with mail_server(Mailbox(), authority) as mailbox:
        assert "CERTIFICATE_VERIFY_FAILED" in refusal(mailbox.address("ann@example.org"))
        assert (mailbox.logins, mailbox.mails) == ([], [])


def test_a_certificate_of_another_host_is_refused(trusted: Authority) -> None:
    with mail_server(Mailbox(), trusted, host="mail.elsewhere.test") as mailbox:
        assert "IP address mismatch" in refusal(mailbox.address("ann@example.org"))
        assert (mailbox.logins, mailbox.mails) == ([], [])


def test_a_server_without_encryption_gets_neither_password_nor_mail() -> None:
    with mail_server(Mailbox(), authority=None) as mailbox:
        assert "STARTTLS extension not supported" in refusal(mailbox.address("ann@example.org"))
        assert (mailbox.logins, mailbox.mails) == ([], [])


def test_a_wrong_password_is_told_without_repeating_it(mailbox: Mailbox) -> None:
    told = refusal(mailbox.address("ann@example.org", password=OLD))
    assert "535" in told
    assert OLD not in told


def test_a_recipient_whom_the_server_refuses_is_no_ones_but_his_own_failure(mailbox: Mailbox) -> None:
    mailbox.refused.add("gone@example.org")
    address = mailbox.address("ann@example.org", "gone@example.org", "bob@example.org")
    failures = []
    for each in channels_of("loan_default", (), {"DRIFTWATCH_ALERT_CHANNELS": address}):
        try:
            each.send(MESSAGE)
        except ChannelFailed as failure:
            failures.append(str(failure))
    assert mailbox.recipients == ["ann@example.org", "bob@example.org"]
    assert len(failures) == 1
    assert "550" in failures[0]
    assert "gone" not in failures[0]


def test_carbon_copies_are_recipients_like_others(mailbox: Mailbox) -> None:
    address = f"{mailbox.address('ann@example.org')}&cc=bob@example.org&bcc=eve@example.org"
    for each in channels_of("loan_default", ("dan@example.org",), {"DRIFTWATCH_ALERT_CHANNELS": address}):
        each.send(MESSAGE)
    assert mailbox.recipients == ["ann@example.org", "bob@example.org", "eve@example.org", "dan@example.org"]


def test_a_model_s_recipients_take_the_place_of_the_sender_where_the_address_names_nobody(mailbox: Mailbox) -> None:
    for each in channels_of("loan_default", ("dan@example.org",), {"DRIFTWATCH_ALERT_CHANNELS": mailbox.address()}):
        each.send(MESSAGE)
    channel(mailbox.address()).send(MESSAGE)
    assert mailbox.recipients == ["dan@example.org", "driftwatch@example.org"]


def test_a_mail_that_is_put_off_is_taken_the_next_time(mailbox: Mailbox) -> None:
    mailbox.delayed.add("ann@example.org")
    assert "greylisted" in refusal(mailbox.address("ann@example.org"))
    channel(mailbox.address("ann@example.org")).send(MESSAGE)
    assert mailbox.recipients == ["ann@example.org"]


def test_a_server_that_is_full_says_so(mailbox: Mailbox) -> None:
    mailbox.answers.append("452 4.2.2 the disk is full")
    assert "452" in refusal(mailbox.address("ann@example.org"))


def test_a_server_that_does_not_answer_is_given_up_in_time(mailbox: Mailbox) -> None:
    mailbox.silent_seconds = 3600.0
    told = refusal(mailbox.address("ann@example.org"), within=0.6)
    assert "answer" in told or "timed out" in told


def test_a_server_that_is_gone_is_told(mailbox: Mailbox) -> None:
    address = mailbox.address("ann@example.org").replace(f":{mailbox.port}", ":1")
    assert "Connection refused" in refusal(address)
