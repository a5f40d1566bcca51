"""Announcements: events that were announced and not delivered yet, and which of them continue what was.

Promise: an event is taken only when it follows on the newest one, by its position and by the check of the
event before it. What other instances say is a hint: it takes a bounded amount of memory, in any order, as
often as it likes, and whether it is true or not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import NamedTuple

from lumen_notify.model import Cursor, Event
from lumen_notify.model.event import characters_of

MAX_HINTED_BYTES = 4 * 1024 * 1024
MAX_HINTS = 10_000
"""Hints beyond these bounds are dropped: the log has their events."""

CheckAt = Callable[[int], str | None]
"""Returns the check of a delivered event; None if it is no longer known."""


class Announcement(NamedTuple):
    """Events, ascending and contiguous. follows: the check of the event before them; None at the start of the
    log. is_own: this instance has committed them, so that they are in the log."""

    events: Sequence[Event]
    follows: str | None
    is_own: bool

    @property
    def first(self) -> int:
        """The position of the first event."""
        return self.events[0].position

    def after(self, position: int) -> Announcement:
        """Return the part after a position, which may be empty."""
        number = min(max(0, position + 1 - self.first), len(self.events))
        follows = self.events[number - 1].check if number else self.follows
        return Announcement(self.events[number:], follows, self.is_own)


class Taken(NamedTuple):
    """What was announced since the last time.

    fresh: events that continue what was delivered. later: announcements after a gap. contradictions: those
    that say that another event is where one was delivered. has_hints: whether `fresh` has hinted events.
    """

    fresh: list[Event]
    later: list[Announcement]
    contradictions: list[Announcement]
    has_hints: bool


class Announcements:
    """Collects them. hinted_head: the newest position that another instance has named, and that a read must
    show."""

    def __init__(self) -> None:
        self.hinted_head = 0
        self._own: list[Announcement] = []
        self._hints: list[Announcement] = []
        self._hinted_bytes = 0

    @property
    def has_own(self) -> bool:
        """Whether own events wait."""
        return bool(self._own)

    @property
    def positions(self) -> set[int]:
        """The positions of the events that wait."""
        return {event.position for one in (*self._own, *self._hints) for event in one.events}

    def add(self, events: Sequence[Event], follows: str | None) -> None:
        """Add events that this instance has committed."""
        self._own.append(Announcement(events, follows, is_own=True))

    def add_hint(self, events: Sequence[Event], follows: str | None) -> None:
        """Add events that another instance says to have committed."""
        self._keep_hint(Announcement(events, follows, is_own=False))

    def put_back(self, later: Sequence[Announcement]) -> None:
        """Add announcements that were taken, to be taken again."""
        for one in later:
            if one.is_own:
                self._own.append(one)
            else:
                self._keep_hint(one)

    def take(self, newest: Cursor, check_at: CheckAt) -> Taken:
        """Take all that were added. newest: the place of the newest delivered event."""
        announced = sorted([*self._own, *self._hints], key=attrgetter("first"))
        self._own, self._hints, self._hinted_bytes = [], [], 0
        taken = Taken([], [], [], has_hints=False)
        position, check = newest.position, newest.check
        for one in announced:
            new = one.after(position)
            if len(new.events) < len(one.events):
                before = position if new.events else one.events[-1].position
                known = taken.fresh[before - newest.position - 1].check if before > newest.position else None
                known = known or check_at(before)
                if known != new.follows:
                    if one.is_own or known is not None:
                        taken.contradictions.append(one)
                    continue  # one that is no longer known is an old hint
            if not new.events:
                continue
            if new.first > position + 1:
                taken.later.append(new)
            elif new.follows != check:
                taken.contradictions.append(one)
            else:
                taken.fresh.extend(new.events)
                position, check = new.events[-1].position, new.events[-1].check
                taken = taken._replace(has_hints=taken.has_hints or not one.is_own)
        return taken

    def _keep_hint(self, hint: Announcement) -> None:
        size_bytes = characters_of(hint.events)
        if len(self._hints) >= MAX_HINTS or self._hinted_bytes + size_bytes > MAX_HINTED_BYTES:
            self.hinted_head = max(self.hinted_head, hint.events[-1].position)
            return
        self._hints.append(hint)
        self._hinted_bytes += size_bytes
