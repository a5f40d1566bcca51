"""Room events: members, titles, and how far each member has read."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from lumen_notify.model.events.payload import CountsPayload, RoomPayload, extensible
from lumen_notify.model.value import value


@extensible
class JoinedData(TypedDict):
    """A room that the user has entered. by: who added them. peer_id: the other user of a direct room."""

    room_id: str
    role: str
    kind: str
    title: str | None
    by: str | None
    peer_id: NotRequired[str]


@value
class RoomJoined(CountsPayload):
    """The user has entered a room: its events concern them from this position on."""

    kind = "joined"

    data: JoinedData


@extensible
class LeftData(TypedDict):
    """A room that the user has left. since: the position at which they had entered it.

    reason: `left`, `removed`, `banned` or `deleted`. by: who did it, None for the server.
    """

    room_id: str
    since: int
    reason: str
    by: str | None


@value
class RoomLeft(CountsPayload):
    """The user has left a room, or was removed from it: its later events do not concern them."""

    kind = "left"

    data: LeftData


@extensible
class RoomData(TypedDict):
    """A room's new title."""

    room_id: str
    title: str | None
    by: str


@value
class RoomChanged(RoomPayload):
    """The room has another title."""

    kind = "room"

    data: RoomData


class MemberData(TypedDict):
    """A member and their role; None if they are out."""

    user_id: str
    role: str | None


@extensible
class MembersData(TypedDict):
    """What became of members. changed: how many, of whom `members` names the first."""

    room_id: str
    change: str
    members: list[MemberData]
    changed: int
    members_count: int
    by: str


@value
class MembersChanged(RoomPayload):
    """Members have joined, left or changed their role."""

    kind = "member"

    data: MembersData


@extensible
class ReadData(TypedDict):
    """A member has read the messages `from_seq` to `up_to`. ids: of the newest of them."""

    room_id: str
    user_id: str
    from_seq: int
    up_to: int
    ids: list[str]


@value
class RoomRead(RoomPayload):
    """A member has read up to a message. unread: how many messages of the room they have not read."""

    kind = "room_read"

    user_id: str
    unread: int
    data: ReadData
