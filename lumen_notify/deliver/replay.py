"""Replay: the newest events, kept in memory so that a reconnect storm does not reach the database.

Promises: an answer is complete or None, never partial; it never has the text of an event from before it was
rewritten: until the event is read again (`replace`), it counts as not kept. A frame is built when it is first
needed, and then kept. Most frames are never built, because most events concern no user who is connected here.
"""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Collection, Iterable, Sequence
from heapq import merge
from itertools import islice
from operator import attrgetter

from lumen_notify.deliver.frames import Frame, frame_of
from lumen_notify.model import LIST, Audience, Event, check_of
from lumen_notify.model.encoding import encoded_bytes

MAX_BYTES = 64 * 1024 * 1024
"""The most memory that the kept events may take, however few they are."""

ENTRY_BYTES = 1200
"""About how much memory an event takes besides its body: the entry, its place here, and the frame."""

PIECES_BYTES = 400
"""About how much more an event takes for each text that it shares: the pieces of its frame."""

_POSITION = attrgetter("position")


class Entry:
    """A kept event, or the frame that was built from it.

    size_bytes: about how much memory it takes. shared: besides it, the texts that it shares with others.
    users: of an event for a list. earlier, later: the kept entries of the same audience beside it.
    """

    __slots__ = (
        "_content",
        "_created_at",
        "_epoch",
        "audience",
        "earlier",
        "later",
        "position",
        "shared",
        "size_bytes",
        "users",
    )

    def __init__(self, event: Event, epoch: str) -> None:
        self.position = event.position
        self.audience = event.audience
        self._epoch = epoch
        self._created_at = event.created_at
        self._content: Event | Frame | None = event
        self.size_bytes = _size_of(event)
        self.shared = event.shared
        self.users = frozenset(event.users)
        self.earlier: Entry | None = None
        self.later: Entry | None = None

    def take(self, event: Event) -> None:
        """Keep the event, as it is now in the log."""
        self.size_bytes = _size_of(event)
        self.shared = event.shared
        self.users = frozenset(event.users)
        self._content = event

    @property
    def is_outdated(self) -> bool:
        """Whether the event was rewritten and not read again since."""
        return self._content is None

    def drop_content(self) -> None:
        """Forget the event's text."""
        self._content = None

    @property
    def frame(self) -> Frame:
        """The event's frame; the same object each time. Not of an outdated one."""
        assert self._content is not None
        if isinstance(self._content, Event):
            self._content = frame_of(self._content, self._epoch)
        return self._content

    @property
    def kind(self) -> str | None:
        """The event's kind; None of an outdated one."""
        return None if self._content is None else self._content.kind

    @property
    def check(self) -> str:
        """The event's check: see `model.Cursor`."""
        return check_of(self.audience, self._created_at)


class Replay:
    """The entries, linked by audience: most audiences have one, and a list of their own would be larger.

    floor: the position before the first event that is kept. outdated: the positions of kept events that were
    rewritten, and must be read again. size_bytes: about how much memory the entries take.
    check: of the event at `position`; None if it is not known.
    """

    def __init__(self, *, position: int, max_events: int, check: str | None = None) -> None:
        self.floor = position
        self._floor_check = check
        self._max_events = max_events
        self._order: deque[Entry] = deque()
        self._newest: dict[Audience, Entry] = {}  # of each audience
        self._uses: Counter[int] = Counter()  # by the identity of a shared text: entries that keep it
        self.size_bytes = 0
        self.outdated: set[int] = set()

    def append(self, entries: Sequence[Entry]) -> None:
        """Add new entries, contiguous with the kept ones; drop the oldest beyond the bounds."""
        for entry in entries:
            self._order.append(entry)
            earlier = self._newest.get(entry.audience)
            if earlier is not None:
                entry.earlier = earlier
                earlier.later = entry
            self._newest[entry.audience] = entry
            self.size_bytes += entry.size_bytes
            if entry.shared:
                self._add_texts(entry)
        dropped = None
        while len(self._order) > self._max_events or self.size_bytes > MAX_BYTES:
            dropped = self._drop_oldest()
        if dropped is not None:
            self._floor_check = dropped.check

    def frames_after(
        self, position: int, audiences: Sequence[Audience], *, limit: int | None = None
    ) -> list[Frame] | None:
        """Return the frames of some audiences after a position, ascending; None if some are no longer kept.

        limit: the most to return, the first ones; None for all.
        """
        if position < self.floor:
            return None
        found = [self._after(position, audience) for audience in audiences if audience in self._newest]
        if LIST in self._newest:
            users = {audience.user_id for audience in audiences if audience.is_personal}
            lists = self._after(position, LIST)
            found.append([entry for entry in lists if not entry.users.isdisjoint(users)])
        merged = found[0] if len(found) == 1 else merge(*found, key=_POSITION)
        entries = list(islice(merged, limit))
        if self.outdated and any(entry.is_outdated for entry in entries):
            return None
        return [entry.frame for entry in entries]

    def frames_of_kind(self, kind: str, position: int, audience: Audience) -> list[Frame]:
        """Return the kept frames of one kind for an audience after a position, ascending."""
        return [entry.frame for entry in self._after(position, audience) if entry.kind == kind]

    def check_at(self, position: int) -> str | None:
        """Return the check of the event at a position from the floor on; None if it is not known."""
        number = position - self.floor
        if number == 0:
            return self._floor_check
        return self._order[number - 1].check if 0 < number <= len(self._order) else None

    def drop_rewritten(self, positions: Iterable[int]) -> None:
        """Forget the text of events that were rewritten in the log."""
        for position in positions:
            if (entry := self._entry_at(position)) is not None:
                entry.drop_content()
                self.outdated.add(position)

    def replace(self, asked: Collection[int], events: Iterable[Event]) -> None:
        """Keep rewritten events that were read again.

        asked: the positions that were read. An event that the log no longer has was trimmed, or the log is
        another one: it is dropped here, too, with those before it.
        """
        found = {
            event.position: event for event in events if self.check_at(event.position) in (None, event.check)
        }
        trimmed = max((position for position in asked if position not in found), default=0)
        while self._order and self._order[0].position <= trimmed:
            self._floor_check = self._drop_oldest().check
        self.outdated.difference_update(asked)
        for event in found.values():
            entry = self._entry_at(event.position)
            if entry is not None and entry.is_outdated:
                self._subtract(entry)
                entry.take(event)
                self.size_bytes += entry.size_bytes
                self._add_texts(entry)

    def reset_to(self, position: int, check: str | None) -> None:
        """Drop all entries; continue after a position."""
        self._floor_check = check
        self._order.clear()
        self._newest.clear()
        self._uses.clear()
        self.size_bytes = 0
        self.outdated.clear()
        self.floor = position

    def _add_texts(self, entry: Entry) -> None:
        for text in entry.shared:
            if not self._uses[id(text)]:
                self.size_bytes += _bytes_of(text.text)
            self._uses[id(text)] += 1

    def _subtract(self, entry: Entry) -> None:
        self.size_bytes -= entry.size_bytes
        for text in entry.shared:
            self._uses[id(text)] -= 1
            if not self._uses[id(text)]:
                del self._uses[id(text)]
                self.size_bytes -= _bytes_of(text.text)

    def _entry_at(self, position: int) -> Entry | None:
        number = position - self.floor - 1
        return self._order[number] if 0 <= number < len(self._order) else None

    def _drop_oldest(self) -> Entry:
        """Drop the oldest entry, and return it: its check becomes that of the floor."""
        entry = self._order.popleft()
        if entry.later is None:
            del self._newest[entry.audience]
        else:
            entry.later.earlier = None
        self._subtract(entry)
        self.outdated.discard(entry.position)
        self.floor = entry.position
        return entry

    def _after(self, position: int, audience: Audience) -> list[Entry]:
        """Return the entries of an audience after a position, ascending. They are found from the newest on: a
        reconnect usually missed little."""
        found: list[Entry] = []
        entry = self._newest.get(audience)
        while entry is not None and entry.position > position:
            found.append(entry)
            entry = entry.earlier
        found.reverse()
        return found


def _size_of(event: Event) -> int:
    """Return about how much memory an event takes: at most, since a frame keeps its body as a string or
    encoded."""
    own = _bytes_of(event.body) if event.has_own_body else 0
    return ENTRY_BYTES + own + PIECES_BYTES * len(event.shared) + event.users_bytes


def _bytes_of(text: str) -> int:
    return len(text) if text.isascii() else max(sys.getsizeof(text), encoded_bytes(text))
