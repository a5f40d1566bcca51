"""Memberships: which events of the log are a user's."""

from __future__ import annotations

from lumen_notify.deliver.frames import Frame, frame_of
from lumen_notify.deliver.streams.memberships import END_OF_LOG, Memberships, audiences_of
from lumen_notify.model import EVERYONE, Audience, AudienceSpan, Counts, Event
from lumen_notify.model.events import MessageSent, RoomLeft
from lumen_notify.model.events.rooms import LeftData

ANN, ROOM = Audience.user("ann"), Audience.room("r")


def message(position: int) -> Frame:
    payload = MessageSent(sender_id="bob", message="{}")
    return frame_of(_event(position, ROOM, payload.kind, payload.encode()), "e")


def departure(position: int, joined: int) -> Frame:
    data = LeftData(room_id="r", since=joined, reason="left", by="ann")
    payload = RoomLeft.of(Counts({}), data)
    return frame_of(_event(position, ANN, payload.kind, payload.encode()), "e")


def _event(position: int, audience: Audience, kind: str, body: str) -> Event:
    return Event(position=position, audience=audience, kind=kind, category=None, body=body, created_at=0)


def test_user_belongs_to_their_own_audience_to_everyone_and_to_their_rooms() -> None:
    assert audiences_of("ann", {"r": 0, "q": 7}) == ["user:ann", EVERYONE, "room:r", "room:q"]
    both = Memberships("ann", {"r": 30}, [departure(20, 10), message(5)])
    assert both.audiences == ["user:ann", EVERYONE, "room:r"]


def test_events_of_a_room_are_the_users_between_joining_and_leaving() -> None:
    memberships = Memberships("ann", {"r": 30}, [departure(20, 10)])
    included = [position for position in range(1, 40) if memberships.includes(message(position))]
    assert included == [*range(11, 20), *range(31, 40)]
    assert memberships.includes(departure(20, 10)), "events of the user belong to no room"


def test_spans_are_those_of_the_memberships_between_two_positions() -> None:
    memberships = Memberships("ann", {"r": 30}, [departure(20, 10)])

    def spans(after: int, up_to: int) -> list[AudienceSpan]:
        (ann, everyone, *rooms) = memberships.spans(after, up_to)
        assert (ann.audience, everyone.audience) == (ANN, EVERYONE)
        assert (ann.after, ann.up_to) == (everyone.after, everyone.up_to) == (after, up_to)
        assert {span.audience for span in rooms} <= {ROOM}
        return rooms

    assert spans(0, 40) == [span(30, 40), span(10, 19)]
    assert spans(15, 17) == [span(15, 17)]
    assert spans(19, 30) == []
    assert spans(0, END_OF_LOG) == [span(30, END_OF_LOG - 1), span(10, 19)]


def span(after: int, up_to: int) -> AudienceSpan:
    return AudienceSpan(audience=ROOM, after=after, up_to=up_to)
