"""What can go wrong with a registered model."""

from __future__ import annotations


class RegistryUnreachable(RuntimeError):  # noqa: N818 - named for what was found
    """The tracking store could not be opened."""


class RegistryIncomplete(RuntimeError):  # noqa: N818 - named for what was found
    """Something that was registered, and that is needed, was deleted."""


class ArtifactRefused(RuntimeError):  # noqa: N818 - named for what was done
    """A stored model is not what was registered, or holds types that are not trusted; it was not loaded."""
