"""How much one request, and all requests together, may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of the service.

    Attributes
    ----------
    body_bytes
        Longest body of a request; a longer one is answered with 413.
    records
        Most records of a request; more are answered with 422.
    requests
        Most requests for predictions under way at once; a further one is answered with 503 and when to try again.
    body_seconds
        Longest time in which a body may arrive; a slower one is answered with 408.
    round_rows
        Rows that are scored in one call, of as many waiting requests as fit.
    reload_seconds
        Time between two looks for a promotion of a model. A look costs some five milliseconds of processor time.
    flush_seconds
        Time between two transports of the log into the lake.

    """

    body_bytes: int = 4 * 1024 * 1024
    records: int = 10_000
    requests: int = 64
    body_seconds: float = 20.0
    round_rows: int = 1000
    reload_seconds: float = 2.0
    flush_seconds: float = 60.0
