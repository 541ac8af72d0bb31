"""Scoring: all requests that wait are answered in one call, and logged before they are answered."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from driftwatch_assets.serving.records import frame_of
from driftwatch_assets.serving.refusal import Refusal
from driftwatch_assets.training import ScoringFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from driftwatch_assets.serving.champion import Champion
    from driftwatch_assets.serving.records import Rows

_PREFIX = "score_"
_FEW_ROWS = 32


@dataclass(frozen=True)
class Answer:
    """What a champion said of a request's rows.

    Attributes
    ----------
    champion, rows, request_id
        Who said it, of what, asked by whom.
    served_at
        When, in UTC.
    predicted
        A class name a row.
    strength
        The confidence, or of a detector the score, a row.
    scores
        The probability of each class, by class; empty for a detector.

    """

    champion: Champion
    rows: Rows
    request_id: str
    served_at: datetime
    predicted: list[str]
    strength: list[float]
    scores: dict[str, list[float]]

    @property
    def strength_name(self) -> str:
        """Name of `strength`: `confidence` or `score`."""
        return "score" if self.champion.loaded.task_kind == "anomaly" else "confidence"


@dataclass(eq=False)
class _Job:
    champion: Champion
    rows: Rows
    request_id: str
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Answer]
    said: Answer | Exception | None = field(default=None)


class Scorer:
    """The requests of one model: those that wait are scored together, each by the champion that it was checked for.

    A few rows of a quick champion are scored by the event loop itself, once it has taken in what has arrived: handing
    them to a thread and back would take longer. Everything else goes to a thread of the model.

    Parameters
    ----------
    name
        The model's name.
    log
        Takes the answers of a round and returns when they outlive the process; what it raises is told to the askers.
    round_rows
        Rows of a round.

    """

    def __init__(self, name: str, log: Callable[[Sequence[Answer]], None], *, round_rows: int) -> None:
        self._log, self._round_rows = log, round_rows
        self._soon: list[_Job] = []
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"scoring {name}", daemon=True)
        self._thread.start()

    async def score(self, champion: Champion, rows: Rows, request_id: str) -> Answer:
        """Score rows.

        Raises
        ------
        Refusal
            422 where the model refuses the rows or has no finite answer, 503 where the answer could not be logged.

        """
        loop = asyncio.get_running_loop()
        job = _Job(champion, rows, request_id, loop, loop.create_future())
        if champion.quick and len(rows.ids) <= _FEW_ROWS:
            if not self._soon:
                loop.call_soon(self._score_soon)
            self._soon.append(job)
        else:
            self._waiting.put(job)
        return await job.future

    def stop(self) -> None:
        """End the thread after what waits."""
        self._waiting.put(None)
        self._thread.join()

    def _score_soon(self) -> None:
        jobs, self._soon = self._soon, []
        self._round(jobs)
        _tell(jobs)

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            jobs, rows, last = [first], len(first.rows.ids), False
            while rows < self._round_rows and not last:
                try:
                    more = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    last = True
                else:
                    jobs.append(more)
                    rows += len(more.rows.ids)
            self._round(jobs)
            for loop in {job.loop for job in jobs}:
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    loop.call_soon_threadsafe(_tell, [job for job in jobs if job.loop is loop])
            if last:
                return

    def _round(self, jobs: list[_Job]) -> None:
        try:
            by_champion: dict[int, list[_Job]] = {}
            for job in jobs:
                by_champion.setdefault(id(job.champion), []).append(job)
            for group in by_champion.values():
                _score_together(group)
            answered = [job.said for job in jobs if isinstance(job.said, Answer)]
            if answered:
                self._log(answered)
        except Exception as broken:  # noqa: BLE001 - told to the askers; the thread goes on with the next round
            for job in jobs:
                if not isinstance(job.said, Exception):
                    job.said = broken


def _tell(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if isinstance(job.said, Answer):
            job.future.set_result(job.said)
        else:
            job.future.set_exception(job.said or RuntimeError("nothing was said"))


def _score_together(jobs: list[_Job]) -> None:
    """Score several requests in one call; where that fails, each alone, so that one costs no other."""
    try:
        answers = answer([(job.rows, job.request_id) for job in jobs], jobs[0].champion)
    except Exception as broken:  # noqa: BLE001 - told to the asker
        if len(jobs) == 1:
            jobs[0].said = broken
            return
        for job in jobs:
            _score_together([job])
        return
    for job, said in zip(jobs, answers, strict=True):
        job.said = said


def answer(requests: Sequence[tuple[Rows, str]], champion: Champion) -> list[Answer]:
    """Score the rows of requests in one call.

    Raises
    ------
    Refusal
        422 where the model refuses the rows, or a score is not finite.

    """
    columns = {
        name: [value for rows, _ in requests for value in rows.columns[name]] for name in champion.loaded.features
    }
    frame = frame_of(columns, champion)
    try:
        with np.errstate(all="ignore"):
            said = champion.loaded.predict(frame)
    except ScoringFailed as refused:
        raise Refusal(422, f"{champion.served.name} version {champion.version} refused the rows: {refused}") from None
    strength = said["score" if champion.loaded.task_kind == "anomaly" else "confidence"].to_numpy()
    if not np.isfinite(strength).all():
        raise Refusal(
            422,
            f"{champion.served.name} version {champion.version} has no finite score for these rows: their numbers are "
            f"too far from those of its training. GET /v1/models/{champion.served.name} tells what it saw",
        )
    return _parted(said, strength.tolist(), requests, champion)


def _parted(
    said: pd.DataFrame, strength: list[float], requests: Sequence[tuple[Rows, str]], champion: Champion
) -> list[Answer]:
    predicted = said["predicted"].tolist()
    scores = {str(name)[len(_PREFIX) :]: said[name].tolist() for name in said.columns if str(name).startswith(_PREFIX)}
    now, first, answers = datetime.now(UTC), 0, []
    for rows, request_id in requests:
        part = slice(first, first + len(rows.ids))
        first = part.stop
        own = {name: values[part] for name, values in scores.items()}
        answers.append(Answer(champion, rows, request_id, now, predicted[part], strength[part], own))
    return answers
