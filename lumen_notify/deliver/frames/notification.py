"""Notification: the frames of a new notification, and of one whose content has changed.

The first is the frame of broadcasts, so it computes the next shape once for each shape of counts, and the
bytes once for each total: only the count in them differs by user.
"""

from __future__ import annotations

from lumen_notify.deliver.frames.chunks import chunk
from lumen_notify.deliver.frames.count_shape import CountShape
from lumen_notify.deliver.frames.frame import MAX_CACHED, NOT_SHOWN, Applied, Frame
from lumen_notify.model import Counts, Event, escape_line_separators, to_json
from lumen_notify.model.encoding import encoded_bytes
from lumen_notify.model.events import NotificationEdited, NotificationPublished
from lumen_notify.model.shared_text import Pieces, joined, pieces_of


class NotificationFrame(Frame):
    """One more unread notification of a category.

    A frame for one user keeps the text, which it may share with frames for others, and encodes it when the
    user gets it. A frame for many encodes it once.

    next_shapes: the shape that each shape becomes, None if the category is silenced. encoded: chunks by the
    total that they show. Both are caches of one fan-out.
    """

    __slots__ = ("_head", "_notification", "_openings", "_tail", "category", "encoded", "next_shapes")

    def __init__(self, event: Event, epoch: str, payload: NotificationPublished) -> None:
        super().__init__(event, epoch)
        self.category = event.category or ""
        opening = f'id: {self._id}\ndata: {{"type":{to_json(self.category)},"unread_count":'
        self._head = opening.encode()
        # One of the two: a text that frames share, or its bytes.
        self._notification: Pieces = ""
        if event.audience.is_personal:
            text = payload.notification
            self._notification = pieces_of(text, event.shared) if event.shared else text
        self._tail = None if event.audience.is_personal else _tail(payload.notification)
        self._openings: dict[int, bytes] = {}
        self.next_shapes: dict[CountShape, CountShape | None] = {}
        self.encoded: dict[int, bytes] = {}

    @property
    def size_bytes(self) -> int:
        """About what the frame takes in memory and on the wire."""
        if self._tail is None:
            return len(self._head) + encoded_bytes(joined(self._notification))
        return len(self._head) + len(self._tail)

    def apply(self, counts: Counts, user_id: str) -> Applied:  # noqa: ARG002 - the same for all users
        """Count it, unless the user has silenced its category."""
        if self.category in counts.silent:
            return counts, NOT_SHOWN
        after = counts.with_one_more(self.category)
        return after, self._encode(after.total)

    def apply_compact(self, shape: CountShape, total: int, user_id: str) -> tuple[CountShape, int, bytes]:  # noqa: ARG002
        """Do what `apply` does, without building counts."""
        after = self.next_shapes[shape] if shape in self.next_shapes else self.next_shape(shape)
        if after is None:
            return shape, total, NOT_SHOWN
        return after, total + 1, self.encode(total + 1)

    def render_replay(self, counts: Counts, user_id: str) -> bytes:  # noqa: ARG002 - the same for all users
        """Show it with the current count."""
        return NOT_SHOWN if self.category in counts.silent else self._encode(counts.total)

    def next_shape(self, shape: CountShape) -> CountShape | None:
        """Return what a shape becomes; None if the category is silenced, so that nothing is shown."""
        after = shape.with_one_more(self.category)
        if len(self.next_shapes) < MAX_CACHED:
            self.next_shapes[shape] = after
        return after

    def encode(self, total: int) -> bytes:
        """Return the chunk that shows a total, and keep it until the fan-out ends."""
        known = self.encoded.get(total)
        if known is not None:
            return known
        chunks = self._encode(total)
        if len(self.encoded) < MAX_CACHED:
            self.encoded[total] = chunks
        return chunks

    def _encode(self, total: int) -> bytes:
        digits = b"%d" % total
        if self._tail is None:
            return chunk(b"".join((self._head, digits, _tail(joined(self._notification)))))
        opening = self._openings.get(len(digits))
        if opening is None:  # the chunk's size and the head, for a count of so many digits
            size = len(self._head) + len(digits) + len(self._tail)
            opening = self._openings[len(digits)] = b"%x\r\n%b" % (size, self._head)
        return b"".join((opening, digits, self._tail, b"\r\n"))

    def clear_cache(self) -> None:
        """Drop what was cached."""
        self.next_shapes.clear()
        self.encoded.clear()
        self._openings.clear()


class NotificationEditedFrame(Frame):
    """Another content. It changes no count and shows none."""

    __slots__ = ("_category", "_data", "_published_position")

    def __init__(self, event: Event, epoch: str, payload: NotificationEdited) -> None:
        super().__init__(event, epoch)
        self._category = event.category
        self._data = pieces_of(to_json(payload.data), event.shared)
        self._published_position = payload.position

    @property
    def size_bytes(self) -> int:
        """About what the frame takes in memory and on the wire."""
        return encoded_bytes(joined(self._data)) + 200

    def apply(self, counts: Counts, user_id: str) -> Applied:
        """Leave the counts as they are."""
        return counts, self.render_replay(counts, user_id)

    def render_replay(self, counts: Counts, user_id: str) -> bytes:  # noqa: ARG002 - the counts decide
        """Show it, unless the user has silenced its category, or joined the room after it was published."""
        if self._category in counts.silent or self._is_from_before(counts):
            return NOT_SHOWN
        return self._chunk(f'{{"data":{joined(self._data)}}}', self.kind)

    def _is_from_before(self, counts: Counts) -> bool:
        if self.room_id is None or self._published_position is None:
            return False
        return self._published_position <= counts.since.get(self.room_id, 0) < self.position


def _tail(notification: str) -> bytes:
    return f',"data":{escape_line_separators(notification)}}}\n\n'.encode()
