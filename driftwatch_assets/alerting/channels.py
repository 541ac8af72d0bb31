"""The channels that alerts go out by: read from the environment, where their secrets stay."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from driftwatch_assets.alerting.addresses import opened
from driftwatch_assets.alerting.delivery import SEND_SECONDS, ChannelFailed
from driftwatch_assets.alerting.transport import hand_over

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from driftwatch_assets.alerting.addresses import Opened
    from driftwatch_assets.alerting.message import Message

VARIABLE = "DRIFTWATCH_ALERT_CHANNELS"
_NAMED = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_.-]{0,39})=(?P<address>[A-Za-z][A-Za-z0-9]*://.*)", re.DOTALL)
_DIGITS = 8


@dataclass(frozen=True)
class Channel:
    """A way out for alerts.

    Attributes
    ----------
    name
        What the outbox knows it by: without a secret and without a mail address, and the same from start to start.
    alias
        Its place in the variable, such as ``channel-2``: the name while the address could not be read, so that what
        waits for it is found again once it can.
    address, recipients
        Apprise's address, with its secrets, and of a mail whom it goes to. Neither is shown.
    problem
        Why it cannot be used; what is for it waits.
    """

    name: str
    alias: str
    address: str = field(repr=False)
    recipients: tuple[str, ...] = field(default=(), repr=False)
    problem: str | None = None

    def send(self, message: Message, *, within: float = SEND_SECONDS) -> None:
        """Hand over a message.

        Parameters
        ----------
        message
            What to send.
        within
            Seconds that it may take.

        Raises
        ------
        ChannelFailed
            When it was not taken: with what the service said, and without a secret.
        """
        if self.problem is not None:
            raise ChannelFailed(self.problem)
        hand_over(self.address, message, within=within, recipients=self.recipients)


def channels_of(
    model: str, recipients: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> tuple[Channel, ...]:
    """Give the channels of a model.

    They are the addresses in ``DRIFTWATCH_ALERT_CHANNELS_<MODEL>``, and where that is not set or empty those in
    ``DRIFTWATCH_ALERT_CHANNELS``: Apprise's, between white space. ``name=address`` gives one a name; without, it is
    called for its kind and host, and a second of that name gets ``-2``. A name ought to be given where several are of
    one kind and their order may change. A mail channel becomes one channel a recipient.

    Nothing is raised and nothing is left out: an address that cannot be used gives a channel with a `problem`, for
    which alerts wait until it is mended. A mail channel for which neither the address nor the model names a recipient
    goes to its own sender, as Apprise has it.

    Parameters
    ----------
    model
        The monitored model.
    recipients
        Mail addresses that are declared with it: each mail channel sends to them too.
    environment
        Variables by name; by default the process's.

    Examples
    --------
    >>> found = channels_of("iris", ["ann@example.org"], {
    ...     "DRIFTWATCH_ALERT_CHANNELS": "mailtos://smtp.example.org?from=a@example.org jsons://hooks.example.org/k3y9"
    ... })
    >>> [channel.name for channel in found]
    ['mail.smtp.example.org#438c4c7a', 'webhook.hooks.example.org']
    >>> found[1]
    Channel(name='webhook.hooks.example.org', alias='channel-2', problem=None)
    """
    return tuple(channel for entry in _entries(model, recipients, environment) for channel in entry.channels)


def variable_of(model: str) -> str:
    """Name the variable that holds a model's own channels.

    Examples
    --------
    >>> variable_of("gas_sensors")
    'DRIFTWATCH_ALERT_CHANNELS_GAS_SENSORS'
    """
    return f"{VARIABLE}_{model.upper()}"


def _nobody(_: str) -> Sequence[str]:
    return ()


def finder(
    recipients: Mapping[str, Sequence[str]],
    environment: Mapping[str, str] | None = None,
    *,
    asked_for: Callable[[str], Sequence[str]] = _nobody,
) -> Callable[[str, str], Channel]:
    """Give a function that finds a channel by model and name; it reads the environment once a model.

    Parameters
    ----------
    recipients
        The declared mail addresses by model.
    environment
        Variables by name; by default the process's.
    asked_for
        Gives the mail addresses that single runs of a model asked for; it is only asked, and once a model, for a
        recipient who is neither declared nor in a channel's address.

    Examples
    --------
    >>> find = finder({}, {"DRIFTWATCH_ALERT_CHANNELS": "ops=jsons://hooks.example.org/k3y9"})
    >>> find("iris", "ops").name
    'ops'
    >>> find("iris", "slack")
    Traceback (most recent call last):
    ...
    driftwatch_assets.alerting.delivery.ChannelFailed: iris has no channel 'slack' (it has ops); put it back into \
DRIFTWATCH_ALERT_CHANNELS or DRIFTWATCH_ALERT_CHANNELS_IRIS, as slack=<address>, and what waits for it goes out; \
or let that go with driftwatch alerts drop slack
    """
    known: dict[str, list[_Entry]] = {}
    of_runs: dict[str, list[_Entry]] = {}

    def find(model: str, name: str) -> Channel:
        if model not in known:
            known[model] = _entries(model, recipients.get(model, ()), environment)
        entries = known[model]
        found = _exactly(name, entries)
        if found is None and "#" in name:
            if model not in of_runs:
                of_runs[model] = _entries(model, asked_for(model), environment)
            found = _exactly(name, of_runs[model])
        if found is not None:
            return found
        for entry in entries:
            # A recipient who is not named any more, or an address that could not be read when the alert opened.
            if name.partition("#")[0] in (entry.whole.name, entry.whole.alias):
                return entry.whole
        has = ", ".join(channel.name for entry in entries for channel in entry.channels) or "none"
        raise ChannelFailed(
            f"{model} has no channel {name!r} (it has {has}); put it back into {VARIABLE} or {variable_of(model)}, "
            f"as {name.partition('#')[0]}=<address>, and what waits for it goes out; or let that go with "
            f"driftwatch alerts drop {name}"
        )

    return find


@dataclass(frozen=True)
class _Entry:
    """An address of the variable: its channels, one a recipient of a mail, and all of them as one."""

    channels: tuple[Channel, ...]
    whole: Channel


def _exactly(name: str, entries: Sequence[_Entry]) -> Channel | None:
    channels = (channel for entry in entries for channel in entry.channels)
    return next((channel for channel in channels if name in (channel.name, channel.alias)), None)


def _entries(model: str, recipients: Sequence[str], environment: Mapping[str, str] | None) -> list[_Entry]:
    values = os.environ if environment is None else environment
    own = variable_of(model)
    variable = own if (values.get(own) or "").strip() else VARIABLE
    taken: set[str] = set()
    found: list[_Entry] = []
    for position, text in enumerate((values.get(variable) or "").split(), start=1):
        named = _NAMED.fullmatch(text)
        address = named["address"] if named else text
        read, alias = opened(address), f"channel-{position}"
        name = _free(named["name"] if named else _called(read, alias), taken)
        if read.problem is not None:
            whole = Channel(name, alias, address, problem=f"{variable}, entry {position}: {read.problem}")
            found.append(_Entry((whole,), whole))
            continue
        to = _different((*read.recipients, *recipients)) if read.kind == "mail" else ()
        whole = Channel(name, alias, address, to)
        each = [Channel(f"{name}#{_digest(one)}", f"{alias}#{_digest(one)}", address, (one,)) for one in to]
        found.append(_Entry(tuple(each) or (whole,), whole))
    return found


def _called(read: Opened, alias: str) -> str:
    if read.problem is not None:
        return alias
    return read.kind if read.host is None else f"{read.kind}.{read.host}"


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(free)
    return free


def _different(recipients: Sequence[str]) -> tuple[str, ...]:
    return tuple({recipient.lower(): recipient for recipient in recipients}.values())


def _digest(recipient: str) -> str:
    return hashlib.sha256(recipient.lower().encode()).hexdigest()[:_DIGITS]
