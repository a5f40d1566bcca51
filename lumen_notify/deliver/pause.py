"""Pause: whether this process was paused, as by SIGSTOP, a debugger or the host of a virtual machine.

Meanwhile its database may have become another one. What it was about to announce, and the hints that wait for
it, may be of the lost time: they are checked against the log first.
"""

from __future__ import annotations

from collections.abc import Callable

PAUSE_SECONDS = 3.0
"""A process that has done nothing for so long was paused."""

DOUBT_SECONDS = 10.0
"""For how long after a pause hints may be from before it."""


class Pause:
    """Notes pauses. must_verify: the process was paused, and has not read the log since. clock: monotonic
    seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.must_verify = False
        self._clock = clock
        self._awake_at = clock()
        self._doubt_until = float("-inf")

    @property
    def may_hints_be_old(self) -> bool:
        """Whether hints may be from before a pause."""
        return self._clock() < self._doubt_until

    def note(self) -> None:
        """Note that the process runs."""
        now = self._clock()
        if now - self._awake_at > PAUSE_SECONDS:
            self.must_verify = True
            self._doubt_until = now + DOUBT_SECONDS
        self._awake_at = now
