"""One process at a time runs steps on an instance, and the others learn which it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import dagster as dg
import pytest
from dagster._daemon.daemon import SensorDaemon
from dagster._daemon.types import DaemonHeartbeat

from driftwatch_assets.components.instance_lock import DAEMON_COMMAND, LOCK_FILE, InstanceBusy, at_work

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPLAY = "driftwatch replay iris"

_HOLDER = """
import subprocess, sys
import dagster as dg
from driftwatch_assets.components.instance_lock import at_work
with dg.DagsterInstance.local_temp(sys.argv[1]) as instance:
    with at_work(instance, sys.argv[2], tell=print) as lock:
        child = None
        if sys.argv[3:] == ["with a child"]:
            child = subprocess.Popen(["sleep", "600"], pass_fds=[lock.fileno()], stdout=subprocess.DEVNULL)
        print(child.pid if child else 0, flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as made:
        yield made


def _holding(home: Path, command: str, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(home), command, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _refused(instance: dg.DagsterInstance, command: str = REPLAY, *, beat_seconds: float = 30.0) -> str:
    told: list[str] = []
    with pytest.raises(InstanceBusy) as busy, at_work(instance, command, tell=told.append, beat_seconds=beat_seconds):
        pass
    return str(busy.value)


def _beat(instance: dg.DagsterInstance, ago: float = 0.0) -> None:
    instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - ago, SensorDaemon.daemon_type(), "some id", []))


def test_the_second_is_told_who_is_at_work_and_since_when_until_that_one_was_killed(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    with _holding(tmp_path, DAEMON_COMMAND, "with a child") as holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        said = _refused(instance)
        assert said.startswith(f"{REPLAY} would run steps beside {DAEMON_COMMAND} (process {holder.pid} on ")
        assert str(tmp_path) in said
        assert "its sensors take in what lies in the landing folder" in said
        assert "wait until it has ended, or stop it first" in _refused(instance, DAEMON_COMMAND)
        holder.kill()
        holder.communicate()
    try:
        assert f"process {holder.pid}" in _refused(instance), "what it has started is still at work"
    finally:
        os.kill(child, 9)
    deadline = time.monotonic() + 60
    while f"{child}" in os.listdir("/proc") and time.monotonic() < deadline:  # noqa: PTH208 - of the kernel
        time.sleep(0.05)
    _beat(instance)
    with at_work(instance, REPLAY, tell=pytest.fail) as lock:
        lock.seek(0)
        assert json.loads(lock.read())["command"] == REPLAY
    assert (tmp_path / LOCK_FILE).read_text() == ""


def test_beside_a_daemon_that_beats_nothing_is_run(instance: dg.DagsterInstance) -> None:
    _beat(instance, ago=1.0)
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        _beat(instance)

    with pytest.raises(InstanceBusy) as busy, at_work(instance, REPLAY, tell=tell):
        pass
    assert len(told) == 1
    assert "beside a Dagster daemon, which is at work" in str(busy.value)


def test_a_daemon_that_was_last_heard_of_long_ago_holds_nothing_up(instance: dg.DagsterInstance) -> None:
    _beat(instance, ago=60.0)
    with at_work(instance, REPLAY, tell=pytest.fail):
        pass


def test_a_daemon_that_does_not_beat_again_is_waited_for_and_no_longer(instance: dg.DagsterInstance) -> None:
    told: list[str] = []
    _beat(instance)
    with at_work(instance, REPLAY, tell=told.append, beat_seconds=-9.0):
        assert len(told) == 1


def test_the_beats_of_a_daemon_that_has_ended_well_are_gone_with_it(instance: dg.DagsterInstance) -> None:
    with at_work(instance, DAEMON_COMMAND, tell=pytest.fail):
        _beat(instance)
    with at_work(instance, REPLAY, tell=pytest.fail):
        pass
