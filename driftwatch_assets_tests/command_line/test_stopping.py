"""One Ctrl-C ends a command after the write that is under way, with one line and no traceback."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from driftwatch_assets.command_line.stopping import ends_with, stoppable

# A step that hears of no signal by itself, as fits do: it swallows what is raised, and goes on.
_DEAF = """
import sys, time
from pathlib import Path
from driftwatch_assets.command_line.stopping import ends_with, stoppable

with stoppable():
    from driftwatch_assets.lake.write_gate import writing
    with ends_with(lambda: "3 of 7 batches are stored"):
        while True:
            try:
                with writing():
                    print("begun", flush=True)
                    time.sleep(0.3)
                    print("written", flush=True)
            except BaseException:
                print("heard of it", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_ends_between_two_writes_and_says_how_things_stand(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _DEAF], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        said, told = process.communicate()
    assert process.returncode == 128 + number
    assert told.strip() == "3 of 7 batches are stored"
    assert ("begun\n" + said).split() == ["begun", "written"] * (said.count("begun") + 1)


def test_a_closing_that_waits_for_ever_holds_nothing_up() -> None:
    waits = _DEAF.replace('lambda: "3 of 7 batches are stored"', "lambda: time.sleep(3600)")
    with subprocess.Popen(
        [sys.executable, "-c", waits], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert process.returncode == 128 + signal.SIGINT
    assert told.strip().startswith("stopped: what is stored is whole")


def test_a_command_that_ends_by_itself_leaves_the_signals_as_they_were() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with stoppable(), ends_with(lambda: ""):
        assert {signal.SIGINT, signal.SIGTERM} <= signal.pthread_sigmask(signal.SIG_BLOCK, [])
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_process_that_a_command_starts_can_be_ended_and_hears_no_ctrl_c() -> None:
    with stoppable(), subprocess.Popen(["sleep", "600"]) as child:
        child.send_signal(signal.SIGINT)
        child.terminate()
        assert child.wait(timeout=600) == -signal.SIGTERM
