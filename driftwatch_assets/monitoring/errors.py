"""Why the monitoring database could not be used."""

from __future__ import annotations


class MonitoringError(Exception):
    """The monitoring database did not do what was asked; what it holds is as it was before."""


class MonitoringUnreachable(MonitoringError):  # noqa: N818 - named for what happened
    """The database did not answer, could not be opened or is full; nothing of what was attempted is stored.

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
    >>> str(MonitoringUnreachable("postgresql://db/monitoring", "the batches of iris were recorded", "refused"))
    'postgresql://db/monitoring cannot be used while the batches of iris were recorded (refused). Nothing of it was ...'
    """

    def __init__(self, database: str, attempted: str, cause: str) -> None:
        super().__init__(
            f"{database} cannot be used while {attempted} ({cause}). Nothing of it was stored. Check "
            f"DRIFTWATCH_MONITORING_URL, that the database runs and has room, and that user and password are right; "
            f"then do it again: recording twice changes nothing."
        )
        self.database, self.attempted, self.cause = database, attempted, cause

    def __reduce__(self) -> tuple[type[MonitoringUnreachable], tuple[str, str, str]]:
        """Let the failure cross a process boundary whole."""
        return type(self), (self.database, self.attempted, self.cause)


class MonitoringRefused(MonitoringError):  # noqa: N818 - named for what happened
    """The database answered, but this user or this program may not do what was asked; the message says what to do."""


class MonitoringUrlRefused(ValueError):  # noqa: N818 - named for what happened
    """An address that names no monitoring database; the message does not repeat it, since it may hold a password."""


class AlertUnknown(LookupError):  # noqa: N818 - named for what was found
    """No alert has this id, or it has resolved and needs nobody any more."""
