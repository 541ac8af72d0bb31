"""Why a fetch from a publisher brought nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class FetchFailed(Exception):  # noqa: N818 - named for what happened
    """A fetch after which the landing folder is as it was."""


class PublisherUnreachable(FetchFailed):
    """Nobody answers at the address: offline, a wrong name, a server that is down.

    Examples
    --------
    >>> str(PublisherUnreachable("https://example.org/a.zip", "Name or service not known"))
    'https://example.org/a.zip cannot be reached (Name or service not known). Nothing was put into the landing ...'
    """

    def __init__(self, url: str, cause: str) -> None:
        super().__init__(
            f"{url} cannot be reached ({cause}). Nothing was put into the landing folder. Check the network or the "
            f"proxy and run `driftwatch fetch` again, or make data with `driftwatch simulate MODEL --to DIR`."
        )
        self.url, self.cause = url, cause


class PublicationRefused(FetchFailed):
    """The address answers, but not with what was declared."""

    def __init__(self, url: str, found: str) -> None:
        super().__init__(f"{url} was not taken: {found}. Nothing was put into the landing folder.")
        self.url, self.found = url, found


class LandingOccupied(FetchFailed):
    """Files of the same names but of other content are in the landing folder."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        super().__init__(
            f"{folder} already has {', '.join(names)} with other content than the publisher's. Nothing was changed: "
            f"move those files away, so that batches of two origins do not mix, and fetch again."
        )
        self.folder, self.names = folder, tuple(names)


class FetchUnderWay(FetchFailed):
    """Another process fetches into the same folder."""


class SourceUnanswered(PublisherUnreachable):
    """An address that is fetched again and again gave no answer this time: nothing is known of new data.

    Examples
    --------
    >>> str(SourceUnanswered("https://example.org/iris.data", "timed out", 3))
    'https://example.org/iris.data gave no answer in 3 attempts (timed out). That is not the same as no new data: ...'
    """

    def __init__(self, url: str, cause: str, attempts: int) -> None:
        FetchFailed.__init__(
            self,
            f"{url} gave no answer in {attempts} attempts ({cause}). That is not the same as no new data: it says "
            f"nothing about the data, and nothing was put into the landing folder. The next fetch tries again; if this "
            f"goes on, check the network, the proxy and the server.",
        )
        self.url, self.cause, self.attempts = url, cause, attempts

    def __reduce__(self) -> tuple[type[SourceUnanswered], tuple[str, str, int]]:
        """Let the failure cross a process boundary whole."""
        return type(self), (self.url, self.cause, self.attempts)


class AnswerRefused(PublicationRefused):
    """The address answers, but not with data that can be taken; trying again at once would change nothing."""

    def __reduce__(self) -> tuple[type[AnswerRefused], tuple[str, str]]:
        """Let the refusal cross a process boundary whole."""
        return type(self), (self.url, self.found)


class FetchUnconfigured(FetchFailed):
    """An environment variable that the fetch needs is not set, or cannot be a header."""
