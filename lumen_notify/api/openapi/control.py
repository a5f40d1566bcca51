"""Control: the schemas of the frames that come from no event of the log (`deliver/frames/control`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from lumen_notify.api.openapi.schema import (
    COUNT,
    FLAG,
    ID,
    TEXT,
    JsonSchema,
    described,
    object_schema,
    one_of,
    ref,
)
from lumen_notify.model import CloseReason, ResetReason, value

UNREAD_COUNT = described(COUNT, "All unread items: an absolute number, never a delta.")
UNREAD = ref("Unread")

REASONS = tuple(reason.word for reason in CloseReason if reason is not CloseReason.GONE)
"""The reasons that `closing` gives. GONE is only logged: the client has left."""

_RETRY = {"type": "integer", "minimum": 1, "description": "Milliseconds to wait before a reconnect."}


@value
class ControlFrame:
    """A frame that comes from no event of the log.

    name, schema: of its data. event, description: of the server-sent event. fields: the fields of that event
    besides `event`, `id` and `data`. required: its required fields besides `event` and `data`.
    """

    name: str
    event: str
    description: str
    schema: JsonSchema
    has_id: bool = False
    fields: Mapping[str, JsonSchema] = field(default_factory=dict)
    required: tuple[str, ...] = ()


READY = ControlFrame(
    name="ReadyFrame",
    event="ready",
    description=(
        "Always the first event. It has no id if missed events follow. `retry` says when to reconnect once "
        "the stream is lost."
    ),
    has_id=True,
    fields={"retry": _RETRY},
    required=("retry",),
    schema=object_schema(
        "The stream is open. Missed events follow.",
        connection_id=ID,
        unread_count=UNREAD_COUNT,
        unread=UNREAD,
        recovered=described(FLAG, "Whether the request had a cursor that the server could serve."),
        replayed={
            "type": ["integer", "null"],
            "minimum": 0,
            "description": "The number of missed events that follow; null if they are many: `caught_up` "
            "follows them.",
        },
        ping_seconds={
            "type": "integer",
            "minimum": 1,
            "description": "After how many seconds without an event `ping` comes. A client that hears "
            "nothing for two and a half times as long has lost its connection.",
        },
    ),
)

CAUGHT_UP = ControlFrame(
    name="CaughtUpFrame",
    event="caught_up",
    description="All missed events have been sent, if `ready` did not say how many there are.",
    has_id=True,
    required=("id",),
    schema=object_schema(
        "The missed events have been sent.",
        unread_count=UNREAD_COUNT,
        unread=UNREAD,
        replayed=described(COUNT, "The number of missed events that were sent."),
    ),
)

RESET = ControlFrame(
    name="ResetFrame",
    event="reset",
    description="The server cannot serve the cursor. `reason` says why.",
    has_id=True,
    required=("id",),
    schema=object_schema(
        "Missed events cannot be sent: fetch the list again.",
        reason=one_of(tuple(ResetReason)),
        unread_count=UNREAD_COUNT,
        unread=UNREAD,
    ),
)

PING = ControlFrame(
    name="PingFrame",
    event="ping",
    description="Sent after `LUMEN_PING_SECONDS` without other events. It has no id during a long replay.",
    has_id=True,
    schema=object_schema("An empty object."),
)

EXPIRING = ControlFrame(
    name="ExpiringFrame",
    event="expiring",
    description="The token expires within a minute: renew the stream.",
    schema=object_schema("The token expires soon.", seconds=described(COUNT, "Seconds until it expires.")),
)

CLOSING = ControlFrame(
    name="ClosingFrame",
    event="closing",
    description="The last event. `retry` says when to reconnect.",
    fields={"retry": _RETRY},
    required=("retry",),
    schema=object_schema(
        "The server closes the stream.",
        reason=one_of(REASONS),
        reconnect=described(FLAG, "Whether the client should reconnect."),
    ),
)

TYPING = ControlFrame(
    name="TypingFrame",
    event="typing",
    description="A user is typing in a room, or has stopped.",
    schema=object_schema(
        "Another member of a room is typing, or has stopped.",
        room_id=TEXT,
        user=ref("Sender"),
        is_typing=FLAG,
    ),
)

PRESENCE = ControlFrame(
    name="PresenceFrame",
    event="presence",
    description="A user who shares a room with the caller came online, or went offline.",
    schema=object_schema(
        "Another user came online, or went offline.",
        user=ref("PresentUser"),
        status=one_of(("online", "offline")),
        last_seen_at=described(
            {"type": ["string", "null"], "format": "date-time"},
            "When their last stream ended; null while online, and if not known.",
        ),
    ),
)

CONTROL_FRAMES = (READY, CAUGHT_UP, RESET, PING, EXPIRING, CLOSING, TYPING, PRESENCE)
