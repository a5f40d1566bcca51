"""Responses to administrators."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from lumen_notify.commit.rooms.rooms import Kind
from lumen_notify.http.responses import NextCursor, Time
from lumen_notify.model.events.fields import Count


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
