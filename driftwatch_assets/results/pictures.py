"""What the pictures of a batch show."""

from __future__ import annotations

from driftwatch_assets.results.record import Stored


class PicturesResult(Stored):
    """What the pictures of a batch show, so that the same is not drawn again.

    Attributes
    ----------
    identity
        Of all that is shown.
    pictures
        Their names.
    """

    batch: str
    identity: str
    pictures: tuple[str, ...] = ()
