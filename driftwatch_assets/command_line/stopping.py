"""One Ctrl-C (or SIGTERM) ends a command after the write that is under way, within five seconds, with one line.

What is stored is whole at any moment, also when the process is killed, so that nothing has to be unwound: the signals
are taken by a thread of their own, no code of a step sees them, and the process ends. Unwinding a step from within
would be told by Dagster as a failure with two tracebacks, and last as long as the step's longest call.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WRITE_GATE = "driftwatch_assets.lake.write_gate"
_SIGNALS = {signal.SIGINT, signal.SIGTERM}
_WRITE_SECONDS = 2.5
_CLOSING_SECONDS = 1.5
_SIGNALLED = 128
"""A process that a signal has ended has this exit status, plus the signal's number."""

_closings: list[Callable[[], str]] = []


@contextmanager
def ends_with(closing: Callable[[], str]) -> Iterator[None]:
    """Say by `closing` how things stand when the command is ended inside; it may also note that in a store."""
    _closings.append(closing)
    try:
        yield
    finally:
        _closings.remove(closing)


@contextmanager
def stoppable() -> Iterator[None]:
    """End this process as described above when a signal comes inside.

    Libraries that start threads are loaded inside, since a thread that was there before would still take the signals.
    Nothing is done outside of the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    over = threading.Event()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    waiting = threading.Thread(target=_wait, args=(over,), name="stopping", daemon=True)
    waiting.start()
    try:
        with _children_hear():
            yield
    finally:
        over.set()
        if waiting.ident is not None and waiting.is_alive():
            signal.pthread_kill(waiting.ident, signal.SIGINT)
        waiting.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _children_hear() -> Iterator[None]:
    """Let processes that are started inside hear SIGTERM.

    A child blocks what the thread that starts it blocks: Dagster asks each process that follows a step's output to end,
    and would wait half a minute for one that does not hear it. A terminal's Ctrl-C goes to all processes of a command,
    and is this one's to hear: those that follow the output pass on what it says last, and would print tracebacks.
    """
    start = subprocess.Popen.__init__

    def hearing(process: subprocess.Popen[Any], *args: Any, **kwargs: Any) -> None:
        blocked = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        try:
            start(process, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    subprocess.Popen.__init__ = hearing  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        subprocess.Popen.__init__ = start  # type: ignore[method-assign]


def _wait(over: threading.Event) -> None:
    number = signal.sigwait(_SIGNALS)
    if not over.is_set():
        _end(number)


def _end(number: int) -> None:
    # Where the lake was not loaded yet, or not whole, nothing is being written.
    shut = getattr(sys.modules.get(_WRITE_GATE), "shut", None)
    if shut is not None:
        shut(_WRITE_SECONDS)
    told = ["stopped: what is stored is whole, and the same command goes on from there"]
    for closing in reversed(_closings):
        # What it notes may have to wait for a database that another thread holds.
        noting = threading.Thread(target=_told, args=(closing, told), daemon=True)
        noting.start()
        noting.join(_CLOSING_SECONDS)
    console = Console(stderr=True)
    console.show_cursor()
    console.print("\n" + told[-1], markup=False, highlight=False, soft_wrap=True)
    sys.stdout.flush()
    os._exit(_SIGNALLED + number)


def _told(closing: Callable[[], str], told: list[str]) -> None:
    told.append(closing())
