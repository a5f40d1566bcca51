"""Responses to administrators."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from lumen_notify.accept.devices.responses import RegisteredDevice
from lumen_notify.accept.notifications.responses import ListedNotification, Unread, UnreadCount
from lumen_notify.commit.presence.connections import DeviceName
from lumen_notify.commit.rooms.rooms import Kind
from lumen_notify.http.responses import NextCursor, Time
from lumen_notify.model.events.fields import Count, Position, Uuid


class AuditEntry(TypedDict):
    """What an administrator did."""

    id: Annotated[str, Field(json_schema_extra={"format": "uuid"})]
    at: Annotated[Time, Field(description="When they did it.")]
    actor: Annotated[str, Field(description="The user of the token; `command line` for a command.")]
    action: Annotated[str, Field(description="Such as `streams.ended`.")]
    target: Annotated[
        str | None,
        Field(description="To whom or to what, such as `user:bob`; null for all users, and for nobody."),
    ]
    details: Annotated[dict[str, Any], Field(description="Ids and numbers, never content.")]


class AuditEntries(TypedDict):
    """One page of the audit log, newest first."""

    items: list[AuditEntry]
    next_cursor: NextCursor


class AnyRoom(TypedDict):
    """A room, whoever is in it."""

    id: str
    kind: Kind
    title: Annotated[str | None, Field(description="One line of text.")]
    users: Annotated[list[str] | None, Field(description="The two users of a direct room; else null.")]
    created_at: Time
    created_by: str
    members_count: Count
    last_seq: Annotated[int, Field(ge=0, description="The seq of the newest message; 0 before the first.")]
    active_at: Annotated[Time, Field(description="When the newest message was sent, else `created_at`.")]


class AnyRooms(TypedDict):
    """One page of all rooms, by id."""

    items: list[AnyRoom]
    next_cursor: NextCursor


_Username = Annotated[str | None, Field(description="The name to log in with; null without an account.")]
_DisplayName = Annotated[str | None, Field(description="The name that others see; null without an account.")]
_Avatar = Annotated[str | None, Field(description="The URL of a picture; null without one.")]


class KnownUser(TypedDict):
    """A user."""

    id: str
    username: _Username
    display_name: _DisplayName
    avatar: _Avatar
    is_online: bool


class KnownUsers(TypedDict):
    """One page of users, by id."""

    items: list[KnownUser]
    next_cursor: NextCursor


class UserStream(TypedDict):
    """An open stream of the user."""

    id: Uuid
    device: Annotated[
        Annotated[DeviceName, Field(json_schema_extra={"x-model": "Device"})] | None,
        Field(description="The device that the client named."),
    ]
    connected_at: Time
    instance: Annotated[str, Field(description="The instance that serves the stream.")]


class UserDetails(TypedDict):
    """What the server has of a user."""

    id: str
    username: _Username
    display_name: _DisplayName
    avatar: _Avatar
    created_at: Annotated[Time | None, Field(description="When the account was made; null without one.")]
    scope: Annotated[str | None, Field(description="The scopes of the account; null without one.")]
    is_online: Annotated[bool, Field(description="Also if they appear offline to others.")]
    last_seen_at: Annotated[
        Time | None, Field(description="When their last stream ended; null while online, and if not known.")
    ]
    streams: Annotated[list[UserStream], Field(description="Open streams on all instances, oldest first.")]
    unread_count: UnreadCount
    unread: Unread
    position: Position
    devices: Annotated[list[RegisteredDevice], Field(description="The newest ones, without tokens.")]
    notifications: Annotated[list[ListedNotification], Field(description="The newest ones.")]


class Preview(TypedDict):
    """How many users a notification would reach."""

    reaches: Annotated[int, Field(ge=0, description="How many users; at most 100,000 are counted for all.")]
    is_more: Annotated[bool, Field(description="Whether it reaches more than were counted.")]
    online: Annotated[
        int | None, Field(ge=0, description="How many of them are online now; null for a room.")
    ]
