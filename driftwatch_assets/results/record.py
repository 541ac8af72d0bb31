"""What every stored result has in common: its form is versioned, and it is written and read as strict JSON."""

from __future__ import annotations

import json
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from driftwatch_assets.results.errors import ResultUnreadable

SCHEMA_VERSION = 2
"""The form that is written; files without a version are of the first one."""


class Record(BaseModel):
    """A part of a result: frozen, without infinities; a key that no field has is one of an older form, and is left out.

    Examples
    --------
    >>> class Share(Record):
    ...     share: float
    >>> Share(share=0.5, forgotten=1)
    Share(share=0.5)
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, populate_by_name=True, serialize_by_alias=True
    )


class Stored(Record):
    """A result that is a file of its own.

    Attributes
    ----------
    schema_version
        The form that it was written in.

    Examples
    --------
    >>> class Share(Stored):
    ...     share: float
    >>> content = Share(share=0.5).to_bytes()
    >>> print(content.decode())
    {
     "schema_version": 2,
     "share": 0.5
    }
    >>> Share.from_bytes(content, "evidence/1/share.json")
    Share(schema_version=2, share=0.5)
    """

    schema_version: int = SCHEMA_VERSION

    @classmethod
    def from_bytes(cls, content: bytes, path: str) -> Self:
        """Read a stored result.

        Parameters
        ----------
        content
            The file.
        path
            Its place, for messages.

        Raises
        ------
        ResultUnreadable
            The file is no JSON, or not of this form, or a later version of the project wrote it.
        """
        try:
            found = json.loads(content)
        except ValueError as error:
            raise ResultUnreadable(path, f"it is no JSON: {error}") from error
        if not isinstance(found, dict):
            raise ResultUnreadable(path, f"it holds a {type(found).__name__}, and not the fields of a result")
        version = found.setdefault("schema_version", 1)
        if not isinstance(version, int) or version > SCHEMA_VERSION:
            raise ResultUnreadable(
                path, f"it is of version {version!r}, and this version of the project reads up to {SCHEMA_VERSION}"
            )
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            first, *others = error.errors(include_url=False, include_input=False)
            place = ".".join(str(one) for one in first["loc"])
            more = f", and {len(others)} more" if others else ""
            raise ResultUnreadable(path, f"{place}: {first['msg'].lower()}{more}") from error

    def to_bytes(self) -> bytes:
        """Give the file that is stored: the same result gives the same bytes."""
        content = self.model_dump(mode="json") | {"schema_version": SCHEMA_VERSION}
        return json.dumps(content, indent=1, sort_keys=True, allow_nan=False).encode()
