"""Values as sentences show them: quoted, so that a blank at the end is seen, and shortened."""

from __future__ import annotations

LONGEST = 40
LONGEST_REASON = 400


def quoted(value: object, longest: int = LONGEST) -> str:
    """Quote a value for a sentence; a long one is shortened, and its length told.

    Examples
    --------
    >>> quoted("Paris ")
    "'Paris '"
    >>> quoted("x" * 100_000)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…' (100,000 characters)"
    >>> quoted(7)
    '7'
    """
    if isinstance(value, str):
        return repr(str(value)) if len(value) <= longest else f"{value[:longest] + '…'!r} ({len(value):,} characters)"
    return shortened(repr(value), longest)


def named(name: str, longest: int = LONGEST) -> str:
    """Write a name as it is, unless it would be misread or is long: then it is quoted.

    Examples
    --------
    >>> named("Paris"), named("Paris "), named("")
    ('Paris', "'Paris '", "''")
    """
    plain = name and name == name.strip() and name.isprintable() and len(name) <= longest
    return name if plain else quoted(name, longest)


def shortened(text: str, longest: int = LONGEST_REASON) -> str:
    """Cut a text, and tell how long it was.

    Examples
    --------
    >>> shortened("a rather long sentence", 8)
    'a rather… (22 characters)'
    """
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"
