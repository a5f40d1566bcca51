"""Envelopes: the messages that intake takes from a queue.

    {"type": "notification", "body": {"to": "alice", "category": "like", "content": "liked your photo"}}
    {"type": "message", "sender": "bob", "room": "general", "body": {"content": "hi"}}
    {"type": "read", "user": "alice", "body": {"all": true}}

`body` is the body of the HTTP route. The envelope names the user who acts: the queue is the application's,
and whoever may write to it may act as any user.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter

from lumen_notify.accept.notifications.bodies import MarkBody, PublicationBody, SenderBody
from lumen_notify.accept.notifications.publish import MAX_KEY_CHARACTERS, PublicationBatch
from lumen_notify.accept.rooms.message_bodies import DirectBody, MessageBody, ReadRoomBody
from lumen_notify.http.fields import Body, RoomId, UserId

SYSTEM = "system"
"""The publisher of notifications that name none."""

_UserId = Annotated[UserId, Field(json_schema_extra={"x-model": "UserId"})]


def _to_sender(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


Key = Annotated[str, Field(min_length=1, max_length=MAX_KEY_CHARACTERS, pattern="^[ -~]+$")]
Sender = Annotated[SenderBody, BeforeValidator(_to_sender, json_schema_input_type=_UserId | SenderBody)]


class Envelope(Body):
    """The base class of all envelopes."""

    idempotency_key: Key | None = None
    """Your own key of the message, printable ASCII. A message with a key that was already used does nothing;
    with another body, it is a dead letter."""


class NotificationEnvelope(Envelope):
    """Publish one notification, as `POST /notifications` does with the scope `notify:publish`."""

    type: Literal["notification"]

    publisher: UserId = SYSTEM
    """The user who publishes it, and may change it and take it back. Shown as the sender if the body names
    none."""

    body: PublicationBody


class NotificationsEnvelope(Envelope):
    """Publish a list of notifications, all or none of them."""

    type: Literal["notifications"]

    publisher: UserId = SYSTEM
    """As for one notification."""

    body: PublicationBatch


class MessageEnvelope(Envelope):
    """Send a message to a room, as `POST /rooms/{id}/messages` does."""

    type: Literal["message"]

    sender: Sender
    """The user who sends it, a member of the room. A text is the user's id."""

    room: RoomId
    """The id of the room."""

    body: MessageBody


class DirectMessageEnvelope(Envelope):
    """Send a message to one user, as `POST /messages` does."""

    type: Literal["direct_message"]

    sender: Sender
    """The user who sends it. A text is the user's id."""

    body: DirectBody


class RoomReadEnvelope(Envelope):
    """Mark a room as read up to a message, as `POST /rooms/{id}/read` does."""

    type: Literal["room_read"]

    user: UserId
    """The member who has read it."""

    room: RoomId
    """The id of the room."""

    body: ReadRoomBody


class MarkEnvelope(Envelope):
    """The base class of marks of notifications."""

    user: UserId
    """The user whose notifications are marked."""

    body: MarkBody


class ReadEnvelope(MarkEnvelope):
    """Mark notifications as read, as `POST /notifications/read` does."""

    type: Literal["read"]


class SeenEnvelope(MarkEnvelope):
    """Mark notifications as seen, as `POST /notifications/seen` does."""

    type: Literal["seen"]


class UnreadEnvelope(MarkEnvelope):
    """Mark notifications as unread, as `POST /notifications/unread` does."""

    type: Literal["unread"]


class ArchiveEnvelope(MarkEnvelope):
    """Archive notifications, as `POST /notifications/archive` does."""

    type: Literal["archive"]


class UnarchiveEnvelope(MarkEnvelope):
    """Move notifications out of the archive, as `POST /notifications/unarchive` does."""

    type: Literal["unarchive"]


AnyEnvelope = (
    NotificationEnvelope
    | NotificationsEnvelope
    | MessageEnvelope
    | DirectMessageEnvelope
    | RoomReadEnvelope
    | ReadEnvelope
    | SeenEnvelope
    | UnreadEnvelope
    | ArchiveEnvelope
    | UnarchiveEnvelope
)

ENVELOPES: Mapping[str, type[Envelope]] = {
    "notification": NotificationEnvelope,
    "notifications": NotificationsEnvelope,
    "message": MessageEnvelope,
    "direct_message": DirectMessageEnvelope,
    "room_read": RoomReadEnvelope,
    "read": ReadEnvelope,
    "seen": SeenEnvelope,
    "unread": UnreadEnvelope,
    "archive": ArchiveEnvelope,
    "unarchive": UnarchiveEnvelope,
}
"""The envelopes, by type."""

ENVELOPE: TypeAdapter[AnyEnvelope] = TypeAdapter(Annotated[AnyEnvelope, Field(discriminator="type")])
"""Validates an envelope of any type."""
