"""Telling what interrupted a run from what the run itself is to blame for, by what its errors say.

It is told by names and messages, not by classes, so that an error which Dagster has stored, or which another process
has raised, is told as one that has just been caught.
"""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING

from driftwatch_assets.lake import LakeUnreachable, WriteFailed
from driftwatch_assets.monitoring import MonitoringUnreachable
from driftwatch_assets.registry import RegistryIncomplete, RegistryUnreachable
from driftwatch_assets.sources import DatabaseUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Literal

    from dagster_shared.error import SerializableErrorInfo

    Interruption = Literal["interrupted", "stopped", "killed"]

_STOPPED = frozenset({"KeyboardInterrupt", "DagsterExecutionInterruptedError", "SystemExit"})
# NumPy's and Arrow's are memory errors of their own name; a Celery step is given up when it has killed its workers.
_KILLED = frozenset({"MemoryError", "_ArrayMemoryError", "ArrowMemoryError", "StepGivenUp"})
_AWAY = frozenset(
    {
        *(
            error.__name__
            for error in (
                DatabaseUnreachable,
                LakeUnreachable,
                MonitoringUnreachable,
                RegistryIncomplete,
                RegistryUnreachable,
                WriteFailed,
            )
        ),
        *("ConnectionRefusedError", "ConnectionResetError", "ConnectionAbortedError", "BrokenPipeError"),
    }
)
_SHORT = frozenset(
    {
        *(errno.EAGAIN, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOBUFS),
        *(errno.ENOSPC, errno.EROFS, errno.ESTALE),
    }
)
_ERRNO = re.compile(r"\[Errno (\d+)\]")
_SAID = re.compile(
    "database or disk is full|unable to open database file|disk I/O error|database is locked"
    "|attempt to write a readonly database|can't start new thread"
    # PostgreSQL, that is not there, goes away or has no room.
    "|could not connect to server|connection to server .* failed|server closed the connection"
    "|terminating connection due to|the database system is (?:starting up|shutting down)|No space left on device"
    "|too many clients already"
)


def interruption_in(errors: Iterable[tuple[str, str]]) -> Interruption | None:
    """Tell by the errors of a run, as name and message, what interrupted it; None where it is to blame itself.

    Examples
    --------
    >>> interruption_in([("OSError", "[Errno 24] Too many open files: 'landing/batch1.dat'")])
    'interrupted'
    >>> interruption_in([("KeyError", "'sku'"), ("MemoryError", "")])
    'killed'
    >>> interruption_in([("FileNotFoundError", "[Errno 2] No such file or directory: 'landing'")])
    """
    for name, message in errors:
        if name in _STOPPED:
            return "stopped"
        said = {int(number) for number in _ERRNO.findall(message)}
        if name in _KILLED or errno.ENOMEM in said:
            return "killed"
        if name in _AWAY or said & _SHORT or _SAID.search(message):
            return "interrupted"
    return None


def interruption_of(error: BaseException) -> Interruption | None:
    """Tell of an error that was raised, by all that it came of, what interrupted the run; see `interruption_in`."""
    return interruption_in((type(one).__name__, str(one)) for one in _chain(error))


def interruption_stored(error: SerializableErrorInfo) -> Interruption | None:
    """Tell it of an error that Dagster has stored."""
    return interruption_in((one.cls_name or "", one.message) for one in _stored_chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _stored_chain(error: SerializableErrorInfo | None) -> Iterator[SerializableErrorInfo]:
    while error is not None:
        yield error
        error = error.cause or error.context
