"""Delivery times: how long events take from their commit to the streams here.

Promise: nothing is measured per stream. There is one observation for each transaction of this instance and
one for each fan-out, and only if anything was written on a stream.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from lumen_notify.metrics import Metrics


class _Committed(NamedTuple):
    """A transaction of this instance whose events are not delivered yet. position: of the last of them. at,
    accepted_at: of the commit, and of the oldest command; monotonic seconds."""

    position: int
    at: float
    accepted_at: float


class DeliveryTimes:
    """Observes them. clock: monotonic seconds; wall_clock: milliseconds."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float], wall_clock: Callable[[], int]) -> None:
        self._metrics = metrics
        self._clock = clock
        self._wall_clock = wall_clock
        self._committed: deque[_Committed] = deque()
        self._is_written = False

    def committed(self, position: int, accepted_at: float | None) -> None:
        """Take note of a transaction that this instance has just committed. accepted_at: when its oldest
        command was accepted; None if that is not known."""
        now = self._clock()
        self._committed.append(_Committed(position, now, now if accepted_at is None else accepted_at))

    def fanned_out(self, position: int, created_at: int, *, is_written: bool) -> None:
        """Take note of the end of a fan-out. position: of its last event. created_at: of its first one, in
        ms. is_written: whether anything was written on a stream."""
        if is_written:
            age_ms = self._wall_clock() - created_at
            self._metrics.event_age_seconds.observe(max(0, age_ms) / 1000)
        self._is_written = self._is_written or is_written
        if not self._committed or self._committed[0].position > position:
            return  # of another instance, or the first part of a large transaction
        now = self._clock()
        while self._committed and self._committed[0].position <= position:
            one = self._committed.popleft()
            if self._is_written:
                self._metrics.commit_to_write_seconds.observe(now - one.at)
                self._metrics.accept_to_write_seconds.observe(now - one.accepted_at)
        self._is_written = False

    def forget(self) -> None:
        """Drop what was committed to a log that does not go on."""
        self._committed.clear()
