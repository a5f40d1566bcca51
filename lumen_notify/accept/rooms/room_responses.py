"""Responses about rooms, their members, and blocks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from lumen_notify.commit.presence.connections import DeviceName
from lumen_notify.commit.rooms.rooms import Kind
from lumen_notify.http.responses import NextCursor, Time
from lumen_notify.model.events.fields import Count, MemberRole, MessageJson, Position


class Room(TypedDict):
    """A room as the caller sees it."""

    id: str
    kind: Kind
    title: Annotated[str | None, Field(description="One line of text.")]
    peer_id: Annotated[str | None, Field(description="The other user of a direct room.")]
    created_at: Time
    created_by: str
    members_count: Count
    last_seq: Annotated[int, Field(ge=0, description="The seq of the newest message; 0 before the first.")]
    role: Annotated[MemberRole | None, Field(description="The caller's role; null: not a member.")]
    last_read_seq: Annotated[Count | None, Field(description="The last message that the caller has read.")]
    unread: Annotated[Count | None, Field(description="How many messages the caller has not read.")]
    push: Annotated[
        bool | None,
        Field(description="False: the caller gets no push from the room. Null: not a member."),
    ]
    last_message: Annotated[
        MessageJson | None,
        Field(description="As in the history; null if none exists or the caller may not see it."),
    ]


class RoomNow(Room):
    """The room after the commit."""

    position: Position


class Rooms(TypedDict):
    """One page."""

    items: list[Room]
    next_cursor: NextCursor


class Member(TypedDict):
    """A user's role in a room after the commit."""

    room_id: str
    user_id: str
    role: MemberRole
    position: Position


class AddedMember(TypedDict):
    """One of the members."""

    user_id: str
    role: MemberRole


class AddedMembers(TypedDict):
    """All of the users are members."""

    room_id: str
    items: list[AddedMember]
    position: Position


class ListedMember(TypedDict):
    """One member."""

    user_id: str
    username: Annotated[str | None, Field(description="The name that others see; null without an account.")]
    avatar: Annotated[str | None, Field(description="The URL of a picture; null without one.")]
    role: MemberRole
    last_read_seq: Annotated[int, Field(ge=0, description="The last message that the member has read.")]


class Members(TypedDict):
    """One page, by user id."""

    items: list[ListedMember]
    next_cursor: NextCursor


class Ban(TypedDict):
    """A ban."""

    user_id: str
    banned_by: str
    banned_at: Time


class Bans(TypedDict):
    """One page, by user id."""

    items: list[Ban]
    next_cursor: NextCursor


class Block(TypedDict):
    """A user whom the caller has blocked."""

    user_id: str
    blocked_at: Time


class Blocks(TypedDict):
    """One page, by user id."""

    items: list[Block]
    next_cursor: NextCursor


class PresentUser(TypedDict):
    """A user whose presence is shown."""

    id: str


class MemberPresence(TypedDict):
    """A member of the room, as the caller sees them."""

    user: PresentUser
    status: Literal["online", "offline"]
    devices: Annotated[
        list[Annotated[DeviceName, Field(json_schema_extra={"x-model": "Device"})]],
        Field(description="The devices of their open streams, as far as clients name them."),
    ]
    last_seen_at: Annotated[
        Time | None, Field(description="When their last stream ended; null while online, and if not known.")
    ]


class RoomPresence(TypedDict):
    """One page."""

    items: list[MemberPresence]
    next_cursor: NextCursor
