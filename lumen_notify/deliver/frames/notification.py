"""Notification: one more of a category. The frame of broadcasts: what it makes of numbers is remembered."""

from __future__ import annotations

from lumen_notify.deliver.counters import Counters
from lumen_notify.deliver.frames.frame import MAX_REMEMBERED, NOT_SHOWN, Frame, Shown
from lumen_notify.model import Event, to_json


class Notification(Frame):
    """One more of a category. moved: what came of the numbers so far, by what they were before."""

    __slots__ = ("_by_total", "_head", "_openings", "_tail", "category", "moved")

    def __init__(self, event: Event, epoch: str) -> None:
        super().__init__(event, epoch)
        assert event.category is not None
        self.category = event.category
        opening = f'id: {self._id}\ndata: {{"type":{to_json(event.category)},"unread_count":'
        self._head = opening.encode()
        self._tail = f',"data":{event.body}}}\n\n'.encode()
        self._openings: dict[int, bytes] = {}
        self._by_total: dict[int, bytes] = {}
        self.moved: dict[Counters, Shown] = {}

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory and on the wire."""
        return len(self._head) + len(self._tail)

    def show(self, counters: Counters, user_id: str) -> Shown:  # noqa: ARG002 - it is the same for all
        """Count it, unless the user has silenced its category."""
        shown = self.moved.get(counters)
        if shown is None:
            if self.category in counters.silent:
                shown = counters, NOT_SHOWN
            else:
                after = counters.with_one_more(self.category)
                shown = after, self._encode(after.total)
            if len(self.moved) < MAX_REMEMBERED:
                self.moved[counters] = shown
        return shown

    def again(self, counters: Counters, user_id: str) -> bytes:  # noqa: ARG002 - it is the same for all
        """Show it with the numbers of now."""
        return NOT_SHOWN if self.category in counters.silent else self._encode(counters.total)

    def forget(self) -> None:
        """Drop what was remembered."""
        self.moved.clear()
        self._by_total.clear()
        self._openings.clear()

    def _encode(self, total: int) -> bytes:
        """Put the count between head and tail: it alone differs by user."""
        known = self._by_total.get(total)
        if known is not None:
            return known
        digits = b"%d" % total
        opening = self._openings.get(len(digits))
        if opening is None:  # the chunk's size and the head, for numbers of so many digits
            size = len(self._head) + len(digits) + len(self._tail)
            opening = self._openings[len(digits)] = b"%x\r\n%b" % (size, self._head)
        made = b"".join((opening, digits, self._tail, b"\r\n"))
        if len(self._by_total) < MAX_REMEMBERED:
            self._by_total[total] = made
        return made
