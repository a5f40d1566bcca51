"""Responses about categories and preferences."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from lumen_notify.accept.preferences.category_bodies import LimitsBody
from lumen_notify.commit.preferences.categories import PushContent
from lumen_notify.http.fields import Priority
from lumen_notify.http.responses import NextCursor


class DefinedCategory(TypedDict):
    """The definition of a category: the defaults, which user preferences override."""

    name: str
    in_app: Annotated[bool, Field(description="Whether it appears in lists, counts and streams.")]
    push: Annotated[bool, Field(description="Whether it is pushed to devices.")]
    may_mute: Annotated[bool, Field(description="False: users cannot mute or hide it.")]
    priority: Annotated[
        Priority | None,
        Field(description="The priority of notifications that have none; null for `normal`."),
    ]
    limits: Annotated[LimitsBody | None, Field(description="Null for none.")]
    push_content: Annotated[
        PushContent | None, Field(description="How much a push shows; null: as the server is set.")
    ]


class Categories(TypedDict):
    """One page of the defined categories, by name."""

    items: list[DefinedCategory]
    next_cursor: NextCursor


class EffectiveChoice(TypedDict):
    """What applies to one category."""

    in_app: bool
    push: bool
    muted: bool


class RoomChoice(TypedDict):
    """What the caller has chosen for one room."""

    push: Annotated[bool, Field(description="False: no push comes from it.")]


QuietHours = TypedDict("QuietHours", {"from": str, "to": str, "time_zone": str})
QuietHours.__doc__ = "The hours without push."


class Digest(TypedDict):
    """How often the user gets low-priority notifications in a batch."""

    minutes: Annotated[int, Field(ge=0, description="0: no batches.")]


class Preferences(TypedDict):
    """The preferences of the caller."""

    categories: Annotated[
        dict[str, EffectiveChoice],
        Field(description="By name: defined categories, and those about which the caller has made a choice."),
    ]
    rooms: Annotated[
        dict[str, RoomChoice],
        Field(description="By id: the rooms about which the caller has made a choice, and is a member of."),
    ]
    quiet_hours: Annotated[QuietHours | None, Field(description="Null for none.")]
    digest: Digest
    presence: Annotated[
        Literal["shown", "hidden"], Field(description="`hidden`: the user appears offline to others.")
    ]
