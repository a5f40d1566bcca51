"""Bodies about notifications: publishing them, and marking one's own."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from lumen_notify.http.fields import (
    All,
    Avatar,
    Body,
    Category,
    Content,
    GroupKey,
    Ids,
    Priority,
    RoomId,
    TimeAhead,
    TimeToCome,
    Title,
    UserId,
    Users,
    has,
    storable,
    whole,
)
from lumen_notify.model import from_rfc3339


class To(Body):
    """To whom: exactly one of `user`, `users`, `room`, `all`."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                has("user", type="string"),
                has("users", type="array"),
                has("room", type="string"),
                has("all", const=True),
            ]
        }
    )

    user: UserId | None = None
    """One user's id: the `sub` of his token."""

    users: Users | None = None
    """Several; who is named twice gets it once."""

    room: RoomId | None = None
    """The members of a room."""

    all: All | None = None
    """Everybody, including users to come."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.user, self.users, self.room, self.all).count(None) != 3:
            raise ValueError("needs exactly one of user, users, room, all")
        return self


class SenderBody(Body):
    """Who is shown as the sender."""

    id: UserId
    """The user's id."""

    username: UserId | None = None
    """The name to show; the id if it is left out."""

    avatar: Avatar | None = None
    """Where a picture is, as your own pages understand it."""


class PublicationBody(Body):
    """One notification."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"not": has("group_key", type="string")},
                has("to", anyOf=[has("user", type="string"), has("users", type="array")]),
            ]
        }
    )

    to: To
    """To whom."""

    category: Category
    """Any slug: `like`, `comment`, `follow`, `system`, ..."""

    content: Content
    """Plain text; shown as it is, never as HTML."""

    title: Title | None = None
    """One line of text."""

    data: Annotated[dict[str, Any], AfterValidator(storable)] | None = None
    """Any JSON object of yours; kept and handed on as it is."""

    sender: SenderBody | None = None
    """Who is shown as the sender; the caller if it is left out."""

    priority: Priority = "normal"
    """How much it matters; handed on to the client. Left out, it is as the category says."""

    deliver_at: TimeAhead | None = None
    """When to publish it, at most a year ahead; until then it is scheduled, and can be cancelled."""

    expires_at: TimeToCome | None = None
    """When it is gone for everybody, read or not; after `deliver_at`."""

    @field_validator("expires_at")
    @classmethod
    def _after_delivery(cls, value: str | None, info: ValidationInfo) -> str | None:
        deliver_at = info.data.get("deliver_at")
        if value is not None and deliver_at is not None and from_rfc3339(value) <= from_rfc3339(deliver_at):
            raise ValueError("must be after deliver_at")
        return value

    group_key: GroupKey | None = None
    """All of one category and key are one row of the user: "alice and 3 others". To users alone."""

    @field_validator("group_key")
    @classmethod
    def _to_users(cls, value: str | None, info: ValidationInfo) -> str | None:
        to = info.data.get("to")
        if value is not None and to is not None and to.user is None and to.users is None:
            raise ValueError("is for user and users alone: for others nothing is written per recipient")
        return value


class MarkBody(Body):
    """Which notifications: `ids`, or `all`, or those of a `category` and/or up to a position."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                has("ids", type="array"),
                has("all", const=True),
                {"anyOf": [has("category", type="string"), has("up_to", type="integer")]},
            ]
        }
    )

    ids: Ids | None = None
    """These; an id that is not the caller's is passed over."""

    category: Category | None = None
    """All of this category."""

    up_to: Annotated[int, Field(ge=0, le=2**63 - 1), BeforeValidator(whole)] | None = None
    """All up to this position of the log, itself included."""

    all: All | None = None
    """All there are now."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        span = self.category is not None or self.up_to is not None
        if sum((self.ids is not None, self.all is not None, span)) != 1:
            raise ValueError("needs ids, or all, or category and/or up_to")
        return self


class ReadBody(Body):
    """The single form of a mark."""

    is_read: bool
    """True: read; false: unread again."""
