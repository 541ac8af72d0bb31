"""Numbers in the headers of an answer, which whoever answers has written."""

from __future__ import annotations

import re

_NUMBER = re.compile("[0-9]{1,18}")


def header_number(text: str | None) -> int | None:
    """Read a number of bytes or seconds; None where a header has none that could be meant.

    `str.isdigit` would take ``²`` and digits of other scripts, which the standard (RFC 9110) does not, and `int`
    refuses thousands of digits.

    Examples
    --------
    >>> header_number("120"), header_number("²"), header_number(""), header_number("9" * 5000)
    (120, None, None, None)
    """
    found = _NUMBER.fullmatch((text or "").strip())
    return int(found[0]) if found else None
