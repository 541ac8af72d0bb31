"""The log of predictions: kept on the local disk at once, brought into the lake as one batch an hour."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from driftwatch_assets.lake import BatchMissing
from driftwatch_assets.serving.refusal import Refusal
from driftwatch_assets.serving.spool import REQUEST, SERVED_AT, SpoolFile, hour_of, left_behind, read_spool, spool_files
from driftwatch_assets.sources.folder_lock import alone
from driftwatch_assets.steps import Tables
from driftwatch_assets.steps.served import HOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from driftwatch_assets.lake import Lake
    from driftwatch_assets.serving.scoring import Answer

_LOG = logging.getLogger(__name__)
_SHARE_OF_TIME = 20
_MUCH = 50_000
_GROWTH = 0.25


class PredictionLog:
    """The log of one model.

    Answers are appended to a file of the current hour, and the call returns when the system has them: they survive
    this process. `flush` brings closed files, also those of processes that are gone, into the partition of their hour.
    What is there already is known by its request, so that a flush that was killed half way is done again without harm.

    Parameters
    ----------
    folder
        The model's spool; made where it is missing.
    lake, model
        Where the rows go: table `<model>/served`, one partition an hour of UTC.

    """

    def __init__(self, folder: Path, lake: Lake, model: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._lake, self._model = folder, lake, model
        self._file: SpoolFile | None = None
        self._writing, self._flushing = threading.Lock(), threading.Lock()
        self._closed_rows: dict[Path, int] = {}
        self._stored = ("", 0)

    @property
    def unflushed(self) -> int:
        """Answered rows of this process that are not in the lake yet."""
        with self._writing:
            return sum(self._closed_rows.values()) + (0 if self._file is None else self._file.rows)

    def append(self, answers: Sequence[Answer]) -> None:
        """Keep answers.

        Raises
        ------
        Refusal
            503 where the disk does not take them: what cannot be logged is not answered.

        """
        hour = answers[0].served_at.strftime(HOUR)
        try:
            with self._writing:
                if self._file is None or self._file.hour != hour:
                    self._close()
                    self._file = SpoolFile(self._folder, hour)
                self._file.append(answers)
        except OSError as full:
            _LOG.error("%s: predictions could not be logged to %s: %s", self._model, self._folder, full)
            message = f"the predictions could not be logged ({full.strerror or full}), so they are not given"
            raise Refusal(503, message, {"Retry-After": "10"}) from full

    def worth_a_flush(self) -> bool:
        """Tell whether anything waits that belongs to an hour that is over, was left behind, or is much by now.

        A flush writes the partition of its hour anew, and nobody watches an hour before it is over. The hour that runs
        is brought when ``rows waiting >= min(50000, rows stored of it / 4)``, so that a busy hour is written some
        thirty times, not at every look.
        """
        with self._writing:
            file = self._file
            if file is None or self._closed_rows or spool_files(self._folder) != [file.path]:
                return bool(spool_files(self._folder))
            hour, stored = self._stored
            much = min(_MUCH, stored * _GROWTH) if hour == file.hour else 0
            return file.hour != datetime.now(UTC).strftime(HOUR) or file.rows >= max(1, much)

    def flush(self) -> int:
        """Bring everything that nobody writes into the lake, and give how many rows were new there."""
        with self._flushing, alone(self._folder / ".lock", wait=True), ExitStack() as held:
            with self._writing:
                self._close()
            by_hour: dict[str, list[Path]] = {}
            for path in spool_files(self._folder):
                # Held until it is removed: one that begins to write a file of that name then sees that it is gone.
                if held.enter_context(left_behind(path)):
                    by_hour.setdefault(hour_of(path), []).append(path)
            return sum(self._bring(hour, paths) for hour, paths in by_hour.items())

    def _close(self) -> None:
        if self._file is not None:
            self._closed_rows[self._file.path] = self._file.rows
            self._file.close()
            self._file = None

    def _bring(self, hour: str, paths: Sequence[Path]) -> int:
        parts: list[pa.Table] = []
        damaged = set()
        for path in paths:
            spooled = read_spool(path)
            parts += spooled.tables
            if spooled.damaged:
                damaged.add(path)
                _LOG.error("%s has %d unreadable lines; it is kept as %s.damaged", path, spooled.damaged, path.name)
        new = 0 if not parts else self._join(hour, pa.concat_tables(parts, promote_options="permissive"))
        for path in paths:
            if path in damaged:
                path.rename(path.with_name(f"{path.name}.damaged"))
            else:
                path.unlink()
            with self._writing:
                self._closed_rows.pop(path, None)
        return new

    def _join(self, hour: str, rows: pa.Table) -> int:
        """Add rows to an hour's partition, those of requests that it has left out, and give how many were new."""
        table = Tables(self._model).served
        try:
            stored = self._lake.read_table(table, hour).replace_schema_metadata(None)
        except BatchMissing:
            together = new = rows.sort_by(SERVED_AT)
        else:
            known = pc.is_in(rows[REQUEST], value_set=stored[REQUEST].combine_chunks())
            new = rows.filter(pc.invert(known)).sort_by(SERVED_AT)
            together = pa.concat_tables([stored, new], promote_options="permissive")
            if new.num_rows and new[SERVED_AT][0].as_py() < stored[SERVED_AT][-1].as_py():
                together = together.sort_by(SERVED_AT)
        if new.num_rows:
            self._lake.write(table, hour, together, {"source": "prediction service"})
        self._stored = (hour, together.num_rows)
        return int(new.num_rows)


class PredictionLogs:
    """The logs of all models, and the thread that brings them into the lake.

    Parameters
    ----------
    spool
        Local folder, with one of its own for each model.
    lake
        Where the rows go.
    models
        Names of the models.
    flush_seconds
        Time between two transports; it grows with the time that they take, to at most a twentieth of one's time.

    """

    def __init__(self, spool: Path, lake: Lake, models: Sequence[str], *, flush_seconds: float) -> None:
        self._logs = {name: PredictionLog(spool / name, lake, name) for name in models}
        self._left = {name: PredictionLog(spool / name, lake, name) for name in _left_behind(spool, models)}
        self._flush_seconds = flush_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="prediction log", daemon=True)

    def taker(self, model: str) -> Callable[[Sequence[Answer]], None]:
        """Give what keeps the answers of a model."""
        return self._logs[model].append

    def unflushed(self, model: str) -> int:
        """Give how many answered rows are not in the lake yet."""
        return self._logs[model].unflushed

    def start(self) -> None:
        """Begin with what processes before this one left behind."""
        self._thread.start()

    def stop(self) -> None:
        """Bring what is left, and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self.flush(everything=True)

    def flush(self, *, everything: bool = False) -> None:
        """Bring the logs for which it is worth it, or all; one that cannot be brought is tried again later."""
        for name, log in [*self._logs.items(), *self._left.items()]:
            try:
                if everything or log.worth_a_flush():
                    log.flush()
            except Exception as broken:  # noqa: BLE001 - nothing is lost: the files stay
                _LOG.warning("the log of %s stays on the local disk: %s", name, broken)

    def _work(self) -> None:
        wait = 0.0
        while not self._stop.wait(wait):
            begun = time.monotonic()
            self.flush()
            wait = max(self._flush_seconds, (time.monotonic() - begun) * _SHARE_OF_TIME)


def _left_behind(spool: Path, models: Sequence[str]) -> list[str]:
    """Name the models whose answers are there though they are not served any more."""
    folders = sorted(path for path in spool.iterdir() if path.is_dir()) if spool.is_dir() else []
    left = [path.name for path in folders if path.name not in models and spool_files(path)]
    for name in left:
        _LOG.warning("%s is not served any more; its answers in %s are brought into the lake", name, spool / name)
    return left
