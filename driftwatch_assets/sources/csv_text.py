"""A delivered file as UTF-8 text, or a refusal that says at which byte it is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch_assets.sources.refusal import DeliveryRefused

if TYPE_CHECKING:
    from pathlib import Path

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF8 = frozenset({"utf-8", "utf8", "utf-8-sig"})


def read_text(path: Path, encoding: str, max_bytes: int) -> bytes:
    """Read a file as UTF-8, whatever encoding it is declared to have.

    Parameters
    ----------
    path
        The file.
    encoding
        Its declared encoding, as Python names it. A byte order mark is left out.
    max_bytes
        The largest file that is read.

    Raises
    ------
    DeliveryRefused
        It cannot be opened, is too large, has a NUL character, or is not in this encoding.
    """
    data = _read_bytes(path, max_bytes)
    if encoding.lower().replace("_", "-") in _UTF8:
        mark = len(_BYTE_ORDER_MARK) if data.startswith(_BYTE_ORDER_MARK) else 0
        text = data[mark:] if mark else data
        if not text.isascii():
            try:
                text.decode()
            except UnicodeDecodeError as error:
                raise _wrong_encoding(path, text, error.start, mark, encoding) from error
    else:
        try:
            text = data.decode(encoding).removeprefix("\ufeff").encode()
        except UnicodeDecodeError as error:
            raise _wrong_encoding(path, data, error.start, 0, encoding) from error
    if (at := text.find(b"\0")) >= 0:
        raise DeliveryRefused(
            path,
            text.count(b"\n", 0, at) + 1,
            None,
            f"byte {_place(text, at)} of the line is NUL, so this is no text in {encoding}",
            "Deliver the file as text, or correct the encoding in the source's declaration.",
        )
    return text


def _place(text: bytes, at: int) -> int:
    return at - text.rfind(b"\n", 0, at)


def _read_bytes(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise DeliveryRefused(
            path,
            None,
            None,
            f"it cannot be opened ({error.strerror or error})",
            "Check that it is there and readable.",
        ) from error
    if len(data) > max_bytes:
        raise DeliveryRefused(
            path,
            None,
            None,
            f"it has {path.stat().st_size:,} bytes, more than max_bytes: {max_bytes:,}",
            "Split the delivery, or raise max_bytes in the source's declaration.",
        )
    return data


def _wrong_encoding(path: Path, data: bytes, at: int, skipped: int, encoding: str) -> DeliveryRefused:
    return DeliveryRefused(
        path,
        data.count(b"\n", 0, at) + 1,
        None,
        f"byte {_place(data, at)} of the line (offset {at + skipped:,} in the file) is 0x{data[at]:02x}, "
        f"which is not {encoding}",
        f"Deliver the file in {encoding}, or declare the encoding that it has, e.g. encoding: cp1252.",
    )
