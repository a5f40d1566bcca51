"""Frames: the JSON schema of each frame, which is the `data` of a server-sent event.

The `data` within a frame is what its event carries (`model/events`). The fields beside it are the unread
counts of each reader, which `deliver/frames` adds. Not here: frames without an event (`control`), the
server-sent events around frames (`stream`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import get_type_hints

from lumen_notify.accept.notifications.bodies import MarkBody
from lumen_notify.accept.notifications.responses import Notification, Sender, Unread
from lumen_notify.accept.preferences.responses import Preferences
from lumen_notify.accept.rooms.message_responses import Message
from lumen_notify.accept.rooms.room_responses import PresentUser
from lumen_notify.api.openapi.control import CONTROL_FRAMES, UNREAD, UNREAD_COUNT
from lumen_notify.api.openapi.models import Models
from lumen_notify.api.openapi.schema import COUNT, FLAG, TEXT, JsonSchema, described, object_schema, ref
from lumen_notify.http.operation import Shape
from lumen_notify.model import events, value

_COUNTS: Mapping[str, JsonSchema] = {"unread_count": UNREAD_COUNT, "unread": UNREAD}
_ROOM_COUNTS: Mapping[str, JsonSchema] = {"unread_count": UNREAD_COUNT, "room": ref("RoomUnread")}


@value
class EventFrame:
    """The frame of one kind of event, or of several.

    name: of the schema. fields: those besides `data`; all are required except `update`. event: the event name
    on the wire, `message` for frames without one; None for the kind of the event. description: None for the
    summaries of the payloads.
    """

    name: str
    payloads: tuple[type[events.Payload], ...]
    fields: Mapping[str, JsonSchema]
    event: str | None = None
    description: str | None = None

    def schema(self, models: Models) -> JsonSchema:
        """Return the schema of the frame."""
        data = models.schema(DATA[self.payloads[0]])
        description = self.description or summary(self.payloads)
        return object_schema(description, ("update",), **self.fields, data=data)


EVENT_FRAMES = (
    EventFrame(
        name="NotificationFrame",
        payloads=(events.NotificationPublished, events.NotificationUpdated),
        event="message",
        fields={
            "type": described(TEXT, "The category of the notification."),
            "unread_count": UNREAD_COUNT,
            "update": described(
                FLAG, "True: others have merged into it. It replaces the one with its id, unread."
            ),
        },
        description="A notification that is new, or that others have merged into.",
    ),
    EventFrame(name="NotificationEditFrame", payloads=(events.NotificationEdited,), fields={}),
    EventFrame(
        name="BundleFrame",
        payloads=(events.DigestDelivered,),
        event="message",
        fields={"type": {"type": "string", "const": "bundle"}, "unread_count": UNREAD_COUNT},
    ),
    EventFrame(
        name="ChatFrame",
        payloads=(events.MessageSent,),
        event="message",
        fields={"type": {"type": "string", "const": "chat"}, **_ROOM_COUNTS},
    ),
    EventFrame(
        name="MarkFrame",
        payloads=(
            events.NotificationsRead,
            events.NotificationsSeen,
            events.NotificationsUnread,
            events.NotificationsArchived,
            events.NotificationsUnarchived,
            events.NotificationsDeleted,
        ),
        fields=_COUNTS,
        description="The user has marked notifications, or deleted them from their list, on any device.",
    ),
    EventFrame(name="RoomReadFrame", payloads=(events.RoomRead,), event="read", fields=_ROOM_COUNTS),
    EventFrame(
        name="ExpireFrame",
        payloads=(events.NotificationsRemoved, events.SharedNotificationsRemoved),
        fields=_COUNTS,
        description="Notifications have expired or been removed: remove them from the list.",
    ),
    EventFrame(name="PreferencesFrame", payloads=(events.PreferencesChanged,), fields=_COUNTS),
    EventFrame(
        name="MessageChangeFrame",
        payloads=(events.MessageEdited, events.MessageDeleted),
        fields={},
        description="A message was edited or deleted.",
    ),
    EventFrame(name="JoinedFrame", payloads=(events.RoomJoined,), fields=_COUNTS),
    EventFrame(name="LeftFrame", payloads=(events.RoomLeft,), fields=_COUNTS),
    EventFrame(name="MemberFrame", payloads=(events.MembersChanged,), fields={}),
    EventFrame(name="RoomFrame", payloads=(events.RoomChanged,), fields={}),
)
"""The frames of all events except those that end streams (`closing`) or are not shown. A new kind of event
needs a line here."""

DATA: Mapping[type[events.Payload], Shape] = {
    payload: get_type_hints(payload, include_extras=True)[payload.shown]
    for frame in EVENT_FRAMES
    for payload in frame.payloads
}
"""The shape of `data` in each event's frame."""

SHAPES: tuple[Shape, ...] = (
    Notification,
    Message,
    MarkBody,
    Preferences,
    Sender,
    Unread,
    PresentUser,
    *DATA.values(),
)
"""The types that frames refer to, also by name."""


def schemas(models: Models) -> dict[str, JsonSchema]:
    """Return the schema of each frame, by name."""
    return {
        **{frame.name: frame.schema(models) for frame in EVENT_FRAMES},
        **{frame.name: frame.schema for frame in CONTROL_FRAMES},
        "RoomUnread": object_schema(
            "The number of messages of a room that the receiving user has not read.", id=TEXT, unread=COUNT
        ),
    }


def summary(payloads: Iterable[type[events.Payload]]) -> str:
    """Return the summaries of payloads: the first lines of their docstrings."""
    return " ".join((payload.__doc__ or "").strip().partition("\n")[0] for payload in payloads)
