"""An address → the landing folder: one fetch, which lands a file when something changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch_assets.sources import Files, fetch_once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch_assets.sources import Fetched
    from driftwatch_assets.steps.watched import Watched


class NothingToFetch(LookupError):  # noqa: N818 - named for what is the matter
    """A model's source declares no address."""


def fetch_batch(watched: Watched, changes: Mapping[str, Any] | None = None) -> Fetched:
    """Fetch a model's address; what was fetched is read whole by the declared reader before it lands.

    Parameters
    ----------
    watched
        The model.
    changes
        Declared values of the fetch that are replaced for this once, such as its `url`.

    Raises
    ------
    NothingToFetch
        When no address is declared.
    driftwatch_assets.sources.FetchFailed
        When the server could not be reached, or sent something that is refused. Nothing lands then.

    """
    source = watched.declaration.source
    if not isinstance(source, Files) or source.fetch is None:
        message = f"{watched.name} declares no address to fetch; put its files into {watched.landing}"
        raise NothingToFetch(message)
    fetch = type(source.fetch).model_validate({**source.fetch.model_dump(), **(changes or {})})
    watched.landing.mkdir(parents=True, exist_ok=True)
    return fetch_once(fetch, watched.landing, check=source.reader.read)
