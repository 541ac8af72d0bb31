"""Why an extraction from a database brought nothing."""

from __future__ import annotations


class ExtractionFailed(Exception):  # noqa: N818 - named for what happened
    """An extraction after which nothing is stored; nothing of a part is given out."""


class DatabaseUnreachable(ExtractionFailed):
    """The database did not answer, before the extraction or in the middle of it.

    Parameters
    ----------
    database
        The database without its password.
    attempted
        What was being done, as a clause.
    cause
        What the driver says.

    Examples
    --------
    >>> str(DatabaseUnreachable("postgresql://etl@db:5432/loans", "table loans was extracted", "connection refused"))
    'postgresql://etl@db:5432/loans cannot be reached while table loans was extracted (connection refused). That is ...'
    """

    def __init__(self, database: str, attempted: str, cause: str) -> None:
        super().__init__(
            f"{database} cannot be reached while {attempted} ({cause}). That is not the same as no rows: it says "
            f"nothing about the data, and nothing was stored. Check that the database runs and that address, user and "
            f"password are right, then run the batch again."
        )
        self.database, self.attempted, self.cause = database, attempted, cause

    def __reduce__(self) -> tuple[type[DatabaseUnreachable], tuple[str, str, str]]:
        """Let the failure cross a process boundary whole."""
        return type(self), (self.database, self.attempted, self.cause)


class QueryRefused(ExtractionFailed):
    """The database answered, but not with what was declared.

    Parameters
    ----------
    database
        The database without its password.
    table
        The declared table that the query is for, with its window.
    found
        What came instead, as a clause.
    what_to_do
        What a person should do next, as a sentence.
    """

    def __init__(self, database: str, table: str, found: str, what_to_do: str) -> None:
        super().__init__(f"table {table} from {database}: {found}. {what_to_do}")
        self.database, self.table, self.found, self.what_to_do = database, table, found, what_to_do

    def __reduce__(self) -> tuple[type[QueryRefused], tuple[str, str, str, str]]:
        """Let the refusal cross a process boundary whole."""
        return type(self), (self.database, self.table, self.found, self.what_to_do)


class DatabaseUrlRefused(ValueError):  # noqa: N818 - named for what happened
    """An address that names no database that can be read; the message does not repeat it, since it may be secret."""
