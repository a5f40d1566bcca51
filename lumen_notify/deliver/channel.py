"""Channel: one connected user; his counters, his open streams, and his frames.

Promise: every stream of the user gets the same chunks in the same order, with the counts that hold
at that position.
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.deliver.frames import Counters, Frame
from lumen_notify.deliver.outlet import Outlet
from lumen_notify.model import EVERYONE, Counts, user_audience


class Channel:
    """One user, here. position: up to which events are counted and shown; counters is None until
    the first count is there. joining: streams that are on their way in."""

    __slots__ = ("counters", "joining", "outlets", "position", "user_id")

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.counters: Counters | None = None
        self.position = 0
        self.outlets: list[Outlet] = []
        self.joining = 0

    @property
    def audiences(self) -> tuple[str, ...]:
        """Whose events concern this user."""
        return (user_audience(self.user_id), EVERYONE)

    @property
    def is_unused(self) -> bool:
        """Nobody is here, and nobody is on the way."""
        return not self.outlets and not self.joining

    def start(self, counts: Counts, later: Sequence[Frame], position: int) -> None:
        """Begin to count. later: the user's frames after the counts' position, up to `position`.

        Nothing happens if it has begun: a stream that came a moment earlier has started it, and a
        second start in the middle of a fan-out would hide the fan-out's frames from that stream.
        """
        if self.counters is not None:
            return
        self.counters = Counters(counts)
        for frame in later:
            self.counters.apply(frame)
        self.position = position

    def show(self, frames: Sequence[Frame], position: int, second: int) -> None:
        """Count new frames and send them to every stream. position: of the newest event of all;
        second: of the wheel's clock, now."""
        self.position = position
        if self.counters is None:
            return  # still loading: `start` will count them
        chunks = []
        for frame in frames:
            self.counters.apply(frame)
            chunks.append(frame.encode(self.counters))
        if chunks:
            for outlet in tuple(self.outlets):  # one that is too slow leaves the list
                outlet.written_at = second
                outlet.write(chunks)
