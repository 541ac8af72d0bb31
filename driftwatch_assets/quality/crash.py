"""How a suite that raises is told: which check, on which table and batch; without data where some is personal."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from driftwatch_assets.quality.errors import SuiteCrashed, SuiteError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Given = TypeVar("Given")

SUITE = "the suite"
PLACE = re.compile(r'^  File "([^"\n]+)", line (\d+), in (\w+)$', re.MULTILINE)
KIND = re.compile(r"^(?!Traceback\b)([A-Za-z_][\w.]*)(?=:|$)", re.MULTILINE)


@dataclass(frozen=True)
class Crashes:
    """The validation of one table of one batch, as the place where something may raise.

    Attributes
    ----------
    table, batch
        What is being validated.
    withhold
        Whether the text of an exception may quote personal data. Then a crash gives the exception's type and the
        places in the code that it came through, and neither its text nor the exception itself.

    """

    table: str
    batch: str
    withhold: bool

    def attempt(self, check: str, what: Callable[[], Given]) -> Given:
        """Do something for a check, and name the check when it raises.

        Raises
        ------
        SuiteCrashed
            When anything but a `SuiteError` is raised.

        """
        try:
            return what()
        except (SuiteError, SuiteCrashed):
            raise
        except Exception as error:
            if not self.withhold:
                message = f"{type(error).__name__}: {error}"
                raise self.crash(message, check) from error
            places = [(at.filename, at.lineno, at.name) for at in traceback.extract_tb(error.__traceback__)]
            crash = self._withheld(type(error).__name__, places, check)
        # Outside of the handler, so that the exception does not come out as the crash's context.
        raise crash

    def refuse_caught(self, check: str, info: Mapping[str, Any] | None) -> None:
        """Raise what Great Expectations caught in a check, if it caught anything.

        It keeps either one exception, or one by metric when metrics could not be computed.

        Raises
        ------
        SuiteCrashed
            With the traceback as a note.

        """
        for found in (info or {}, *(part for part in (info or {}).values() if isinstance(part, dict))):
            if not found.get("exception_traceback"):
                continue
            trace = str(found["exception_traceback"])
            if self.withhold:
                kind = KIND.search(trace)
                raise self._withheld("an exception" if kind is None else kind[1], PLACE.findall(trace), check)
            crash = self.crash(str(found["exception_message"]), check)
            crash.add_note(trace)
            raise crash

    def crash(self, message: str, check: str) -> SuiteCrashed:
        """Give the crash of a check."""
        told = f"{self.table}, batch {self.batch}: the check {check} crashed, so there is no verdict: {message}"
        return SuiteCrashed(told, self.table, self.batch, check)

    def _withheld(self, kind: str, places: list[Any], check: str) -> SuiteCrashed:
        crash = self.crash(f"{kind}; its text is withheld, since the table has personal columns", check)
        crash.add_note("\n".join(f'  File "{file}", line {line}, in {name}' for file, line, name in places))
        return crash
