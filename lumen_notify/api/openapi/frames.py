"""Frames: the JSON schema of each event of a stream.

The `data` of a frame is what its event carries (`model/events`). Around it stand the fields that
`deliver/frames` adds for each reader: their unread counts. The frames without an event are in `control`.

OpenAPI 3.1 cannot describe the events of a stream (3.2 can, with `itemSchema`). The schema of the stream is
that of each server-sent event, as an object of the event's fields (HTML Standard, section 9.2.6); the
`contentSchema` of its `data` is the schema of the frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import get_type_hints

from lumen_notify.accept.notifications.responses import Notification
from lumen_notify.api.openapi.control import (
    CLOSING,
    EXPIRING,
    PING,
    READY,
    RESET,
    TYPING,
    UNREAD,
    UNREAD_COUNT,
    ControlFrame,
)
from lumen_notify.api.openapi.models import Models
from lumen_notify.api.openapi.schema import COUNT, TEXT, JsonSchema, described, object_schema, ref
from lumen_notify.http.operation import Shape
from lumen_notify.model import events, value

_COUNTS: Mapping[str, JsonSchema] = {"unread_count": UNREAD_COUNT, "unread": UNREAD}
_ROOM_COUNTS: Mapping[str, JsonSchema] = {"unread_count": UNREAD_COUNT, "room": ref("RoomUnread")}


@value
class EventFrame:
    """The frame of one kind of event, or of several.

    name: of the schema. fields: those beside `data`; all are required but `update`. event: the event name on
    the wire, `message` for frames without one; None for the kind of the event. description: None for what the
    payloads say of themselves.
    """

    name: str
    payloads: tuple[type[events.Payload], ...]
    fields: Mapping[str, JsonSchema]
    event: str | None = None
    description: str | None = None

    def schema(self, models: Models) -> JsonSchema:
        """Return the schema of the frame."""
        data = models.schema(DATA[self.payloads[0]])
        description = self.description or _summary(self.payloads)
        return object_schema(description, ("update",), **self.fields, data=data)


EVENT_FRAMES = (
    EventFrame(
        name="NotificationFrame",
        payloads=(events.NotificationPublished, events.NotificationUpdated),
        event="message",
        fields={
            "type": described(TEXT, "The category of the notification."),
            "unread_count": UNREAD_COUNT,
            "update": {
                "const": True,
                "description": "Others have merged into it: it replaces the one with its id, unread.",
            },
        },
        description="A notification that is new, or that others have merged into.",
    ),
    EventFrame(
        name="BundleFrame",
        payloads=(events.DigestDelivered,),
        event="message",
        fields={"type": {"const": "bundle"}, "unread_count": UNREAD_COUNT},
    ),
    EventFrame(
        name="ChatFrame",
        payloads=(events.MessageSent,),
        event="message",
        fields={"type": {"const": "chat"}, **_ROOM_COUNTS},
    ),
    EventFrame(
        name="MarkFrame",
        payloads=(
            events.NotificationsRead,
            events.NotificationsSeen,
            events.NotificationsUnread,
            events.NotificationsArchived,
            events.NotificationsUnarchived,
        ),
        fields=_COUNTS,
        description="The user has marked notifications, on any device.",
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
"""The frames of all events but those that end streams (`closing`). A new kind of event needs a line here."""

DATA: Mapping[type[events.Payload], Shape] = {
    payload: get_type_hints(payload, include_extras=True)[payload.shown]
    for frame in EVENT_FRAMES
    for payload in frame.payloads
}
"""What the `data` of each event's frame is."""

SHAPES: tuple[Shape, ...] = (Notification, *DATA.values())
"""The types that frames refer to, beside those of requests and responses."""

_ID = {
    "type": "string",
    "pattern": "^[0-9a-z]+-[0-9]+$",
    "description": "`<epoch>-<position>`: the cursor, to send as `Last-Event-ID`.",
}


def schemas(models: Models) -> dict[str, JsonSchema]:
    """Return the schema of each frame by name, and `Event`: that of any event of a stream."""
    control = (READY, RESET, PING, EXPIRING, CLOSING, TYPING)
    return {
        "Event": {
            "description": "One server-sent event (HTML Standard, section 9.2). Its data is JSON.",
            "oneOf": [*_events(), *(_control_event(frame) for frame in control)],
        },
        **{frame.name: frame.schema(models) for frame in EVENT_FRAMES},
        **{frame.name: frame.schema for frame in control},
        "RoomUnread": object_schema(
            "The number of messages of a room that the receiving user has not read.", id=TEXT, unread=COUNT
        ),
    }


def _events() -> Iterable[JsonSchema]:
    """Describe the events that stand in the log, by their name on the wire."""
    frames: dict[str, list[str]] = {}
    payloads: dict[str, list[type[events.Payload]]] = {}
    for frame in EVENT_FRAMES:
        for payload in frame.payloads:
            event = frame.event or payload.kind
            frames.setdefault(event, []).append(frame.name)
            payloads.setdefault(event, []).append(payload)
    for event, names in frames.items():
        is_named = event != "message"
        yield _event(
            event,
            tuple(dict.fromkeys(names)),
            _summary(payloads[event])
            if is_named
            else "Notifications, or a message of a room. No `event:` line: `EventSource.onmessage` gets it.",
            ("event", "id", "data") if is_named else ("id", "data"),
            {"id": _ID},
        )


def _control_event(frame: ControlFrame) -> JsonSchema:
    fields = {**({"id": _ID} if frame.has_id else {}), **frame.fields}
    return _event(frame.event, (frame.name,), frame.description, ("event", "data", *frame.required), fields)


def _event(
    event: str,
    names: tuple[str, ...],
    description: str,
    required: tuple[str, ...],
    fields: Mapping[str, JsonSchema],
) -> JsonSchema:
    refs = [ref(name) for name in names]
    data = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": refs[0] if len(refs) == 1 else {"oneOf": refs},
    }
    return {
        "type": "object",
        "title": event,
        "description": description,
        "properties": {"event": {"const": event}, "data": data, **fields},
        "required": list(required),
    }


def _summary(payloads: Iterable[type[events.Payload]]) -> str:
    """Join the first lines of the payloads' docstrings."""
    return " ".join((payload.__doc__ or "").strip().partition("\n")[0] for payload in payloads)
