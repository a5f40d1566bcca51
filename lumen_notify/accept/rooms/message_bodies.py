"""Bodies about messages: sending and changing them, reading up to one, typing."""

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

from lumen_notify.http.fields import Body, Content, Id, PlainText, UserId, has, storable, whole

MAX_MENTIONS = 50
"""Members named in one message: each is a notification."""

MAX_SEQ = 2**63 - 1

Kind = Literal["text", "image", "file", "voice", "system"]
KINDS = get_args(Kind)

MEDIA = ("image", "file", "voice")
"""The kinds that say what they say by `data`."""

Seq = Annotated[int, Field(ge=1, le=MAX_SEQ), BeforeValidator(whole)]

_ID: TypeAdapter[str] = TypeAdapter(Id)


def _id_or_seq(value: Any) -> str | int:
    number = whole(value)
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= MAX_SEQ:
        return number
    if not isinstance(value, str):
        # Not a TypeError: pydantic takes that for a defect of ours.
        raise ValueError(f"must be the id of a message, or its seq, from 1 to {MAX_SEQ}")  # noqa: TRY004
    return _ID.validate_python(value, strict=True)


def _some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not 1 <= len(value) <= MAX_MENTIONS:
        raise ValueError(f"must be from 1 to {MAX_MENTIONS}, these are {len(value)}")
    return tuple(dict.fromkeys(value))


def _said(value: str, info: ValidationInfo) -> str:
    kind = info.data.get("kind")  # neither is there if it is wrong itself
    if not value and (kind in ("text", "system") or info.data.get("data", {}) is None):
        raise ValueError("is required, unless an image, file or voice has data")
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


class _Said(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                has("content", type="string", minLength=1),
                {
                    "required": ["kind", "data"],
                    "properties": {"kind": {"enum": list(MEDIA)}, "data": {"type": "object"}},
                },
            ]
        }
    )

    kind: Kind = "text"
    """What it is; `system` is for the application alone (scope `notify:publish`)."""

    data: Annotated[dict[str, Any], AfterValidator(storable)] | None = None
    """Any JSON object of yours, such as where the image is; kept and handed on as it is."""

    content: Annotated[PlainText, AfterValidator(_said)] = Field("", validate_default=True)
    """Plain text; shown as it is, never as HTML. An image, file or voice that has `data` needs none."""

    reply_to: IdOrSeq | None = None
    """The message of the same room that it answers: its id, or its seq."""

    client_id: Id | None = None
    """What you call it: sent again by the same sender with the same one, it is sent once."""


class MessageBody(_Said):
    """One message to a room."""

    mentions: Mentions | None = None
    """Members whom it mentions: each is notified."""


class DirectBody(_Said):
    """One message to one user."""

    to: UserId
    """His id."""

    kind: Literal["text", "image", "file", "voice"] = "text"
    """What it is."""


class EditBody(Body):
    """What a message is to say from now on."""

    content: Content
    """Plain text; shown as it is, never as HTML."""


class TypingBody(Body):
    """Whether the caller is typing."""

    is_typing: bool
    """True: again, at least every 6 seconds, or it ends; false: no longer."""


class ReadRoomBody(Body):
    """How far a room has been read."""

    up_to: Seq
    """The seq of a message, that one included; beyond the newest means up to the newest."""
