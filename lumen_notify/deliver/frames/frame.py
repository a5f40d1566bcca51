"""Frame: what every event's frame can do."""

from __future__ import annotations

from abc import ABC, abstractmethod

from lumen_notify.deliver.frames.chunks import chunk
from lumen_notify.deliver.frames.counters import Counters, Spread
from lumen_notify.model import CloseReason, Event

MAX_REMEMBERED = 256
"""Results kept per frame: users with the same numbers share them, and the bytes."""

NOT_SHOWN = b""

Shown = tuple[Counters, bytes]
"""A reader's numbers after a frame, and its chunk; NOT_SHOWN if it is not for him."""


class Frame(ABC):
    """One event, ready to be shown to anybody it concerns.

    room_id: in which room it has happened, None for no room; it is for those who are in it then.
    ends: why the streams that it is shown to end, None if they go on. is_recount: what follows from it
    for somebody who has just come is in the database alone.
    """

    __slots__ = ("_id", "audience", "kind", "position", "room_id")

    ends: CloseReason | None = None

    def __init__(self, event: Event, epoch: str) -> None:
        self.position = event.position
        self.audience = event.audience
        self.kind = event.kind
        self.room_id = event.audience.room_id
        self._id = f"{epoch}-{event.position}"

    @property
    def is_recount(self) -> bool:
        """Whether numbers that were read before it have to be read again."""
        return False

    @property
    @abstractmethod
    def size_bytes(self) -> int:
        """About what it takes in memory and on the wire."""

    @abstractmethod
    def show(self, counters: Counters, user_id: str) -> Shown:
        """Follow the log by this event, for a user who is in its room; his numbers are known up to it."""

    def advance(self, spread: Spread, total: int, user_id: str) -> tuple[Spread, int, bytes]:
        """Do what `show` does, for numbers as a channel keeps them."""
        counters, chunks = self.show(spread.counters(total), user_id)
        return Spread.of(counters), counters.total, chunks

    @abstractmethod
    def again(self, counters: Counters, user_id: str) -> bytes:
        """Make the chunk for a replay, with the user's numbers of now; NOT_SHOWN if it is not for him."""

    def forget(self) -> None:  # noqa: B027 - most have remembered nothing
        """Drop what was remembered, once the fan-out is over: frames are kept long for replay."""

    def _chunk(self, data: str, name: str | None = None) -> bytes:
        event = "" if name is None else f"event: {name}\n"
        return chunk(f"id: {self._id}\n{event}data: {data}\n\n".encode())
