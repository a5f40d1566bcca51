"""Stream: the JSON schema of the server-sent events of a stream.

OpenAPI 3.1 cannot describe the events of a stream (3.2 can, with `itemSchema`). To client generators the
stream is text. Its `contentSchema` describes each event as an object of the event's fields (HTML Standard,
section 9.2.6), and the `contentSchema` of an event's `data` is the schema of the frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lumen_notify.api.openapi.control import CONTROL_FRAMES, ControlFrame
from lumen_notify.api.openapi.frames import EVENT_FRAMES, summary
from lumen_notify.api.openapi.schema import JsonSchema, ref

_ID = {
    "type": "string",
    "pattern": "^[0-9a-z]+-[0-9]+(-[0-9a-z]+)?$",
    "description": "`<epoch>-<position>-<check>`: the cursor, to send as `Last-Event-ID`. Take it as it is.",
}


def schemas() -> dict[str, JsonSchema]:
    """Return the schema of each event of a stream, and of any event, by name."""
    events = dict((_unnamed(), *_named(), *map(control_event, CONTROL_FRAMES)))
    return {
        "Event": {
            "description": "One server-sent event (HTML Standard, section 9.2). Its data is JSON.",
            "oneOf": [ref(name) for name in events],
            "discriminator": {
                "propertyName": "event",
                "mapping": {
                    schema["properties"]["event"]["const"]: ref(name)["$ref"]
                    for name, schema in events.items()
                },
            },
        },
        **events,
    }


def _unnamed() -> tuple[str, JsonSchema]:
    names = [frame.name for frame in EVENT_FRAMES if frame.event == "message"]
    description = "Notifications, or a message of a room. No `event:` line: `EventSource.onmessage` gets it."
    return _event("message", names, description, ["id"], {"id": _ID})


def _named() -> Iterator[tuple[str, JsonSchema]]:
    pairs = [(frame, payload) for frame in EVENT_FRAMES for payload in frame.payloads]
    events = dict.fromkeys(frame.event or payload.kind for frame, payload in pairs)
    for event in events:
        if event != "message":
            found = [(frame, payload) for frame, payload in pairs if (frame.event or payload.kind) == event]
            names = list(dict.fromkeys(frame.name for frame, _ in found))
            description = summary(payload for _, payload in found)
            yield _event(event, names, description, ["id"], {"id": _ID})


def control_event(frame: ControlFrame) -> tuple[str, JsonSchema]:
    """Return the name and the schema of the event of a frame that comes from no event of the log."""
    fields = {**({"id": _ID} if frame.has_id else {}), **frame.fields}
    return _event(frame.event, [frame.name], frame.description, frame.required, fields)


def _event(
    event: str, names: list[str], description: str, required: Sequence[str], fields: Mapping[str, JsonSchema]
) -> tuple[str, JsonSchema]:
    """Return the name and the schema of an event. names: of the schemas that its data may have."""
    refs = [ref(name) for name in names]
    data = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": refs[0] if len(refs) == 1 else {"anyOf": refs},
    }
    name = "".join(word.capitalize() for word in event.split("_")) + "Event"
    return name, {
        "type": "object",
        "description": description,
        "properties": {"event": {"type": "string", "const": event}, "data": data, **fields},
        "required": ["event", "data", *required],
    }
