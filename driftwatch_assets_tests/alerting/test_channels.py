"""What the environment says about channels: names without secrets, and addresses that may not be used."""

from __future__ import annotations

import pytest

from driftwatch_assets.alerting import ChannelFailed, channels_of, compose, finder
from driftwatch_assets_tests.alerting.conftest import NOTICE

MAIL = "mailtos://watcher:s3cr3tword@smtp.example.org?from=driftwatch@example.org"
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
HOOK = "jsons://hooks.example.org/in/s3cr3tpath"
SECRETS = ("s3cr3t", "T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnlazkcOXrIdevi7FQ", "@")


def names(addresses: str, *recipients: str) -> list[str]:
    return [channel.name for channel in channels_of("iris", recipients, {"DRIFTWATCH_ALERT_CHANNELS": addresses})]


def problem(address: str) -> str:
    (channel,) = channels_of("iris", (), {"DRIFTWATCH_ALERT_CHANNELS": address})
    with pytest.raises(ChannelFailed) as raised:
        channel.send(compose(NOTICE))
    told = str(raised.value)
    assert channel.problem == told
    assert not [secret for secret in SECRETS if secret in told]
    return told


def test_nothing_is_set_and_there_are_no_channels() -> None:
    assert channels_of("iris", ("ann@example.org",), {}) == ()


def test_names_and_what_is_shown_hold_no_secret() -> None:
    found = channels_of("iris", ("ann@example.org",), {"DRIFTWATCH_ALERT_CHANNELS": f"{MAIL} {SLACK} {HOOK}"})
    assert [channel.name.partition("#")[0] for channel in found] == [
        "mail.smtp.example.org",
        "slack",
        "webhook.hooks.example.org",
    ]
    assert not [secret for secret in SECRETS if secret in repr(found)]


def test_names_are_the_same_from_start_to_start_and_after_a_change_of_password() -> None:
    before = names(f"{MAIL} {SLACK}", "ann@example.org")
    assert (
        names(f"{MAIL} {SLACK}".replace("s3cr3tword", "another").replace("A1BRTD4JD", "B1BRTD4JD"), "Ann@example.org")
        == before
    )


def test_two_of_a_kind_have_names_of_their_own_and_can_be_given_some() -> None:
    assert names(f"{SLACK} {SLACK}") == ["slack", "slack-2"]
    assert names(f"ops={SLACK} on-call={HOOK}") == ["ops", "on-call"]


def test_a_model_s_own_variable_goes_before_the_general_one_unless_it_is_empty() -> None:
    both = {"DRIFTWATCH_ALERT_CHANNELS": SLACK, "DRIFTWATCH_ALERT_CHANNELS_IRIS": HOOK}
    assert [channel.name for channel in channels_of("iris", (), both)] == ["webhook.hooks.example.org"]
    assert [channel.name for channel in channels_of("gas_sensors", (), both)] == ["slack"]
    empty = {**both, "DRIFTWATCH_ALERT_CHANNELS_IRIS": " "}
    assert [channel.name for channel in channels_of("iris", (), empty)] == ["slack"]


def test_each_recipient_of_a_mail_is_a_channel_and_nobody_is_one_twice() -> None:
    found = names(f"{MAIL}&to=ann@example.org,bob@example.org", "ANN@example.org", "eve@example.org")
    assert len(found) == len(set(found)) == 3
    assert all(name.startswith("mail.smtp.example.org#") for name in found)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("hooks.example.org/in/s3cr3tpath", "it has no scheme"),
        ("carrier-pigeon://s3cr3t", "it has no scheme"),
        ("pigeon://s3cr3t", "Apprise cannot read this pigeon:// address"),
        ("slack://s3cr3t", "Apprise cannot read this slack:// address"),
        ("mailtos://", "Apprise cannot read this mailtos:// address"),
        (f"{HOOK}?verify=no", "verify=no"),
        (f"{MAIL}&verify=no", "verify=no"),
        (f"{HOOK}?redirect=yes", "redirect=yes"),
        ("mailto://watcher:s3cr3tword@smtp.example.org?from=driftwatch@example.org", "without encryption"),
        (f"{MAIL}&mode=insecure", "without encryption"),
        ("json://watcher:s3cr3tword@hooks.example.org", "without encryption"),
        ("json://hooks.example.org?+Authorization=s3cr3t", "without encryption"),
        (f"{MAIL}&to=ann@", "a recipient that is no mail address"),
        (f"{MAIL}&cc=ann", "a recipient that is no mail address"),
    ],
)
def test_an_address_that_may_not_be_used_says_why_and_shows_nothing_of_itself(address: str, said: str) -> None:
    told = problem(address)
    assert said in told
    assert told.startswith("DRIFTWATCH_ALERT_CHANNELS, entry 1: ")


def test_a_bad_address_costs_the_others_nothing() -> None:
    found = channels_of("iris", (), {"DRIFTWATCH_ALERT_CHANNELS": f"pigeon://x {HOOK}"})
    assert [(channel.name, channel.problem is None) for channel in found] == [
        ("channel-1", False),
        ("webhook.hooks.example.org", True),
    ]


def test_an_address_without_a_secret_may_stay_unencrypted() -> None:
    for address in ("json://alertmanager:9093/in", "mailto://localhost?from=a@example.org", "json://u:p@127.0.0.1/x"):
        (channel,) = channels_of("iris", (), {"DRIFTWATCH_ALERT_CHANNELS": address})
        assert channel.problem is None


class TestFinder:
    def test_finds_what_was_named_when_the_address_could_not_be_read_yet(self) -> None:
        assert finder({}, {"DRIFTWATCH_ALERT_CHANNELS": HOOK})("iris", "channel-1").name == "webhook.hooks.example.org"
        mail = finder({}, {"DRIFTWATCH_ALERT_CHANNELS": f"{MAIL}&to=ann@example.org,bob@example.org"})
        assert mail("iris", "channel-1").recipients == ("ann@example.org", "bob@example.org")

    def test_turns_to_all_recipients_for_one_who_is_not_named_any_more(self) -> None:
        find = finder({"iris": ["ann@example.org", "bob@example.org"]}, {"DRIFTWATCH_ALERT_CHANNELS": MAIL})
        assert find("iris", "mail.smtp.example.org#00000000").recipients == ("ann@example.org", "bob@example.org")

    def test_finds_whom_a_single_run_named_and_asks_for_that_once(self) -> None:
        environment = {"DRIFTWATCH_ALERT_CHANNELS": MAIL}
        [named] = channels_of("iris", ["bob@example.org"], environment)
        asked: list[str] = []

        def asked_for(model: str) -> list[str]:
            asked.append(model)
            return ["bob@example.org"]

        find = finder({"iris": ["ann@example.org"]}, environment, asked_for=asked_for)
        assert find("iris", channels_of("iris", ["ann@example.org"], environment)[0].name).recipients
        assert asked == []
        assert [find("iris", named.name).recipients for _ in range(2)] == [("bob@example.org",)] * 2
        assert asked == ["iris"]

    def test_says_how_a_channel_that_was_taken_away_gets_its_alerts(self) -> None:
        with pytest.raises(ChannelFailed, match=r"iris has no channel 'ops' \(it has slack\).*as ops=<address>"):
            finder({}, {"DRIFTWATCH_ALERT_CHANNELS": SLACK})("iris", "ops")
