"""Fields: the kinds of fields that bodies have, each with its limits.

Types are strict (no text where a number belongs) and unknown fields are
refused by name. Text is kept as it came: it may hold any character but controls, and is never
interpreted as HTML. What the models refuse, their JSON schemas refuse too: `openapi` publishes these, with
the docstrings of models and fields.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
)

from lumen_notify.model import MAX_USER_ID_CHARACTERS, from_rfc3339, to_json

MAX_IDS = 1000
"""Ids in one mark, where the context of the validation does not say `max_ids`."""

MAX_AHEAD_DAYS = 366
"""How far ahead a notification may be scheduled."""

MAX_LATER_DAYS = 36_525
"""How far ahead any other time may be: nobody sees its end, and it can be told in four digits of a year."""

MAX_TITLE_CHARACTERS = 200
MAX_AVATAR_CHARACTERS = 2048
MAX_ID_CHARACTERS = 64
MAX_GROUP_KEY_CHARACTERS = 128

# As Python and as JSON schema (ECMA-262) read them alike.
SLUG_PATTERN = "[a-z0-9][a-z0-9_.-]{0,63}"
_NOT_IN_TEXT = r"\u0000-\u0008\u000b-\u001f\u007f-\u009f"
_NOT_IN_LINE = r"\u0000-\u001f\u007f-\u009f"

_SLUG = re.compile(rf"{SLUG_PATTERN}\Z")
_CONTROL = re.compile(f"[{_NOT_IN_TEXT}]")
_ANY_CONTROL = re.compile(f"[{_NOT_IN_LINE}]")


def _text(value: str) -> str:
    if found := _CONTROL.search(value):
        raise ValueError(f"may not contain the control character U+{ord(found[0]):04X}")
    return value


def _line(value: str) -> str:
    if found := _ANY_CONTROL.search(value):
        raise ValueError(f"may not contain the control character U+{ord(found[0]):04X}")
    return value


def slug(value: str) -> str:
    """Return a category's name, a room's id as it is. Raises ValueError, which says what it must be."""
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


def storable(value: dict[str, Any]) -> dict[str, Any]:
    """Return what JSON can hold as it is. Raises ValueError: it cannot."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        to_json([[[[[value]]]]])  # as deep as it may come to stand in what is stored and sent
    except (TypeError, ValueError, RecursionError):
        raise ValueError(
            "may hold only what JSON can: no NaN, no Infinity, no number too long, no half a surrogate pair, "
            "nothing nested 250 deep"
        ) from None
    return value


def _ahead(value: str, info: ValidationInfo) -> str:
    at = from_rfc3339(value)
    now = (info.context or {}).get("now")
    if now is not None and not now < at <= now + MAX_AHEAD_DAYS * 86_400_000:
        raise ValueError(f"must be in the future, at most {MAX_AHEAD_DAYS} days ahead")
    return value


def _later(value: str, info: ValidationInfo) -> str:
    at = from_rfc3339(value)
    now = (info.context or {}).get("now")
    if now is not None and not now < at <= now + MAX_LATER_DAYS * 86_400_000:
        raise ValueError("must be in the future, at most a hundred years ahead")
    return value


def _true(value: bool) -> bool:
    if not value:
        raise ValueError("must be true, or be left out")
    return value


# Lengths are looked at after the items: of a list whose only item is bad, that item alone is told.
def some(value: tuple[str, ...]) -> tuple[str, ...]:
    """Return what has one at least. Raises ValueError."""
    if not value:
        raise ValueError("needs at least one")
    return value


def _some_ids(value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    limit = (info.context or {}).get("max_ids", MAX_IDS)
    if 0 < limit < len(value):
        raise ValueError(f"may be at most {limit}, these are {len(value)}")
    return some(value)


def whole(value: Any) -> Any:
    """Return a number without a fraction as a whole one."""
    # JSON has one kind of number: 7.0 is a whole one (JSON Schema 2020-12, section 4.2.3).
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _pattern(pattern: str) -> Any:
    return Field(json_schema_extra={"pattern": f"^{pattern}$"})


_LINE = _pattern(f"[^{_NOT_IN_LINE}]*")

UserId = Annotated[str, Field(min_length=1, max_length=MAX_USER_ID_CHARACTERS), AfterValidator(_line), _LINE]
PlainText = Annotated[str, AfterValidator(_text), AfterValidator(_content), _pattern(f"[^{_NOT_IN_TEXT}]*")]
Category = Annotated[str, AfterValidator(slug), _pattern(SLUG_PATTERN)]
RoomId = Annotated[str, AfterValidator(slug), _pattern(SLUG_PATTERN)]
Content = Annotated[
    str, Field(min_length=1), AfterValidator(_text), AfterValidator(_content), _pattern(f"[^{_NOT_IN_TEXT}]*")
]
Id = Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARACTERS), AfterValidator(_line), _LINE]
Users = Annotated[
    tuple[UserId, ...], Field(strict=False, json_schema_extra={"minItems": 1}), AfterValidator(some)
]
Ids = Annotated[
    tuple[Id, ...],
    Field(strict=False, json_schema_extra={"minItems": 1, "maxItems": MAX_IDS}),
    AfterValidator(_some_ids),
]
All = Annotated[bool, AfterValidator(_true), Field(json_schema_extra={"const": True})]
Title = Annotated[str, Field(min_length=1, max_length=MAX_TITLE_CHARACTERS), AfterValidator(_line), _LINE]
TimeAhead = Annotated[str, AfterValidator(_ahead), Field(json_schema_extra={"format": "date-time"})]
TimeToCome = Annotated[str, AfterValidator(_later), Field(json_schema_extra={"format": "date-time"})]
GroupKey = Annotated[
    str, Field(min_length=1, max_length=MAX_GROUP_KEY_CHARACTERS), AfterValidator(_line), _LINE
]
Avatar = Annotated[str, Field(max_length=MAX_AVATAR_CHARACTERS), AfterValidator(_line), _LINE]


Priority = Literal["low", "normal", "high", "urgent"]


def has(field: str, **schema: Any) -> dict[str, Any]:
    """Say in JSON schema that a field is there, and not null."""
    return {"required": [field], "properties": {field: schema}}


class Body(BaseModel):
    """What all bodies share."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)
