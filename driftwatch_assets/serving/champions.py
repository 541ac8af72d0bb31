"""The champions in memory, and the thread that notices promotions."""

from __future__ import annotations

import difflib
import itertools
import logging
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from driftwatch_assets.registry import champion_among
from driftwatch_assets.serving.champion import Champion
from driftwatch_assets.serving.records import Rows
from driftwatch_assets.serving.refusal import Refusal
from driftwatch_assets.serving.scoring import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from driftwatch_assets.serving.champion import ServedModel

_LOG = logging.getLogger(__name__)
_WHOLE_LOOK_EVERY = 60
_TRIALS = 3
_QUICK_SECONDS = 0.01


@dataclass
class _Place:
    served: ServedModel
    champion: Champion | None = None
    changed_at: int = -1
    trouble: str = ""
    looks: int = field(default=0)
    looked: bool = False


class Champions:
    """The champion of each model, replaced as a whole when another version is promoted.

    A request keeps the champion that it was checked for, so that a promotion fails none. A version that cannot be
    loaded, or does not score a row within what it saw, replaces nothing: the one before it goes on.

    Parameters
    ----------
    models
        The models that are served.
    reload_seconds
        Time between two looks.
    failed
        Called with a model's name when a look failed.

    """

    def __init__(
        self, models: Iterable[ServedModel], *, reload_seconds: float, failed: Callable[[str], None] = lambda _: None
    ) -> None:
        self._places = {model.name: _Place(model) for model in models}
        self._reload_seconds, self._failed = reload_seconds, failed
        self._stop = threading.Event()
        self._looked = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="promotions", daemon=True)

    @property
    def names(self) -> tuple[str, ...]:
        """The served models' names, sorted."""
        return tuple(sorted(self._places))

    def start(self, wait_seconds: float = 0.0) -> None:
        """Begin to look, and wait a while for the first champions."""
        self._thread.start()
        self._looked.wait(wait_seconds)

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def served(self, name: str) -> ServedModel:
        """Give a model by name.

        Raises
        ------
        Refusal
            404 with the valid names.

        """
        if name not in self._places:
            near = difflib.get_close_matches(name[:100], self._places, n=1)
            question = f"did you mean {near[0]!r}? " if near else ""
            raise Refusal(404, f"no model is called {name[:100]!r}; {question}models are: {', '.join(self.names)}")
        return self._places[name].served

    def current(self, name: str) -> Champion | None:
        """Give a model's champion; None where it has none, or none could be loaded yet."""
        return self._places[name].champion

    def of(self, name: str) -> Champion:
        """Give a model's champion.

        Raises
        ------
        Refusal
            404 for an unknown model, 503 where there is no champion to answer.

        """
        self.served(name)
        place = self._places[name]
        if place.champion is None:
            none = "it has no champion yet: train it first" if place.looked else "its champion is being loaded"
            why = place.trouble or none
            raise Refusal(503, f"{name} cannot answer: {why}", {"Retry-After": "5"})
        return place.champion

    def trouble(self, name: str) -> str:
        """Tell why the last look at a model failed; empty where it did not."""
        return self._places[name].trouble

    def look(self) -> None:
        """Look once at every model, and replace what was superseded."""
        for name in self._places:
            self._look_at(name)

    def _look_at(self, name: str) -> None:
        place = self._places[name]
        try:
            _look(place)
            place.trouble = ""
        except Exception as broken:  # noqa: BLE001 - counted and told; the champion in memory goes on
            if not place.trouble:
                _LOG.warning("no promotion of %s can be found: %s", name, broken)
            place.trouble = f"{type(broken).__name__}: {broken}"
            place.changed_at = -1
            self._failed(name)
        place.looked = True

    def _watch(self) -> None:
        self.look()
        self._looked.set()
        # One model after the other: all in one go would hold up the requests that arrive meanwhile.
        pause = self._reload_seconds / max(1, len(self._places))
        for name in itertools.cycle(self._places):
            if self._stop.wait(pause):
                return
            self._look_at(name)


def _look(place: _Place) -> None:
    registry, name = place.served.registry, place.served.name
    changed_at = registry.changed_at(name)
    place.looks += 1
    if changed_at == place.changed_at and place.looks % _WHOLE_LOOK_EVERY:
        return
    newest = champion_among(registry.history(name))
    known = None if place.champion is None else place.champion.loaded.version
    if newest is not None and (known is None or (newest.version, newest.content) != (known.version, known.content)):
        place.champion = _tried(Champion.of(place.served, registry.load(newest)))
        _LOG.info("%s is served by version %d, trained through %s", name, newest.version, newest.trained_through)
    elif newest is None:
        place.champion = None
    place.changed_at = changed_at


def _tried(champion: Champion) -> Champion:
    """Let a champion score a row within what it saw, and note whether it is quick."""
    typical = [(Rows(["typical"], champion.signature.typical()), "")]
    seconds = []
    for _ in range(_TRIALS):
        begun = time.perf_counter()
        answer(typical, champion)
        seconds.append(time.perf_counter() - begun)
    return replace(champion, quick=min(seconds) < _QUICK_SECONDS)
