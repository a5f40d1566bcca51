"""Frame: the base class of the frames of events."""

from __future__ import annotations

from abc import ABC, abstractmethod

from lumen_notify.deliver.frames.chunks import chunk
from lumen_notify.deliver.frames.count_shape import CountShape
from lumen_notify.model import CloseReason, Counts, Cursor, Event, escape_line_separators

MAX_CACHED = 256
"""Results that a frame keeps during one fan-out: users with the same numbers share them, and their bytes."""

NOT_SHOWN = b""

Applied = tuple[Counts, bytes]
"""A reader's counts after a frame, and the chunk to send; NOT_SHOWN if the reader does not get it."""


class Frame(ABC):
    """One event, ready to be shown to every user it concerns.

    room_id: the room that the event is for, else None; only users who are its members then get it. ends: the
    reason for which the streams that get it end, else None. ended_ids: the ids of these streams; None for all
    of the users whom it concerns.
    """

    __slots__ = ("_id", "audience", "kind", "position", "room_id")

    ends: CloseReason | None = None
    ended_ids: frozenset[str] | None = None

    def __init__(self, event: Event, epoch: str) -> None:
        self.position = event.position
        self.audience = event.audience
        self.kind = event.kind
        self.room_id = event.audience.room_id
        self._id = f"{epoch}-{event.position}-{event.check}"

    @property
    def cursor(self) -> Cursor:
        """The place of the event, as clients send it back."""
        epoch, _, check = self._id.split("-")
        return Cursor(epoch, self.position, check)

    @property
    def requires_recount(self) -> bool:
        """Whether counts that were read from the database before this event must be read again."""
        return False

    @property
    @abstractmethod
    def size_bytes(self) -> int:
        """About what the frame takes in memory and on the wire."""

    @abstractmethod
    def apply(self, counts: Counts, user_id: str) -> Applied:
        """Apply the event to the counts of a user whom it concerns. counts: as of the event before it."""

    def apply_compact(self, shape: CountShape, total: int, user_id: str) -> tuple[CountShape, int, bytes]:
        """Do what `apply` does, for counts as a channel keeps them."""
        counts, chunks = self.apply(shape.counts(total), user_id)
        return CountShape.of(counts), counts.total, chunks

    @abstractmethod
    def render_replay(self, counts: Counts, user_id: str) -> bytes:
        """Return the chunk for a replay, with the user's current counts; NOT_SHOWN if they do not get it."""

    def clear_cache(self) -> None:  # noqa: B027 - most frames cache nothing
        """Drop what was cached during the fan-out: frames are kept for a long time, for replay."""

    def _chunk(self, data: str, name: str | None = None) -> bytes:
        event = "" if name is None else f"event: {name}\n"
        return chunk(f"id: {self._id}\n{event}data: {escape_line_separators(data)}\n\n".encode())
