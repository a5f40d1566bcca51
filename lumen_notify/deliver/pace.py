"""Pace: when the tail reads the log, and when it waits for hints instead.

Promise: the log is read after POLL_SECONDS without progress, and every MAX_UNREAD_POLLS polls even while the
hints of other instances leave no gap. Hints that are wrong cause at most MAX_USELESS_READS reads within
POLL_SECONDS.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from lumen_notify.deliver.announcements import Taken

POLL_SECONDS = 1.0
"""How long nothing may be delivered before the log is read: an event whose announcement was lost is late by
so much at most. It costs an idle instance one short query a second, with any backplane."""

MAX_UNREAD_POLLS = 5
"""After how many polls the log is read, while hints of other instances show no gap: they may be those of a
database that is no longer ours."""

GAP_SECONDS = 0.01
"""How long a gap waits for the hints of other instances, while these arrive: their events are on the way."""

HINTS_SECONDS = 5.0
"""Hints arrive, if one was of use within so many seconds."""

MAX_USELESS_READS = 3
"""Reads within POLL_SECONDS that hints may cause without any new event."""


class Step(Enum):
    """What the tail does next. WAIT: announcements after a gap wait for those before them. REST: it waits for
    the next announcement, or the next poll."""

    READ = auto()
    WAIT = auto()
    REST = auto()


class Pace:
    """Decides from what was announced, delivered and read. clock: monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._read_at = clock()
        self._poll_at = self._read_at + POLL_SECONDS
        self._hint_helped_at = float("-inf")
        self._gap_until: float | None = None
        self._useless_reads = 0
        self._useless_since = float("-inf")
        self._must_sync = False

    @property
    def wait_seconds(self) -> float:
        """How long to wait for an announcement; 0 if the time has come."""
        until = self._poll_at if self._gap_until is None else min(self._poll_at, self._gap_until)
        return max(0.0, until - self._clock())

    def sync(self) -> None:
        """Read the log next, whatever is announced."""
        self._must_sync = True

    def record_progress(self, *, has_hints: bool) -> None:
        """Record that announced events continue what was delivered. has_hints: some are of others."""
        now = self._clock()
        if has_hints:
            self._hint_helped_at = now
        else:
            self._read_at = now  # a commit shows the log's end as a read does
        latest = self._read_at + POLL_SECONDS * MAX_UNREAD_POLLS
        self._poll_at = min(now + POLL_SECONDS, latest)

    def record_read(self) -> None:
        """Record that the log is being read."""
        self._must_sync = False
        self._read_at = self._clock()
        self._poll_at = self._read_at + POLL_SECONDS
        if not self._useless_reads:
            self._useless_since = self._read_at
        self._useless_reads += 1

    def record_found(self) -> None:
        """Record that the read has found something."""
        self._useless_reads = 0

    def next_step(self, taken: Taken, *, has_newer: bool) -> Step:
        """Decide. has_newer: another instance has named a position that is still to come."""
        now = self._clock()
        if now >= self._poll_at:
            self._must_sync = True
        if now - self._useless_since >= POLL_SECONDS:
            self._useless_reads = 0
        has_proof = any(one.is_own for one in taken.contradictions)
        if not self._must_sync and not has_proof and self._may_wait(taken, now):
            return Step.WAIT
        self._gap_until = None
        if self._must_sync or has_proof or any(one.is_own for one in taken.later):
            return Step.READ
        is_hinted = bool(taken.later or taken.contradictions) or has_newer
        return Step.READ if is_hinted and self._useless_reads < MAX_USELESS_READS else Step.REST

    def _may_wait(self, taken: Taken, now: float) -> bool:
        """Return whether hints may still fill the gap."""
        if not taken.later or now - self._hint_helped_at >= HINTS_SECONDS:
            return False
        if self._gap_until is None:
            self._gap_until = now + GAP_SECONDS
        return now < self._gap_until
