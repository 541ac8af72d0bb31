"""Answered rows on the local disk: a line an answer, written before the answer is sent, read by whoever comes next.

A process that is killed leaves whole lines, and at most one torn line at the end, whose request was not answered.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import logging
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pydantic_core import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from driftwatch_assets.serving.champion import Champion
    from driftwatch_assets.serving.scoring import Answer

_LOG = logging.getLogger(__name__)
_SUFFIX = ".jsonl"
_TYPES = {"number": pa.float64(), "truth": pa.bool_(), "text": pa.string()}
REQUEST = "request_id"
SERVED_AT = "served_at"
_PORTION_ROWS = 5000


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
        self._champions: dict[int, Champion] = {}  # kept, so that no other object gets the identity of one
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
        self._champions |= new
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
    """What a spool file holds: its rows, in tables of one champion each, and how many of its lines are unreadable."""

    tables: list[pa.Table]
    damaged: int


def read_spool(path: Path) -> Spooled:
    """Read a spool file; a torn last line is left out, and lines that are none are counted.

    Lines of a champion become one table in portions of some thousand rows: a table a line would hold up the requests
    that are answered meanwhile.
    """
    champions: dict[int, dict[str, Any]] = {}
    waiting: dict[int, list[dict[str, Any]]] = {}
    rows: dict[int, int] = {}
    tables: list[pa.Table] = []
    damaged = 0
    with path.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                _LOG.warning("%s ends within a line, whose request was not answered", path)
                break
            try:
                told = from_json(line)
                if "key" in told:
                    champions[told["key"]] = told
                    continue
                key, count = told["champion"], len(told["ids"])
                waiting.setdefault(key, []).append(told)
            except (ValueError, KeyError, TypeError):
                damaged += 1
                continue
            rows[key] = rows.get(key, 0) + count
            if rows[key] >= _PORTION_ROWS:
                damaged += _add(tables, waiting.pop(key), champions)
                del rows[key]
    for rest in waiting.values():
        damaged += _add(tables, rest, champions)
    return Spooled(tables, damaged)


def _add(tables: list[pa.Table], lines: list[dict[str, Any]], champions: dict[int, dict[str, Any]]) -> int:
    """Add the table of some lines, and give how many lines were unreadable: these are found one by one."""
    try:
        tables.append(_rows(lines, champions[lines[0]["champion"]]))
    except (ValueError, KeyError, TypeError, pa.ArrowException):
        return 1 if len(lines) == 1 else sum(_add(tables, [line], champions) for line in lines)
    return 0


def _rows(lines: list[dict[str, Any]], champion: dict[str, Any]) -> pa.Table:
    counts = [len(line["ids"]) for line in lines]
    several = [[line["predicted"], line["strength"], *line["columns"], *line["scores"].values()] for line in lines]
    if any(len(values) != count for count, lists in zip(counts, several, strict=True) for values in lists):
        message = "a line has columns of several lengths"
        raise ValueError(message)

    def together(lists: Iterable[list[Any]]) -> list[Any]:
        return list(itertools.chain.from_iterable(lists))

    def repeated(values: Iterable[Any]) -> list[Any]:
        return together([value] * count for value, count in zip(values, counts, strict=True))

    by_field = zip(*(line["columns"] for line in lines), strict=True)
    total = sum(counts)
    columns = {
        champion["id"]: pa.array(together(line["ids"] for line in lines), pa.string()),
        **{
            name: pa.array(together(values), _TYPES[kind])
            for (name, kind), values in zip(champion["kinds"], by_field, strict=True)
        },
        "predicted": pa.array(together(line["predicted"] for line in lines), pa.string()),
        champion["strength"]: pa.array(together(line["strength"] for line in lines), pa.float64()),
        **{
            f"score_{name}": pa.array(together(line["scores"][name] for line in lines), pa.float64())
            for name in lines[0]["scores"]
        },
        "champion_version": pa.repeat(pa.scalar(champion["version"], pa.string()), total),
        "champion_trained_through": pa.repeat(pa.scalar(champion["trained_through"], pa.string()), total),
        REQUEST: pa.array(repeated(line["request"] for line in lines), pa.string()),
        SERVED_AT: pa.array(repeated(datetime.fromisoformat(line["at"]) for line in lines), pa.timestamp("us", "UTC")),
    }
    return pa.table(columns)
