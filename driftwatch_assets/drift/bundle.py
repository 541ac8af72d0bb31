"""The stored form of references: one npz file of plain arrays, which never unpickles anything."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.drift.errors import ReferenceUnreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FORMAT = "driftwatch reference"
VERSION = 1


@dataclass(frozen=True, eq=False)
class Bundle:
    """Arrays and a description of them.

    Attributes
    ----------
    content
        What it holds, such as ``"reference"``.
    header
        JSON-compatible description.
    arrays
        Arrays of numbers by name.
    """

    content: str
    header: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]

    def fingerprint(self) -> str:
        """Give the SHA-256 of the content, in hexadecimal; the same for the same content, however it is stored."""
        digest = hashlib.sha256(self._description().encode())
        for name in sorted(self.arrays):
            array = np.ascontiguousarray(self.arrays[name])
            digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
            digest.update(array.data)
        return digest.hexdigest()

    def write(self, target: str | os.PathLike[str] | IO[bytes]) -> None:
        """Write to a path (whole or not at all) or to a file object."""
        if not isinstance(target, str | os.PathLike):
            self._write(target)
            return
        path = Path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                self._write(file)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
            raise

    def _write(self, file: IO[bytes]) -> None:
        description = np.frombuffer(self._description().encode(), dtype=np.uint8)
        np.savez(file, description=description, **self.arrays)  # type: ignore[arg-type]

    def _description(self) -> str:
        return json.dumps(
            {"format": FORMAT, "version": VERSION, "content": self.content, "header": self.header}, sort_keys=True
        )

    @classmethod
    def read(cls, source: str | os.PathLike[str] | IO[bytes], content: str) -> Bundle:
        """Read from a path or from a seekable file object.

        Raises
        ------
        ReferenceUnreadable
            When it is damaged, holds something else than `content`, or comes from a newer version.
        FileNotFoundError
            When there is no such file.
        """
        place = "the stored reference" if not isinstance(source, str | os.PathLike) else f"the reference {source}"
        remedy = "Fit the reference anew from its training batches."
        try:
            with np.load(source, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            description = json.loads(arrays.pop("description").tobytes())
        except FileNotFoundError:
            raise
        except (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            raise ReferenceUnreadable(f"{place} is damaged or no reference: {error}. {remedy}") from error
        found = description.get("format"), description.get("version"), description.get("content")
        if found != (FORMAT, VERSION, content):
            wanted = FORMAT, VERSION, content
            raise ReferenceUnreadable(
                f"{place} holds (format, version, content) = {found}; {wanted} was expected. {remedy}"
            )
        return cls(content, description["header"], arrays)

    def to_bytes(self) -> bytes:
        """Give the stored form as bytes."""
        buffer = io.BytesIO()
        self._write(buffer)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, stored: bytes, content: str) -> Bundle:
        """Read what `to_bytes` gave."""
        return cls.read(io.BytesIO(stored), content)
