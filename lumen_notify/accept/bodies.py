"""Bodies: what a request may contain, field by field, with its limits.

The one use of pydantic. Types are strict (no text where a number belongs) and unknown fields are
refused by name. Text is kept as it came: it may hold any character but controls, and is never
interpreted as HTML.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from lumen_notify.model import MAX_USER_ID_CHARACTERS

MAX_IDS = 1000
"""Ids in one mark."""

MAX_TITLE_CHARACTERS = 200
MAX_AVATAR_CHARACTERS = 2048
MAX_ID_CHARACTERS = 64

_SLUG = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]")
_ANY_CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f]")


def _text(value: str) -> str:
    if found := _CONTROL.search(value):
        raise ValueError(f"may not contain the control character U+{ord(found[0]):04X}")
    return value


def _line(value: str) -> str:
    if found := _ANY_CONTROL.search(value):
        raise ValueError(f"may not contain the control character U+{ord(found[0]):04X}")
    return value


def _slug(value: str) -> str:
    if not _SLUG.match(value):
        raise ValueError(
            "must be 1 to 64 of a-z, 0-9, dot, dash and underscore, and begin with a letter or a digit"
        )
    return value


def _content(value: str, info: ValidationInfo) -> str:
    limit = (info.context or {}).get("max_content_characters", 0)
    if limit and len(value) > limit:
        raise ValueError(f"may have at most {limit} characters, this has {len(value)}")
    return value


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    try:
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        raise ValueError("may hold only what JSON can: no NaN, no Infinity, no number too long") from None
    return value


UserId = Annotated[str, Field(min_length=1, max_length=MAX_USER_ID_CHARACTERS), AfterValidator(_line)]
Category = Annotated[str, AfterValidator(_slug)]
Content = Annotated[str, Field(min_length=1), AfterValidator(_text), AfterValidator(_content)]
Id = Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARACTERS), AfterValidator(_line)]


class Body(BaseModel):
    """What all bodies share."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class To(Body):
    """To whom: exactly one of `user`, `users`, `all`."""

    user: UserId | None = None
    users: Annotated[tuple[UserId, ...], Field(min_length=1, strict=False)] | None = None
    all: Literal[True] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(value is not None for value in (self.user, self.users, self.all)) != 1:
            raise ValueError("needs exactly one of user, users, all")
        return self


class SenderBody(Body):
    """Who is shown as the sender."""

    id: UserId
    username: UserId | None = None
    avatar: Annotated[str, Field(max_length=MAX_AVATAR_CHARACTERS), AfterValidator(_line)] | None = None


class PublicationBody(Body):
    """One notification. `sender` is the caller if it is left out."""

    to: To
    category: Category
    content: Content
    title: (
        Annotated[str, Field(min_length=1, max_length=MAX_TITLE_CHARACTERS), AfterValidator(_line)] | None
    ) = None
    data: Annotated[dict[str, Any], AfterValidator(_storable)] | None = None
    sender: SenderBody | None = None
    priority: Literal["low", "normal", "high", "urgent"] = "normal"


class MarkBody(Body):
    """Which notifications: `ids`, or `all`, or those of a `category` and/or up to a position."""

    ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_IDS, strict=False)] | None = None
    category: Category | None = None
    up_to: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    all: Literal[True] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        span = self.category is not None or self.up_to is not None
        if sum((self.ids is not None, self.all is not None, span)) != 1:
            raise ValueError("needs ids, or all, or category and/or up_to")
        return self


class ReadBody(Body):
    """The single form of a mark."""

    is_read: bool
