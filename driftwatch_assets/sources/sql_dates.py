"""Dates of PostgreSQL that Python does not have: infinity, and years before 1 or after 9999."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

_DATED = ("date", "timestamp", "timestamptz")


def read_all_dates(connection: psycopg.Connection[Any]) -> None:
    """Let a connection give a date that Python does not have as its text, where the driver would break off the query.

    So it is one value of its row that is none of its type, and costs that row alone.
    """
    from psycopg import DataError  # noqa: PLC0415 - loaded with the engine; only PostgreSQL needs it
    from psycopg.adapt import Loader  # noqa: PLC0415 - as above
    from psycopg.pq import Format  # noqa: PLC0415 - as above

    def tolerant(kind: str) -> type[Loader]:
        oid = connection.adapters.types[kind].oid
        usual: Any = connection.adapters.get_loader(oid, Format.TEXT)

        class Tolerant(Loader):
            def __init__(self, oid: int, context: Any = None) -> None:
                super().__init__(oid, context)
                self._usual = usual(oid, context)

            def load(self, data: Any) -> Any:
                try:
                    return self._usual.load(data)
                except DataError:
                    return bytes(data).decode()

        return Tolerant

    for kind in _DATED:
        connection.adapters.register_loader(kind, tolerant(kind))
