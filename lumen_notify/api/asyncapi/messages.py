"""Messages: one for each frame of a stream. Its headers are the fields of the server-sent event (HTML
Standard, section 9.2.6), and its payload is the `data`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lumen_notify.api.asyncapi import examples
from lumen_notify.api.asyncapi.schemas import in_draft_7
from lumen_notify.api.openapi import stream
from lumen_notify.api.openapi.admin_stream import FIGURES
from lumen_notify.api.openapi.control import CONTROL_FRAMES
from lumen_notify.api.openapi.frames import EVENT_FRAMES, EventFrame, summary
from lumen_notify.deliver.streams.response import HEADERS
from lumen_notify.http.operation import JsonSchema, ref
from lumen_notify.model import events

BINDINGS: JsonSchema = {
    "http": {
        "statusCode": 200,
        "headers": {
            "type": "object",
            "properties": {
                name.decode(): {"type": "string", "const": value.decode()} for name, value in HEADERS
            },
        },
        "bindingVersion": "0.3.0",
    }
}
"""The response whose body has the messages."""


def of_user_stream() -> dict[str, JsonSchema]:
    """Return the messages of a user's stream by name: the kind of the event, or the name of the frame."""
    fields = _headers(stream.schemas())
    messages = [one for frame in EVENT_FRAMES for one in _of_event_frame(frame, fields)]
    for frame in CONTROL_FRAMES:
        chunks = [examples.OF_CONTROL[frame.event]]
        messages.append(
            message(frame.event, frame.name, fields[frame.event], summary=frame.description, chunks=chunks)
        )
    return {str(one["name"]): one for one in messages}


def of_admin_stream() -> dict[str, JsonSchema]:
    """Return the messages of an administrator's stream by name, besides `closing`, which is that of users."""
    fields = _headers(dict([stream.control_event(FIGURES)]))[FIGURES.event]
    chunks = [examples.FIGURES]
    return {
        FIGURES.event: message(
            FIGURES.event, FIGURES.name, fields, summary=FIGURES.description, chunks=chunks
        )
    }


def _of_event_frame(frame: EventFrame, fields: Mapping[str, JsonSchema]) -> Iterator[JsonSchema]:
    """Yield a message for each name that the event has on the wire."""
    by_event: dict[str, list[type[events.Payload]]] = {}
    for payload in frame.payloads:
        by_event.setdefault(frame.event or payload.kind, []).append(payload)
    for event, payloads in by_event.items():
        described = frame.description if len(by_event) == 1 else None
        yield message(
            payloads[0].kind,
            frame.name,
            fields[event],
            summary=described or summary(payloads),
            chunks=[chunk for one in payloads if (chunk := examples.of_payload(one)) is not None],
        )


def _headers(schemas: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
    """Return the schema of the fields of each server-sent event, besides its data, by its name."""
    of_events = [one for one in schemas.values() if "properties" in one]
    return {
        one["properties"]["event"]["const"]: {
            "type": "object",
            "properties": {name: field for name, field in one["properties"].items() if name != "data"},
            "required": [name for name in one["required"] if name != "data"],
        }
        for one in of_events
    }


def message(
    name: str, schema: str, headers: JsonSchema, *, summary: str, chunks: Iterable[bytes]
) -> JsonSchema:
    """Return a message. schema: the name of that of its payload. chunks: of examples."""
    shown = enumerate(map(examples.example_of, chunks), start=1)
    return {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "summary": summary,
        "contentType": "application/json",
        "headers": in_draft_7(headers),
        "payload": ref(schema),
        "bindings": {"$ref": "#/components/messageBindings/eventStream"},
        "examples": [{"name": f"{name} {number}", **one} for number, one in shown],
    }
