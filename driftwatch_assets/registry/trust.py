"""Which types a stored model may consist of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch_assets.registry.errors import ArtifactRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

ALWAYS_TRUSTED = (
    "numpy",
    "scipy",
    "sklearn",
    "driftwatch_assets.training.outliers",
    "driftwatch_assets.training.temperature",
)


def untrusted(types: Iterable[str], trusted_modules: Iterable[str]) -> list[str]:
    """Give the types that lie in none of the trusted modules, sorted.

    Parameters
    ----------
    types
        Full names of types.
    trusted_modules
        Modules or packages; what lies in them or below them is trusted.

    Examples
    --------
    >>> untrusted(["sklearn.tree._tree.Tree", "os.system", "sklearnish.Tree"], ["sklearn"])
    ['os.system', 'sklearnish.Tree']

    """
    prefixes = tuple(f"{module}." for module in trusted_modules)
    return sorted(name for name in types if not name.startswith(prefixes))


def trusted_types(content: bytes, trusted_modules: Iterable[str], *, what: str) -> list[str]:
    """Give the types of a skops file that have to be trusted by name, when all of them may be.

    Parameters
    ----------
    content
        The skops file.
    trusted_modules
        See `untrusted`.
    what
        What the file is, for the message.

    Raises
    ------
    ArtifactRefused
        The file is no skops file, or holds a type outside the trusted modules.

    """
    import skops.io  # noqa: PLC0415 - heavy: loaded by the step that needs it

    modules = tuple(trusted_modules)
    try:
        found = [str(name) for name in skops.io.get_untrusted_types(data=content)]
    except Exception as broken:
        raise ArtifactRefused(f"{what} is no readable skops file: {type(broken).__name__}: {broken}") from broken
    refused = untrusted(found, modules)
    if refused:
        raise ArtifactRefused(
            f"{what} holds types that are not trusted: {', '.join(refused)}. Trusted are {', '.join(modules)}; a "
            f"module is added when a declared candidate names it"
        )
    return found


def loads(content: bytes, trusted_modules: Iterable[str], *, what: str) -> Any:
    """Load an estimator from a skops file that holds nothing but trusted types; never a pickle.

    Raises
    ------
    ArtifactRefused
        See `trusted_types`.

    """
    import skops.io  # noqa: PLC0415 - heavy: loaded by the step that needs it

    return skops.io.loads(content, trusted=trusted_types(content, trusted_modules, what=what))
