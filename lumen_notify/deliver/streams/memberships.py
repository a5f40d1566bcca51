"""Memberships: which events a user gets, of those in the log.

A user gets their own events and those for everyone, and a room's events while they are a member: after the
position at which they joined, up to their `left` event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lumen_notify.deliver.frames import AbsoluteCountsFrame, Frame
from lumen_notify.model import EVERYONE, Audience, AudienceSpan

END_OF_LOG = 2**63 - 1
"""After every position."""


def audiences_of(user_id: str, rooms: Iterable[str]) -> list[Audience]:
    """Return the audiences that a user in some rooms belongs to."""
    return [Audience.user(user_id), EVERYONE, *map(Audience.room, rooms)]


class Memberships:
    """The rooms of one user. since: those that the user is in, with the position at which they joined.
    departures: the frames of rooms that the user has left; others among them are ignored."""

    __slots__ = ("_rooms", "audiences")

    def __init__(self, user_id: str, since: Mapping[str, int], departures: Iterable[Frame]) -> None:
        self._rooms = [(room_id, joined, END_OF_LOG) for room_id, joined in since.items()]
        self._rooms += [
            (*frame.left, frame.position)
            for frame in departures
            if isinstance(frame, AbsoluteCountsFrame) and frame.left is not None
        ]
        self.audiences = audiences_of(user_id, dict.fromkeys(room_id for room_id, _, _ in self._rooms))

    def includes(self, frame: Frame) -> bool:
        """Return whether a frame of one of the audiences belongs to no room, or to the time of a
        membership."""
        room_id = frame.room_id
        return room_id is None or any(
            room == room_id and joined < frame.position < left for room, joined, left in self._rooms
        )

    def spans(self, after: int, up_to: int) -> Sequence[AudienceSpan]:
        """Return the spans that have all events of the user after a position, up to another."""
        own, everyone = self.audiences[:2]
        spans = [AudienceSpan(audience=one, after=after, up_to=up_to) for one in (own, everyone)]
        for room_id, joined, left in self._rooms:
            first, last = max(after, joined), min(up_to, left - 1)
            if first < last:
                spans.append(AudienceSpan(audience=Audience.room(room_id), after=first, up_to=last))
        return spans
