"""Notification: one more of a category. The frame of broadcasts: what it makes of numbers is remembered."""

from __future__ import annotations

from lumen_notify.deliver.frames.counters import Counters, Spread
from lumen_notify.deliver.frames.frame import MAX_REMEMBERED, NOT_SHOWN, Frame, Shown
from lumen_notify.model import Event, to_json


class Notification(Frame):
    """One more of a category. followed: what spreads became; made: chunks, by the total that they show."""

    __slots__ = ("_head", "_openings", "_tail", "category", "followed", "made")

    def __init__(self, event: Event, epoch: str) -> None:
        super().__init__(event, epoch)
        assert event.category is not None
        self.category = event.category
        opening = f'id: {self._id}\ndata: {{"type":{to_json(event.category)},"unread_count":'
        self._head = opening.encode()
        self._tail = f',"data":{event.body}}}\n\n'.encode()
        self._openings: dict[int, bytes] = {}
        self.followed: dict[Spread, Spread | None] = {}
        self.made: dict[int, bytes] = {}

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory and on the wire."""
        return len(self._head) + len(self._tail)

    def show(self, counters: Counters, user_id: str) -> Shown:  # noqa: ARG002 - it is the same for all
        """Count it, unless the user has silenced its category."""
        if self.category in counters.silent:
            return counters, NOT_SHOWN
        after = counters.with_one_more(self.category)
        return after, self.encode(after.total)

    def advance(self, spread: Spread, total: int, user_id: str) -> tuple[Spread, int, bytes]:  # noqa: ARG002
        """Do what `show` does, without making counters."""
        after = self.followed[spread] if spread in self.followed else self.follow(spread)
        if after is None:
            return spread, total, NOT_SHOWN
        return after, total + 1, self.encode(total + 1)

    def again(self, counters: Counters, user_id: str) -> bytes:  # noqa: ARG002 - it is the same for all
        """Show it with the numbers of now."""
        return NOT_SHOWN if self.category in counters.silent else self.encode(counters.total)

    def follow(self, spread: Spread) -> Spread | None:
        """Return what a spread becomes; None if the category is silenced, so that nothing is shown."""
        after = spread.with_one_more(self.category)
        if len(self.followed) < MAX_REMEMBERED:
            self.followed[spread] = after
        return after

    def encode(self, total: int) -> bytes:
        """Put the count between head and tail: it alone differs by user."""
        known = self.made.get(total)
        if known is not None:
            return known
        digits = b"%d" % total
        opening = self._openings.get(len(digits))
        if opening is None:  # the chunk's size and the head, for numbers of so many digits
            size = len(self._head) + len(digits) + len(self._tail)
            opening = self._openings[len(digits)] = b"%x\r\n%b" % (size, self._head)
        chunks = b"".join((opening, digits, self._tail, b"\r\n"))
        if len(self.made) < MAX_REMEMBERED:
            self.made[total] = chunks
        return chunks

    def forget(self) -> None:
        """Drop what was remembered."""
        self.followed.clear()
        self.made.clear()
        self._openings.clear()
