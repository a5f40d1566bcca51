"""Outages: what does not work at the moment, logged once at its beginning and once at its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from lumen_notify.exception_text import describe

_log = logging.getLogger("lumen_notify.outages")


class Outage:
    """One thing that may fail for a while, such as the writes to the database.

    what: its name in logs and metrics. error: the first exception of the outage; None while it works. clock:
    monotonic seconds. place: the setting and the address of the server that fails, for the log; may be empty.
    """

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic, *, place: str = "") -> None:
        self.what = what
        self.place = place
        self.error: Exception | None = None
        self._clock = clock
        self._began_at = 0.0

    @property
    def seconds(self) -> float:
        """For how long it has failed; 0 while it works."""
        return 0.0 if self.error is None else self._clock() - self._began_at

    def begin(self, error: Exception, *, has_trace: bool = False) -> None:
        """Record that it has failed. Logged if it worked before, with the cause in its own words.

        has_trace: log the traceback, too: the failure is a defect.
        """
        if self.error is None:
            self.error = error
            self._began_at = self._clock()
            words = f"{self.place}: {cause_of(error)}" if self.place else cause_of(error)
            _log.error("%s: failing: %s", self.what, words, exc_info=error if has_trace else None)

    def end(self) -> None:
        """Record that it has worked. Logged if it failed before."""
        if self.error is not None:
            self.error = None
            _log.warning("%s: working again after %.1f s", self.what, self._clock() - self._began_at)


def cause_of(error: BaseException) -> str:
    """Return the words of the exception that began it all: of the database, the system, or our own."""
    while error.__cause__ is not None:
        error = error.__cause__
    return describe(error)
