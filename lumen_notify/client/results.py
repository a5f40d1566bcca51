"""Results: responses of the server as values.

Each has the fields that its class names, and the whole response in `document`: fields that a newer server
adds are there. `docs/api` describes each field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A notification that is committed. recipients: None for everyone. position: None if it is not sent
    yet."""

    id: str
    recipients: int | None
    position: int | None
    status: str
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> Published:
        """Read it from a response."""
        return cls(
            id=document["id"],
            recipients=document["recipients"],
            position=document["position"],
            status=document["status"],
            document=document,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """A room message that is committed. seq: its number in the room."""

    id: str
    room_id: str
    seq: int
    position: int
    status: str
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> SentMessage:
        """Read it from a response."""
        return cls(
            id=document["id"],
            room_id=document["room_id"],
            seq=document["seq"],
            position=document["position"],
            status=document["status"],
            document=document,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a user has not read: in all, and by category and room, without those that have nothing unread."""

    unread_count: int
    categories: Mapping[str, int]
    rooms: Mapping[str, int]
    position: int
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> Counts:
        """Read it from a response."""
        return cls(
            unread_count=document["unread_count"],
            categories=document["unread"]["categories"],
            rooms=document["unread"]["rooms"],
            position=document["position"],
            document=document,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """The result of a mark. changed: how many notifications it changed. unknown: the ids of none of the
    caller's notifications."""

    changed: int
    unread_count: int
    unknown: tuple[str, ...]
    position: int
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> Marked:
        """Read it from a response."""
        return cls(
            changed=document["changed"],
            unread_count=document["unread_count"],
            unknown=tuple(document.get("unknown", ())),
            position=document["position"],
            document=document,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who a notification or message is from. username: the name to show. avatar: a URL."""

    id: str
    username: str
    avatar: str | None

    @classmethod
    def of(cls, document: Document) -> Sender:
        """Read it from a notification or message."""
        return cls(id=document["id"], username=document["username"], avatar=document.get("avatar"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One notification of a user. In a frame, `is_read` is False and the times of marks are None. url: where
    a click leads."""

    id: str
    category: str
    content: str
    title: str | None
    data: Mapping[str, Any]
    url: str | None
    icon: str | None
    sender: Sender
    priority: str
    created_at: datetime
    is_read: bool
    seen_at: datetime | None
    read_at: datetime | None
    archived_at: datetime | None
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> Notification:
        """Read it from a list or a frame."""
        return cls(
            id=document["id"],
            category=document["category"],
            content=document["content"],
            title=document.get("title"),
            data=document.get("data") or {},
            url=document.get("url"),
            icon=document.get("icon"),
            sender=Sender.of(document["sender"]),
            priority=document["priority"],
            created_at=datetime.fromisoformat(document["created_at"]),
            is_read=document.get("is_read", False),
            seen_at=_time(document.get("seen_at")),
            read_at=_time(document.get("read_at")),
            archived_at=_time(document.get("archived_at")),
            document=document,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of notifications. next_cursor: of the next page; None for the last one."""

    items: tuple[Notification, ...]
    next_cursor: str | None

    @classmethod
    def of(cls, document: Document) -> Page:
        """Read it from a response."""
        return cls(items=tuple(map(Notification.of, document["items"])), next_cursor=document["next_cursor"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """A member of a room. devices: of their open streams. last_seen_at: None while they are online, and if it
    is not known."""

    user_id: str
    is_online: bool
    devices: tuple[str, ...]
    last_seen_at: datetime | None
    document: Document = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> Presence:
        """Read it from a list."""
        return cls(
            user_id=document["user"]["id"],
            is_online=document["status"] == "online",
            devices=tuple(document["devices"]),
            last_seen_at=_time(document["last_seen_at"]),
            document=document,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PresencePage:
    """A page of the members of a room. next_cursor: of the next page; None for the last one."""

    items: tuple[Presence, ...]
    next_cursor: str | None

    @classmethod
    def of(cls, document: Document) -> PresencePage:
        """Read it from a response."""
        return cls(items=tuple(map(Presence.of, document["items"])), next_cursor=document["next_cursor"])


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
