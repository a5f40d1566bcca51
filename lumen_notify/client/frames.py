"""Frames: what a stream yields. No I/O.

Each kind of frame has the fields that its class names, and the whole frame in `document`. Kinds without a
class here, such as typing, and kinds of a newer server are a plain `Frame`. `docs/api/stream.md` describes
all kinds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lumen_notify.client.results import Document, Notification

MESSAGE = "message"
"""The event of frames without an `event:` line: notifications and room messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame. event: its name. cursor: resumes the stream after this frame; None if the frame has none.
    unread_count: of the user, as of this frame; None if the frame does not change it."""

    event: str
    cursor: str | None
    unread_count: int | None
    document: Document = field(repr=False)

    @property
    def data(self) -> Mapping[str, Any]:
        """The object that the frame is about; the whole document if it has no `data`."""
        data = self.document.get("data")
        return data if isinstance(data, dict) else self.document


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyFrame(Frame):
    """The stream is open. recovered: whether it resumes from the cursor. replayed: how many missed events
    follow; None if there are many, and a `CaughtUpFrame` follows them."""

    connection_id: str
    recovered: bool
    replayed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtUpFrame(Frame):
    """All missed events have been sent. replayed: how many there were."""

    replayed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationFrame(Frame):
    """A notification. is_update: it replaces the notification with the same id."""

    notification: Notification
    is_update: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFrame(Frame):
    """Several notifications that have waited for a digest."""

    notifications: tuple[Notification, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFrame(Frame):
    """A message in a room; `data` is the message. room_unread: the user's unread messages in the room."""

    room_id: str
    room_unread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkFrame(Frame):
    """A mark by the user on any device: `read`, `seen`, `unread`, `archive` or `unarchive`; `data` selects
    the notifications."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomReadFrame(Frame):
    """A member has read a room up to a message. room_unread: the unread messages of the stream's user."""

    room_id: str
    user_id: str
    up_to: int
    room_unread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalFrame(Frame):
    """Notifications were removed."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetFrame(Frame):
    """The cursor cannot be served: events are missing. Fetch the list again. The stream goes on."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiringFrame(Frame):
    """The token expires in so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingFrame(Frame):
    """The server closes the stream. reconnect: whether the stream reconnects; otherwise this is the last
    frame."""

    reason: str
    reconnect: bool


def parse_document(text: str) -> Mapping[str, Any]:
    """Parse a frame's data. Anything but a JSON object is returned as `{"text": ...}`."""
    try:
        document = json.loads(text)
    except ValueError:
        return {"text": text}
    return document if isinstance(document, dict) else {"text": text}


def frame_of(event: str, cursor: str | None, document: Mapping[str, Any]) -> Frame:
    """Make the frame of an event. One whose shape is not known is a plain `Frame`."""
    count = document.get("unread_count")
    common: dict[str, Any] = {
        "event": event,
        "cursor": cursor,
        "unread_count": count if isinstance(count, int) else None,
        "document": document,
    }
    make = _MAKERS.get(event)
    if make is not None:
        try:
            return make(document, common)
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
    return Frame(**common)


def _content(document: Mapping[str, Any], common: dict[str, Any]) -> Frame:
    data = document["data"]
    if "room" in document:
        room = document["room"]
        return MessageFrame(**common, room_id=room["id"], room_unread=room["unread"])
    if "items" in data:
        return DigestFrame(**common, notifications=tuple(map(Notification.of, data["items"])))
    is_update = document.get("update") is True
    return NotificationFrame(**common, notification=Notification.of(data), is_update=is_update)


def _mark(document: Mapping[str, Any], common: dict[str, Any]) -> Frame:
    if "room" not in document:
        return MarkFrame(**common)
    room, data = document["room"], document["data"]
    return RoomReadFrame(
        **common, room_id=room["id"], user_id=data["user_id"], up_to=data["up_to"], room_unread=room["unread"]
    )


def _ready(document: Mapping[str, Any], common: dict[str, Any]) -> Frame:
    return ReadyFrame(
        **common,
        connection_id=document["connection_id"],
        recovered=document["recovered"],
        replayed=document["replayed"],
    )


def _closing(document: Mapping[str, Any], common: dict[str, Any]) -> Frame:
    return ClosingFrame(**common, reason=document["reason"], reconnect=document["reconnect"] is True)


_MAKERS: Mapping[str, Callable[[Mapping[str, Any], dict[str, Any]], Frame]] = {
    MESSAGE: _content,
    "ready": _ready,
    "caught_up": lambda document, common: CaughtUpFrame(**common, replayed=document["replayed"]),
    "read": _mark,
    "seen": _mark,
    "unread": _mark,
    "archive": _mark,
    "unarchive": _mark,
    "expire": lambda document, common: RemovalFrame(**common, ids=tuple(document["data"]["ids"])),
    "reset": lambda document, common: ResetFrame(**common, reason=document["reason"]),
    "expiring": lambda document, common: ExpiringFrame(**common, seconds=document["seconds"]),
    "closing": _closing,
}
