"""Fields: the types of fields in bodies, each with its limits.

Types are strict: text in place of a number is refused. Unknown fields are refused by name. Text is stored
unchanged, except that each of its lines ends with a line feed: it may contain any character except control
characters, and is never interpreted as HTML. The JSON schemas of the models, published in `/openapi.json`
with their docstrings, refuse the same input as the models.

A limit that is a setting comes from the validation context (`Context.validation`). The schema names it as
`x-limit`; the document puts the number in its place.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationInfo,
)

from lumen_notify.model import (
    MAX_USER_ID_CHARACTERS,
    RESERVED_CATEGORIES,
    UUID_PATTERN,
    canonical_id,
    from_rfc3339,
    to_json,
)

Item = TypeVar("Item")

MAX_IDS = 1000
"""The most ids in one mark, if the validation context has no `max_batch_rows`."""

MAX_AHEAD_DAYS = 366
"""How far ahead a notification may be scheduled."""

MAX_LATER_DAYS = 36_525
"""How far ahead any other time may be: a hundred years, so that its year has four digits."""

MAX_TITLE_CHARACTERS = 200
MAX_AVATAR_CHARACTERS = 2048
MAX_ID_CHARACTERS = 64
MAX_GROUP_KEY_CHARACTERS = 128
MAX_LABEL_CHARACTERS = 64

# Patterns that mean the same to Python and to JSON schema (ECMA-262).
SLUG_PATTERN = "[a-z0-9][a-z0-9_.-]{0,63}"
_NOT_IN_TEXT = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
_NOT_IN_LINE = r"\u0000-\u001f\u007f-\u009f"

_SLUG = re.compile(rf"{SLUG_PATTERN}\Z")
_CONTROL = re.compile(f"[{_NOT_IN_TEXT}]")
_ANY_CONTROL = re.compile(f"[{_NOT_IN_LINE}]")


def _text(value: str, info: ValidationInfo) -> str:
    limit = (info.context or {}).get("max_content_characters", 0)
    if "\r" in value:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    if limit and len(value) > limit:
        raise ValueError(f"may have at most {limit} characters; this has {len(value)}")
    if found := _CONTROL.search(value):
        raise ValueError(f"may not contain the control character U+{ord(found[0]):04X}")
    return value


def _line(value: str) -> str:
    if found := _ANY_CONTROL.search(value):
        raise ValueError(f"may not contain the control character U+{ord(found[0]):04X}")
    return value


def user_id(value: str) -> str:
    """Return a user's id unchanged, from a path or a query. Raises ValueError if it is none."""
    if not 0 < len(value) <= MAX_USER_ID_CHARACTERS or _ANY_CONTROL.search(value):
        raise ValueError(f"must be 1 to {MAX_USER_ID_CHARACTERS} characters without control characters")
    return value


def line(value: str, longest: int, shortest: int = 0) -> str:
    """Return a line of a query unchanged. Raises ValueError if it has too many or too few characters, or a
    control character."""
    if not shortest <= len(value) <= longest or _ANY_CONTROL.search(value):
        raise ValueError(f"must be {shortest} to {longest} characters without control characters")
    return value


def line_schema(longest: int, shortest: int = 0) -> dict[str, Any]:
    """Return the JSON schema of such a line."""
    return {
        "type": "string",
        "minLength": shortest,
        "maxLength": longest,
        "pattern": f"^[^{_NOT_IN_LINE}]*$",
    }


def slug(value: str) -> str:
    """Return the name of a category unchanged. Raises ValueError if it is not a slug."""
    if not _SLUG.match(value):
        raise ValueError(
            "must be 1 to 64 characters of a-z, 0-9, dot, dash and underscore, and start with a letter or "
            "digit"
        )
    return value


def category_name(value: str) -> str:
    """Return the name of a category unchanged. Raises ValueError if it is not a slug, or reserved."""
    if slug(value) in RESERVED_CATEGORIES:
        raise ValueError(f"may not be {value}: this name is reserved for frames of the stream")
    return value


def room_id(value: str) -> str:
    """Return the id of a room, a UUID in lower case. Raises ValueError if it is neither a slug nor a UUID."""
    return slug(canonical_id(value) if len(value) == 36 else value)


def storable(value: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON object unchanged. Raises ValueError if it cannot be stored and sent as JSON."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        to_json([[[[[value]]]]])  # the deepest nesting in which it is stored and sent
    except (TypeError, ValueError, RecursionError):
        raise ValueError(
            "must be valid JSON: no NaN or Infinity, no number with too many digits, no lone surrogate, "
            "at most 249 levels deep"
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
        raise ValueError("must be in the future, at most 100 years ahead")
    return value


def _true(value: bool) -> bool:
    if not value:
        raise ValueError("must be true or be left out")
    return value


# Lengths are checked after the items: for a list whose only item is invalid, only that item is reported.
def some(value: tuple[Item, ...]) -> tuple[Item, ...]:
    """Return the list unchanged. Raises ValueError if it is empty."""
    if not value:
        raise ValueError("must have at least one item")
    return value


def _some_ids(value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    return some(within_limit(value, info, MAX_IDS))


def within_limit(value: tuple[str, ...], info: ValidationInfo, default: int) -> tuple[str, ...]:
    """Return the list unchanged. Raises ValueError if it has more than `max_batch_rows` items.

    default: the limit if the validation context has none.
    """
    limit = (info.context or {}).get("max_batch_rows", default)
    if 0 < limit < len(value):
        raise ValueError(f"may have at most {limit} items; this has {len(value)}")
    return value


def whole(value: Any) -> Any:
    """Return a float without a fraction as an int."""
    # JSON has one type of number: 7.0 is an integer (JSON Schema 2020-12, section 4.2.3).
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _pattern(pattern: str, **more: Any) -> Any:
    return Field(json_schema_extra={"pattern": f"^{pattern}$", **more})


_LINE = _pattern(f"[^{_NOT_IN_LINE}]*")

USER_ID_PATTERN = f"[^{_NOT_IN_LINE}]{{1,{MAX_USER_ID_CHARACTERS}}}"

UserId = Annotated[str, Field(min_length=1, max_length=MAX_USER_ID_CHARACTERS), AfterValidator(_line), _LINE]
_CONTENT = _pattern(f"[^{_NOT_IN_TEXT}]*", **{"x-limit": "max_content_characters"})
PlainText = Annotated[str, AfterValidator(_text), _CONTENT]
Category = Annotated[str, AfterValidator(slug), _pattern(SLUG_PATTERN)]
NewCategory = Annotated[
    str,
    AfterValidator(category_name),
    _pattern(SLUG_PATTERN, **{"not": {"enum": list(RESERVED_CATEGORIES)}}),
]
"""A category to publish to, or to define. The names of frames are reserved."""

RoomId = Annotated[str, AfterValidator(room_id), _pattern(f"({SLUG_PATTERN}|{UUID_PATTERN})")]
Content = Annotated[str, Field(min_length=1), AfterValidator(_text), _CONTENT]
Id = Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARACTERS), AfterValidator(_line), _LINE]
OwnId = Annotated[Id, AfterValidator(canonical_id)]
"""The id of a notification or of a message. Case does not matter."""

_USER_IDS: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[UserId, ...])


def _lines(value: tuple[str, ...]) -> tuple[str, ...]:
    """Return the list unchanged. All items are searched at once, and each of them only to name the fault."""
    return _USER_IDS.validate_python(value) if _ANY_CONTROL.search("".join(value)) else value


Users = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=MAX_USER_ID_CHARACTERS), _LINE], ...],
    Field(strict=False, json_schema_extra={"minItems": 1, "x-limit": "max_batch_rows"}),
    AfterValidator(some),
    AfterValidator(_lines),
]
Ids = Annotated[
    tuple[OwnId, ...],
    Field(strict=False, json_schema_extra={"minItems": 1, "maxItems": MAX_IDS, "x-limit": "max_batch_rows"}),
    AfterValidator(_some_ids),
]
All = Annotated[bool, AfterValidator(_true), Field(json_schema_extra={"const": True})]
Title = Annotated[str, Field(min_length=1, max_length=MAX_TITLE_CHARACTERS), AfterValidator(_line), _LINE]
TimeAhead = Annotated[str, AfterValidator(_ahead), Field(json_schema_extra={"format": "date-time"})]
TimeToCome = Annotated[str, AfterValidator(_later), Field(json_schema_extra={"format": "date-time"})]
GroupKey = Annotated[
    str, Field(min_length=1, max_length=MAX_GROUP_KEY_CHARACTERS), AfterValidator(_line), _LINE
]
ActionId = Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARACTERS), AfterValidator(_line), _LINE]
ActionLabel = Annotated[
    str, Field(min_length=1, max_length=MAX_LABEL_CHARACTERS), AfterValidator(_line), _LINE
]
Avatar = Annotated[str, Field(max_length=MAX_AVATAR_CHARACTERS), AfterValidator(_line), _LINE]


_Priority = Literal["low", "normal", "high", "urgent"]
PRIORITIES = get_args(_Priority)
Priority = Annotated[_Priority, Field(json_schema_extra={"x-model": "Priority"})]
JsonObject = Annotated[
    dict[str, Any], AfterValidator(storable), Field(json_schema_extra={"x-model": "JsonObject"})
]


def has(field: str, **schema: Any) -> dict[str, Any]:
    """Return the JSON schema of objects in which a field is present, and as described."""
    return {"required": [field], "properties": {field: schema}}


def implies(condition: dict[str, Any], consequence: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of objects that meet a consequence if they meet a condition.

    Validators apply `not`, and client generators ignore it. From `anyOf` beside `properties` generators make
    types that fit no request.
    """
    return {"not": {**condition, "not": consequence}}


class Body(BaseModel):
    """The base class of all bodies."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)
