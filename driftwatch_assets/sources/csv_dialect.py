"""How the fields and records of a CSV text are written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """How fields and records are written.

    Attributes
    ----------
    delimiter
        Between fields; one ASCII character.
    quote
        Around fields that hold a delimiter, a quote (doubled) or a newline; None where nothing is quoted.
    missing
        Texts that mean that there is no value.
    max_line_bytes
        The longest line, and the longest record, in bytes.
    escape
        Makes the next character a part of the field as it is; None where nothing does.
    """

    delimiter: str
    quote: str | None
    missing: tuple[str, ...]
    max_line_bytes: int
    escape: str | None = None

    def has_escapes(self, text: bytes, start: int) -> bool:
        """Tell whether a text may have escaped characters, whether they are declared or not."""
        if self.escape is not None:
            return text.find(self.escape.encode(), start) >= 0
        return self.quote is not None and text.find(f"\\{self.quote}".encode(), start) >= 0

    def shows_escape(self, text: str) -> bool:
        r"""Tell of a record, or of a line that begins one, whether a backslash must be meant to escape a quote.

        It must where the quote is neither doubled nor the end of its field, and where the text would be open at its end
        otherwise.

        Examples
        --------
        >>> dialect = Dialect(",", '"', (), 2**17)
        >>> [dialect.shows_escape(text) for text in (r'"say \"hi\"",1', r'5\",1', r'"5\"",1')]
        [True, True, True]
        >>> [dialect.shows_escape(text) for text in (r'"C:\",1', r'"{""a"": ""x\""y""}",1')]
        [False, False]
        """
        if self.quote is None or f"\\{self.quote}" not in text:
            return False
        begins, quoted, at = True, False, 0
        while at < len(text):
            sign, following = text[at], text[at + 1 : at + 2]
            escaping = sign == "\\" and following == self.quote
            if escaping and (not quoted or text[at + 2 : at + 3] not in ("", self.quote, self.delimiter, "\r", "\n")):
                return True
            if quoted and sign == self.quote:
                quoted = following == self.quote
                at += quoted
            elif begins and sign == self.quote:
                quoted = True
            begins = not quoted and sign == self.delimiter
            at += 1
        return quoted
