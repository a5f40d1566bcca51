"""Restarts: when a worker that ended is started again, and when this is given up. No I/O.

Promise: pauses double from FIRST_PAUSE_SECONDS to MAX_PAUSE_SECONDS while workers end soon after their start.
"""

from __future__ import annotations

FIRST_PAUSE_SECONDS = 0.1
MAX_PAUSE_SECONDS = 10.0

SETTLED_SECONDS = 10.0
"""A worker that has run for so long has started well, whatever ended it."""

MAX_FAILURES = 10
"""Failures in a row, within about a minute: as long as a restart of the database takes."""


class Restarts:
    """The ends of the workers of one slot. failures: those in a row that came soon after the start."""

    def __init__(self) -> None:
        self.failures = 0

    def pause_seconds(self, ran_seconds: float) -> float | None:
        """Return how long to wait before the next start; None to give up.

        ran_seconds: from when the worker that ended was ready to its end; 0 if it never was.
        """
        self.failures = self.failures + 1 if ran_seconds < SETTLED_SECONDS else 1
        if self.failures >= MAX_FAILURES:
            return None
        return min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** (self.failures - 1))
