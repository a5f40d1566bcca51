"""Bodies about rooms: making them, and who is in."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, model_validator

from lumen_notify.http.fields import Body, RoomId, Title, UserId, has, some, within_limit

MAX_MEMBERS = 1000
"""Users in one body, where the context of the validation does not say `max_batch_rows`."""


def _not_too_many(value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    return within_limit(value, info, MAX_MEMBERS)


Members = Annotated[
    tuple[UserId, ...],
    Field(strict=False, json_schema_extra={"maxItems": MAX_MEMBERS, "x-limit": "max_batch_rows"}),
    AfterValidator(_not_too_many),
]


class RoomBody(Body):
    """A room to be. A `direct` one has neither `id` nor `title`, and exactly one other member."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"not": has("kind", const="direct")},
                {
                    **has("members", minItems=1, maxItems=1),
                    "not": {"anyOf": [has("id", type="string"), has("title", type="string")]},
                },
            ]
        }
    )

    id: RoomId | None = None
    """What it is called in paths; made up if it is left out."""

    kind: Literal["public", "private", "direct"] = "private"
    """`public`: anybody may find and join it; `private`: by invitation; `direct`: the room of two."""

    title: Title | None = None
    """One line of text."""

    members: Members = ()
    """Who is in from the start, beside the caller."""

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if self.kind == "direct":
            if self.id is not None or self.title is not None:
                raise ValueError("a direct room has no id or title of its choice")
            if len(self.members) != 1:
                raise ValueError("a direct room needs exactly one other member")
        return self


class TitleBody(Body):
    """What a room is to be called."""

    title: Title | None
    """One line of text; null for none."""


class MembersBody(Body):
    """Users to let into a room."""

    members: Annotated[Members, AfterValidator(some), Field(json_schema_extra={"minItems": 1})]
    """Who; those who are in stay what they are."""

    role: Literal["moderator", "member", "muted"] = "member"
    """What the new ones are to be."""


class MemberBody(Body):
    """What a user is to be in a room."""

    role: Literal["owner", "moderator", "member", "muted"] | None = None
    """His role; if it is left out, who is new is a member, and who is in stays what he is."""
