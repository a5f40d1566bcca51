"""Tail ends: what the tail reads from, and what it delivers to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from lumen_notify.commit.log import Head
from lumen_notify.deliver.replay import Replay
from lumen_notify.model import Audience, Cursor, Event, ResetReason


class LogReader(Protocol):
    """The part of `commit.log.Log` that the tail needs."""

    async def follow(self, cursor: Cursor) -> Sequence[Event] | ResetReason:
        """Read the next events after a cursor, ascending and contiguous; empty at the end of the log. Or
        return why the log does not continue from the cursor."""

    async def head(self) -> Head:
        """Read the end of the log."""

    async def at(self, positions: Sequence[int]) -> Sequence[Event]:
        """Read the events at some positions, at most MAX_READ_AGAIN; those that were trimmed are missing."""


class EventHub(Protocol):
    """The part of `deliver.hub.Hub` that the tail needs. deliveries: how many frames users have been sent."""

    deliveries: int

    @property
    def cursor(self) -> Cursor:
        """The place of the newest event that was delivered."""

    def check_at(self, position: int) -> str | None:
        """Return the check of an event that was delivered; None if it is no longer known."""

    @property
    def replay(self) -> Replay:
        """The newest events in memory."""

    def subscriber_count(self, audience: Audience, users: Sequence[str] = ()) -> int:
        """Return how many channels belong to an audience, or to the users of a list."""

    def unknown_users(self, known: Collection[str]) -> list[str]:
        """Return the users with an open stream who are not in `known`."""

    def fan_out(
        self, events: Sequence[Event], readers: Mapping[str, frozenset[str]] | None = None
    ) -> Iterator[None]:
        """Deliver contiguous events; each `next` does one chunk of the work."""

    def reset_to(self, cursor: Cursor, reason: ResetReason) -> None:
        """Close all streams, and go on from another place of the log."""
