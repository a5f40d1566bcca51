"""Events: the contract of the log. One class for each kind of event says what its body carries.

| class | kind | audience | meaning |
|---|---|---|---|
| `NotificationPublished` | notification | any | a notification is new |
| `NotificationUpdated` | update | user | others have merged into a notification; it is unread again |
| `NotificationEdited` | notification_edited | user | the content of a notification has changed |
| `DigestDelivered` | bundle | user | notifications of low priority arrive together |
| `NotificationsRead` | read | user | the user has read notifications |
| `NotificationsSeen`, `NotificationsUnread` | seen, unread | user | likewise |
| `NotificationsArchived`, `NotificationsUnarchived` | archive, unarchive | user | likewise |
| `NotificationsDeleted` | delete | user | the user has deleted notifications from their list |
| `NotificationsRemoved` | expire | user | notifications of the user have expired or been removed |
| `SharedNotificationsRemoved` | expire | room, all | notifications to many have expired or been removed |
| `PreferencesChanged` | preferences | user | the user has changed their preferences |
| `CategoriesChanged` | categories | all | the application has changed who sees which categories |
| `SessionsRevoked` | revoked | user | all sessions of the user have ended |
| `StreamsEnded` | streams_ended | user | an administrator has ended open streams of the user |
| `RoomJoined`, `RoomLeft` | joined, left | user | the user has joined or left a room |
| `RoomChanged` | room | room | the room has another title |
| `MembersChanged` | member | room | members have joined, left or changed their role |
| `RoomRead` | room_read | room | a member has read up to a message |
| `MessageSent` | message | room | a message is new |
| `MessageEdited`, `MessageDeleted` | message_edited, message_deleted | room | a message has changed |
| `EventsRewritten` | rewritten | nobody | the text of earlier events has changed |

Handlers build these classes (`commit/`), frames render them (`deliver/frames`), and the API document takes
its schemas from them (`api/openapi`). A new kind is a class here, listed in PAYLOADS, and its frame.

Promise: `decode` raises nothing but UnknownEvent. A newer version may write kinds, audiences and fields that
this one does not know: unknown fields are ignored, and readers skip unknown events by position.
"""

from collections.abc import Mapping

from lumen_notify.model.audience import Scope
from lumen_notify.model.event import Event
from lumen_notify.model.events.fields import MemberChange, Role
from lumen_notify.model.events.messages import MessageDeleted, MessageEdited, MessageSent
from lumen_notify.model.events.notifications import (
    DigestDelivered,
    NotificationEdited,
    NotificationPublished,
    NotificationsArchived,
    NotificationsDeleted,
    NotificationsMarked,
    NotificationsRead,
    NotificationsRemoved,
    NotificationsSeen,
    NotificationsUnarchived,
    NotificationsUnread,
    NotificationUpdated,
    SharedNotificationsRemoved,
)
from lumen_notify.model.events.payload import CountsPayload, Payload, RoomPayload, UnknownEvent
from lumen_notify.model.events.rewriting import (
    PREFIX_CHARACTERS,
    WITHDRAWN,
    EventsRewritten,
    Text,
    rewritten_body,
    text_ids_in,
    without_texts,
)
from lumen_notify.model.events.rooms import (
    MAX_NAMED_MEMBERS,
    MAX_READ_IDS,
    MembersChanged,
    ReadData,
    RoomChanged,
    RoomJoined,
    RoomLeft,
    RoomRead,
)
from lumen_notify.model.events.users import (
    CategoriesChanged,
    PreferencesChanged,
    SessionsRevoked,
    StreamsEnded,
)

__all__ = [
    "MAX_NAMED_MEMBERS",
    "MAX_READ_IDS",
    "PAYLOADS",
    "PREFIX_CHARACTERS",
    "WITHDRAWN",
    "CategoriesChanged",
    "CountsPayload",
    "DigestDelivered",
    "EventsRewritten",
    "MemberChange",
    "MembersChanged",
    "MessageDeleted",
    "MessageEdited",
    "MessageSent",
    "NotificationEdited",
    "NotificationPublished",
    "NotificationUpdated",
    "NotificationsArchived",
    "NotificationsDeleted",
    "NotificationsMarked",
    "NotificationsRead",
    "NotificationsRemoved",
    "NotificationsSeen",
    "NotificationsUnarchived",
    "NotificationsUnread",
    "Payload",
    "PreferencesChanged",
    "ReadData",
    "Role",
    "RoomChanged",
    "RoomJoined",
    "RoomLeft",
    "RoomPayload",
    "RoomRead",
    "SessionsRevoked",
    "SharedNotificationsRemoved",
    "StreamsEnded",
    "Text",
    "UnknownEvent",
    "decode",
    "rewritten_body",
    "text_ids_in",
    "without_texts",
]

PAYLOADS: tuple[type[Payload], ...] = (
    NotificationPublished,
    NotificationUpdated,
    NotificationEdited,
    DigestDelivered,
    NotificationsRead,
    NotificationsSeen,
    NotificationsUnread,
    NotificationsArchived,
    NotificationsUnarchived,
    NotificationsDeleted,
    NotificationsRemoved,
    SharedNotificationsRemoved,
    PreferencesChanged,
    CategoriesChanged,
    SessionsRevoked,
    StreamsEnded,
    RoomJoined,
    RoomLeft,
    RoomChanged,
    MembersChanged,
    MessageSent,
    MessageEdited,
    MessageDeleted,
    RoomRead,
    EventsRewritten,
)
"""All kinds of events."""

_BY_KIND: Mapping[tuple[str, Scope], type[Payload]] = {
    (payload.kind, scope): payload for payload in PAYLOADS for scope in payload.scopes
}


def decode(event: Event) -> Payload:
    """Read what an event carries. Raises UnknownEvent."""
    scope = event.audience.scope
    payload = None if scope is None else _BY_KIND.get((event.kind, scope))
    if payload is None:
        raise UnknownEvent("unknown audience" if scope is None else f"unknown kind for audience {scope}")
    return payload.decode(event)
