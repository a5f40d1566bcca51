"""Bodies about messages: sending and editing them, read marks, typing."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationInfo,
    WithJsonSchema,
)

from lumen_notify.http.fields import (
    All,
    Body,
    Content,
    Id,
    JsonObject,
    OwnId,
    PlainText,
    Title,
    UserId,
    implies,
    whole,
)

MAX_MENTIONS = 50
"""The most members mentioned in one message; each gets a notification."""

MAX_SEQ = 2**63 - 1

Kind = Literal["text", "image", "file", "voice", "system"]
KINDS = get_args(Kind)

MEDIA = ("image", "file", "voice")
"""The kinds whose content is in `data`."""

Seq = Annotated[int, Field(ge=1, le=MAX_SEQ), BeforeValidator(whole)]

_ID: TypeAdapter[str] = TypeAdapter(OwnId)


def _id_or_seq(value: Any) -> str | int:
    number = whole(value)
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= MAX_SEQ:
        return number
    if not isinstance(value, str):
        # Not a TypeError: pydantic would not catch it.
        raise ValueError(f"must be the id of a message or its seq, from 1 to {MAX_SEQ}")  # noqa: TRY004
    return _ID.validate_python(value, strict=True)


def _some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not 1 <= len(value) <= MAX_MENTIONS:
        raise ValueError(f"must have 1 to {MAX_MENTIONS} items; this has {len(value)}")
    return tuple(dict.fromkeys(value))


def _require_content(value: str, info: ValidationInfo) -> str:
    kind = info.data.get("kind")  # both are missing if they are invalid
    if not value and (kind in ("text", "system") or info.data.get("data", {}) is None):
        raise ValueError("is required, except for an image, file or voice message with data")
    return value


IdOrSeq = Annotated[
    str | int,
    PlainValidator(_id_or_seq),
    WithJsonSchema(
        {"anyOf": [_ID.json_schema(), {"type": "integer", "minimum": 1, "maximum": MAX_SEQ}]},
    ),
]
Mentions = Annotated[
    tuple[UserId, ...],
    Field(strict=False, json_schema_extra={"minItems": 1, "maxItems": MAX_MENTIONS}),
    AfterValidator(_some),
]


class _MessageContent(Body):
    model_config = ConfigDict(
        json_schema_extra=implies(
            {"properties": {"content": {"maxLength": 0}}},
            {
                "required": ["kind", "data"],
                "properties": {"kind": {"enum": list(MEDIA)}, "data": {"type": "object"}},
            },
        )
    )

    kind: Kind = "text"
    """`system` is reserved for the application (scope `notify:publish`)."""

    data: JsonObject | None = None
    """Your own JSON object, such as the address of the image, passed on unchanged."""

    content: Annotated[PlainText, AfterValidator(_require_content)] = Field("", validate_default=True)
    """Plain text: shown as it is, never as HTML. Optional for an image, file or voice with `data`."""

    reply_to: IdOrSeq | None = None
    """The message of the same room that it replies to: its id or its seq."""

    client_id: Id | None = None
    """Your own id of the message. A sender's message with a repeated `client_id` is sent only once."""


class MessageBody(_MessageContent):
    """One message to a room."""

    mentions: Mentions | None = None
    """The ids of mentioned members. Each gets a notification."""


class TitledMessageBody(MessageBody):
    """One message to a room, from the library. Its pushes have its title; those of others name the sender."""

    title: Title | None = None
    """One line of text."""


class DirectBody(_MessageContent):
    """One message to one user."""

    to: UserId
    """The id of the user."""

    kind: Literal["text", "image", "file", "voice"] = "text"
    """The kind of the message."""


class EditBody(Body):
    """The new content of a message."""

    content: Content
    """Plain text: shown as it is, never as HTML."""


class TypingBody(Body):
    """Whether the caller is typing."""

    is_typing: bool
    """True: repeat it at least every 6 seconds, or it ends. False: the user has stopped."""


class ReadRoomsBody(Body):
    """Which rooms to mark as read."""

    all: All
    """All rooms of the caller."""


class ReadRoomBody(Body):
    """How far the caller has read a room."""

    up_to: Seq
    """The seq of the last message that was read. A seq beyond the newest means the newest."""
