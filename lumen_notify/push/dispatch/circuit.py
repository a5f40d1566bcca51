"""Circuit: whether a service takes pushes at the moment. No I/O.

| state | a push | becomes |
|---|---|---|
| closed | goes | open after FAILURES in a row, or when the service asks to wait |
| open | waits until the pause is over; then a single one tries | closed if that succeeds, else open |
"""

from __future__ import annotations

from collections.abc import Callable

FAILURES = 5
"""Failures in a row after which a service counts as failing."""

FIRST_PAUSE_SECONDS = 2.0
MAX_PAUSE_SECONDS = 120.0
"""The pause doubles from the first to the second."""

MAX_ASKED_SECONDS = 3600.0
"""The longest pause that a service gets if it asks for one."""

TRYING_SECONDS = 1.0
"""How long the others wait while a single push tries."""


class Circuit:
    """The circuit of one service. clock: monotonic seconds.

    is_proven: whether the service has taken or refused the last push: it works. is_slow: whether it has taken
    long for the last one.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.is_proven = False
        self.is_slow = False
        self._clock = clock
        self._failures = 0
        self._pauses = 0
        self._opens_until: float | None = None  # None: closed
        self._is_trying = False

    @property
    def is_open(self) -> bool:
        """Whether the service is failing, or asks to wait."""
        return self._opens_until is not None

    @property
    def wait_seconds(self) -> float:
        """How long a push has to wait; 0 if it may go."""
        if self._opens_until is None:
            return 0.0
        return max(self._opens_until - self._clock(), TRYING_SECONDS if self._is_trying else 0.0)

    def enter(self) -> bool:
        """Begin a push, which may go. Return whether it tries for all others. It ends by one of the methods
        below, which want to know this."""
        is_trial = self.is_open
        self._is_trying |= is_trial
        return is_trial

    def succeed(self, *, is_trial: bool) -> None:
        """End a push that the service has answered."""
        self.leave(is_trial=is_trial)
        self.is_proven = True
        self._failures = self._pauses = 0
        self._opens_until = None

    def fail(self, asked_seconds: float | None, *, is_trial: bool) -> None:
        """End a push that the service has not taken. asked_seconds: how long it asks to wait."""
        self.leave(is_trial=is_trial)
        self.is_proven = False
        self._failures += 1
        if asked_seconds is not None or is_trial or (self._failures >= FAILURES and not self.is_open):
            if is_trial or not self.is_open:
                self._pauses += 1
            pause = min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(self._pauses - 1, 10))
            # Who asks for no pause is not asked in a loop.
            self._open(min(max(asked_seconds or 0.0, pause), MAX_ASKED_SECONDS))

    def leave(self, *, is_trial: bool) -> None:
        """End a push of which nothing is known."""
        if is_trial:
            self._is_trying = False

    def _open(self, seconds: float) -> None:
        until = self._clock() + seconds
        self._opens_until = until if self._opens_until is None else max(until, self._opens_until)
