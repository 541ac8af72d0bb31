"""Answered rows on the local disk: a line an answer, written before the answer is sent, read by whoever comes next.

A process that is killed leaves whole lines, and at most one torn line at the end, whose request was not answered.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pydantic_core import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from driftwatch_assets.serving.champion import Champion
    from driftwatch_assets.serving.scoring import Answer

_LOG = logging.getLogger(__name__)
_SUFFIX = ".jsonl"
_TYPES = {"number": pa.float64(), "truth": pa.bool_(), "text": pa.string()}
REQUEST = "request_id"
SERVED_AT = "served_at"


class SpoolFile:
    """The file that one process writes for one hour; it is locked as long as it is open.

    Parameters
    ----------
    folder
        Where it is made.
    hour
        The hour that its rows belong to.

    """

    def __init__(self, folder: Path, hour: str) -> None:
        self.hour, self.rows = hour, 0
        self._champions: set[int] = set()
        while True:
            self.path = folder / f"{hour}.{secrets.token_hex(6)}{_SUFFIX}"
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            if os.fstat(self._file).st_nlink:
                return
            os.close(self._file)  # somebody tidied it up as an empty file before it was locked

    def append(self, answers: Sequence[Answer]) -> None:
        """Write answers in one go; OSError leaves the file as it was."""
        new = {id(one.champion): one.champion for one in answers if id(one.champion) not in self._champions}
        lines = [_champion_line(champion) for champion in new.values()] + [_line(one) for one in answers]
        content = b"\n".join([*lines, b""])
        before = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, content)
            if written != len(content):
                message = f"{written} of {len(content)} bytes were written"
                raise OSError(message)  # noqa: TRY301 - both ways of failing are undone alike
        except OSError:
            os.ftruncate(self._file, before)
            raise
        self._champions |= set(new)
        self.rows += sum(len(one.predicted) for one in answers)

    def close(self) -> None:
        """Let others read it."""
        os.close(self._file)


def _champion_line(champion: Champion) -> bytes:
    version = champion.loaded.version
    return to_json(
        {
            "key": id(champion),
            "version": str(version.version),
            "trained_through": version.trained_through,
            "id": champion.served.id,
            "strength": "score" if champion.loaded.task_kind == "anomaly" else "confidence",
            "kinds": [[field.name, field.kind] for field in champion.signature.fields],
        }
    )


def _line(answer: Answer) -> bytes:
    return to_json(
        {
            "champion": id(answer.champion),
            "request": answer.request_id,
            "at": answer.served_at.isoformat(),
            "ids": [str(one) for one in answer.rows.ids],
            "columns": [answer.rows.columns[field.name] for field in answer.champion.signature.fields],
            "predicted": answer.predicted,
            "strength": answer.strength,
            "scores": answer.scores,
        }
    )


@contextlib.contextmanager
def left_behind(path: Path) -> Iterator[bool]:
    """Tell whether nobody writes a spool file any more, and keep it so for a while."""
    try:
        opened = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(opened)


def spool_files(folder: Path) -> list[Path]:
    """List the spool files of a folder."""
    return sorted(path for path in folder.glob(f"*{_SUFFIX}") if path.is_file())


def hour_of(path: Path) -> str:
    """Give the hour that a spool file's rows belong to."""
    return path.name.partition(".")[0]


@dataclass(frozen=True)
class Spooled:
    """What a spool file holds: a table a request, by request."""

    requests: dict[str, pa.Table]
    damaged: int


def read_spool(path: Path) -> Spooled:
    """Read a spool file; a torn last line is left out, and lines that are none are counted."""
    *lines, torn = path.read_bytes().split(b"\n")
    if torn:
        _LOG.warning("%s ends within a line, whose request was not answered", path)
    champions: dict[int, dict[str, Any]] = {}
    requests: dict[str, pa.Table] = {}
    damaged = 0
    for line in lines:
        try:
            told = from_json(line)
            if "key" in told:
                champions[told["key"]] = told
            else:
                requests[told["request"]] = _rows(told, champions[told["champion"]])
        except (ValueError, KeyError, TypeError, pa.ArrowException):
            damaged += 1
    return Spooled(requests, damaged)


def _rows(told: dict[str, Any], champion: dict[str, Any]) -> pa.Table:
    count = len(told["ids"])
    columns = {
        champion["id"]: pa.array(told["ids"], pa.string()),
        **{
            name: pa.array(values, _TYPES[kind])
            for (name, kind), values in zip(champion["kinds"], told["columns"], strict=True)
        },
        "predicted": pa.array(told["predicted"], pa.string()),
        champion["strength"]: pa.array(told["strength"], pa.float64()),
        **{f"score_{name}": pa.array(values, pa.float64()) for name, values in told["scores"].items()},
        "champion_version": pa.array([champion["version"]] * count, pa.string()),
        "champion_trained_through": pa.array([champion["trained_through"]] * count, pa.string()),
        REQUEST: pa.array([told["request"]] * count, pa.string()),
        SERVED_AT: pa.array([datetime.fromisoformat(told["at"])] * count, pa.timestamp("us", "UTC")),
    }
    return pa.table(columns)
