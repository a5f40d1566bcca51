"""Responses about messages, read marks and typing."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from lumen_notify.accept.notifications.responses import Sender, Unread, UnreadCount
from lumen_notify.accept.rooms.message_bodies import Kind
from lumen_notify.http.responses import AnyData, NextCursor, PlainContent, Time
from lumen_notify.model.events.fields import Count, Position, Seq, Uuid


class RepliedTo(TypedDict):
    """The message that it replies to."""

    id: Uuid
    seq: Seq


class Message(TypedDict):
    """A message as history and frames show it. A deleted message keeps its place, without its content."""

    id: Uuid
    room_id: str
    seq: Seq
    sender: Sender
    kind: Kind
    title: NotRequired[Annotated[str, Field(description="One line of text, from the application.")]]
    content: PlainContent
    data: NotRequired[Annotated[AnyData, Field(description="The sender's own JSON object.")]]
    reply_to: NotRequired[RepliedTo]
    mentions: NotRequired[Annotated[list[str], Field(description="The ids of mentioned members.")]]
    client_id: NotRequired[Annotated[str, Field(description="The sender's own id of the message.")]]
    created_at: Time
    edited_at: NotRequired[Annotated[Time, Field(description="When it was last edited.")]]
    deleted_at: NotRequired[Annotated[Time, Field(description="When it was deleted; `content` is empty.")]]
    deleted_by: NotRequired[Annotated[str, Field(description="The user who deleted it.")]]


class Messages(TypedDict):
    """One page, ascending. `next_cursor` leads to newer messages if `after` was used, else to older ones."""

    items: list[Message]
    next_cursor: NextCursor


class Sent(TypedDict):
    """The message is committed."""

    id: Uuid
    room_id: str
    seq: Seq
    position: Position
    status: Literal["sent"]


class MarkedRoom(TypedDict):
    """The mark is committed."""

    changed: Annotated[int, Field(ge=0, description="How many messages it marked as read; 0 for none.")]
    last_read_seq: Annotated[
        int, Field(ge=0, description="The last message that the caller has read; 0 for none.")
    ]
    unread: Annotated[int, Field(ge=0, description="How many messages of the room are still unread.")]
    position: Position


class MarkedRooms(TypedDict):
    """The marks are committed. The counts are those after them."""

    changed: Annotated[int, Field(ge=0, description="How many messages were marked as read; 0 for none.")]
    unread_count: UnreadCount
    unread: Unread
    position: Position


class Typing(TypedDict):
    """The other members are notified."""

    is_typing: bool


class ReadMark(TypedDict):
    """How far one member has read."""

    user_id: str
    last_read_seq: Count


class ReadMarks(TypedDict):
    """One page, by user id."""

    items: list[ReadMark]
    next_cursor: NextCursor
