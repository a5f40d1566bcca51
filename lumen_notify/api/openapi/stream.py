"""Stream: the JSON schema of the server-sent events of a stream.

OpenAPI 3.1 cannot describe the events of a stream (3.2 can, with `itemSchema`). The schema of the stream is
that of each event, as an object of the event's fields (HTML Standard, section 9.2.6). The `contentSchema` of
its `data` is the schema of the frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lumen_notify.api.openapi.control import CONTROL_FRAMES, ControlFrame
from lumen_notify.api.openapi.frames import EVENT_FRAMES, summary
from lumen_notify.api.openapi.schema import JsonSchema, ref

_ID = {
    "type": "string",
    "pattern": "^[0-9a-z]+-[0-9]+(-[0-9a-z]+)?$",
    "description": "`<epoch>-<position>-<check>`: the cursor, to send as `Last-Event-ID`. Take it as it is.",
}


def schema() -> JsonSchema:
    """Return the schema of any event of a stream."""
    return {
        "description": "One server-sent event (HTML Standard, section 9.2). Its data is JSON.",
        "oneOf": [_unnamed(), *_named(), *(_control(frame) for frame in CONTROL_FRAMES)],
    }


def _unnamed() -> JsonSchema:
    names = [frame.name for frame in EVENT_FRAMES if frame.event == "message"]
    description = "Notifications, or a message of a room. No `event:` line: `EventSource.onmessage` gets it."
    return _event("message", names, description, ["id", "data"], {"id": _ID})


def _named() -> Iterator[JsonSchema]:
    pairs = [(frame, payload) for frame in EVENT_FRAMES for payload in frame.payloads]
    events = dict.fromkeys(frame.event or payload.kind for frame, payload in pairs)
    for event in events:
        if event != "message":
            found = [(frame, payload) for frame, payload in pairs if (frame.event or payload.kind) == event]
            names = list(dict.fromkeys(frame.name for frame, _ in found))
            description = summary(payload for _, payload in found)
            yield _event(event, names, description, ["event", "id", "data"], {"id": _ID})


def _control(frame: ControlFrame) -> JsonSchema:
    fields = {**({"id": _ID} if frame.has_id else {}), **frame.fields}
    return _event(frame.event, [frame.name], frame.description, ["event", "data", *frame.required], fields)


def _event(
    event: str, names: list[str], description: str, required: list[str], fields: Mapping[str, JsonSchema]
) -> JsonSchema:
    refs = [ref(name) for name in names]
    data = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": refs[0] if len(refs) == 1 else {"oneOf": refs},
    }
    return {
        "type": "object",
        "title": event,
        "description": description,
        "properties": {"event": {"const": event}, "data": data, **fields},
        "required": required,
    }
