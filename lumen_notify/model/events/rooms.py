"""Room events: members, titles, and how far each member has read."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

from lumen_notify.model.events.fields import (
    Count,
    LeaveReason,
    MemberChange,
    Position,
    RoleWord,
    RoomTitle,
    Seq,
    Uuid,
    words,
)
from lumen_notify.model.events.payload import CountsPayload, RoomPayload, extensible
from lumen_notify.model.value import value

MAX_NAMED_MEMBERS = 100
"""Members that one `member` event names. Of more it gives the number."""

MAX_READ_IDS = 100
"""Message ids in one event of a read mark: the newest. `from_seq` and `up_to` cover all messages."""


@extensible
class JoinedData(TypedDict):
    """A room that the user has joined, and their role in it."""

    room_id: str
    role: RoleWord
    kind: Annotated[str, Field(description="`public`, `private` or `direct`.")]
    title: RoomTitle
    by: Annotated[  # no version has written None
        str | None,
        WithJsonSchema({"type": "string"}),
        Field(description="The user who added them; the user's own id if they joined."),
    ]
    peer_id: NotRequired[Annotated[str, Field(description="The other user; only of a direct room.")]]


@value
class RoomJoined(CountsPayload):
    """The user has joined a room: they get its events from this position on."""

    kind = "joined"

    data: JoinedData


@extensible
class LeftData(TypedDict):
    """A room that the user has left or was removed from, and the reason."""

    room_id: str
    since: Annotated[Position, Field(description="The position at which they had joined it.")]
    reason: Annotated[str, words(LeaveReason)]
    by: Annotated[str | None, Field(description="The user who did it; null if the room was deleted.")]


@value
class RoomLeft(CountsPayload):
    """The user has left a room, or was removed from it: they do not get its later events."""

    kind = "left"

    data: LeftData


@extensible
class RoomData(TypedDict):
    """A room's new title."""

    room_id: str
    title: RoomTitle
    by: Annotated[str, Field(description="The user who changed it.")]


@value
class RoomChanged(RoomPayload):
    """The room has another title."""

    kind = "room"

    data: RoomData


class MemberData(TypedDict):
    """A user whose membership has changed."""

    user_id: str
    role: Annotated[RoleWord | None, Field(description="Null if they are no longer a member.")]


@extensible
class MembersData(TypedDict):
    """A change of members."""

    room_id: str
    change: Annotated[str, words(MemberChange)]
    members: Annotated[
        list[MemberData], Field(description=f"The first {MAX_NAMED_MEMBERS} whose membership has changed.")
    ]
    changed: Annotated[Count, Field(description="The number of users whose membership has changed.")]
    members_count: Annotated[Count, Field(description="The number of members after the change.")]
    by: Annotated[str, Field(description="The user who made the change.")]


@value
class MembersChanged(RoomPayload):
    """Users have joined or left a room, or their role in it has changed."""

    kind = "member"

    data: MembersData


@extensible
class ReadData(TypedDict):
    """A member has read the messages `from_seq` to `up_to`."""

    room_id: str
    user_id: str
    from_seq: Seq
    up_to: Seq
    ids: Annotated[list[Uuid], Field(description=f"The ids of the newest messages, at most {MAX_READ_IDS}.")]


@value
class RoomRead(RoomPayload):
    """A member has read a room up to a message.

    unread: how many messages of the room they have not read.
    """

    kind = "room_read"

    user_id: str
    unread: int
    data: ReadData
