"""An address → the landing folder: one fetch, which lands a file when something changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from driftwatch_assets.sources import FetchFailed, Files, fetch_once, simulated_with

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch_assets.sources import Fetched, HttpFetch
    from driftwatch_assets.steps.watched import Watched


class NothingToFetch(LookupError):  # noqa: N818 - named for what is the matter
    """A model's source declares no address."""


class NotFetched(FetchFailed):
    """A model's address was not fetched; the message names the model, and nothing landed."""


def fetch_batch(watched: Watched, changes: Mapping[str, Any] | None = None) -> Fetched:
    """Fetch a model's address; what was fetched is read whole by the declared reader before it lands.

    Parameters
    ----------
    watched
        The model.
    changes
        Declared values of the fetch that are replaced for this once, such as its `url`. An address of another origin
        (scheme, host and port) is asked without the declared headers from the environment: they are secrets of the
        declared one.

    Raises
    ------
    NothingToFetch
        When no address is declared.
    NotFetched
        When the server could not be reached or sent something that is refused, the changed values cannot be, the
        landing folder holds simulated batches or cannot be written. Nothing lands then.

    """
    source = watched.declaration.source
    if not isinstance(source, Files) or source.fetch is None:
        message = f"{watched.name} declares no address to fetch; put its files into {watched.landing}"
        raise NothingToFetch(message)
    fetch = _changed(watched, source.fetch, changes or {})
    if simulated_with(watched.landing) is not None:
        message = (
            f"{watched.name}: {watched.landing} holds simulated batches; move them away before real ones are fetched, "
            f"so that they do not mix. {fetch.shown} was not asked"
        )
        raise NotFetched(message)
    try:
        watched.landing.mkdir(parents=True, exist_ok=True)
        return fetch_once(fetch, watched.landing, check=source.reader.read)
    except FetchFailed as failed:
        message = f"{watched.name}: {failed}"
        raise NotFetched(message) from failed
    except OSError as failed:
        message = (
            f"{watched.name}: {fetch.shown} was not fetched, since the landing folder {watched.landing} cannot be "
            f"written ({failed.strerror or failed}); mend it, or name another in DRIFTWATCH_LANDING"
        )
        raise NotFetched(message) from failed


def _changed(watched: Watched, declared: HttpFetch, changes: Mapping[str, Any]) -> HttpFetch:
    try:
        changed = type(declared).model_validate({**declared.model_dump(), **changes})
    except ValidationError as wrong:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {str(fault['msg']).removeprefix('Value error, ')}"
            for fault in wrong.errors(include_input=False)
        )
        message = f"{watched.name} cannot be fetched with what this run changes: {faults}. Nothing was asked or landed"
        raise NotFetched(message) from None
    if changed.origin == declared.origin:
        return changed
    return changed.model_copy(update={"headers_from_environment": {}})
