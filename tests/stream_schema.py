"""Stream schema: each frame that a test reads is as `/asyncapi.json` describes it.

`EventStream` asks for each frame that arrives, in all tests. Objects have no other fields than those listed
(`documents.closed`), so a field that the document lacks is a failure of the test that has seen it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Protocol

import jsonschema_rs

from closed_schemas import closed
from lumen_notify.api.asyncapi import Document

UNLIMITED = 10**9


class SeenFrame(Protocol):
    """A server-sent event. `clients.Frame` is one."""

    @property
    def id(self) -> str | None: ...
    @property
    def event(self) -> str: ...
    @property
    def data(self) -> Any: ...
    @property
    def retry_ms(self) -> int | None: ...


class NotDescribed(AssertionError):
    """A frame that the document does not describe."""


def check(frame: SeenFrame) -> None:
    """Raise NotDescribed unless a message of the document describes the frame."""
    validator = _validators().get(frame.event)
    if validator is None:
        raise NotDescribed(f"no message has the event {frame.event}: {frame}")
    fields = as_fields(frame)
    if not validator.is_valid(fields):
        errors = [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(fields)]
        raise NotDescribed(f"{frame} is not as described: {errors}")


def as_fields(frame: SeenFrame) -> dict[str, Any]:
    """Return a frame as headers and payload."""
    headers = {"event": frame.event, "id": frame.id, "retry": frame.retry_ms}
    return {
        "headers": {name: text for name, text in headers.items() if text is not None},
        "payload": frame.data,
    }


def by_event(document: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the messages of the document's streams by the name of their event."""
    found: dict[str, list[Any]] = {}
    for message in document["components"]["messages"].values():
        if "headers" in message:
            event = message["headers"]["properties"]["event"]["const"]
            found.setdefault(event, []).append(message)
    return found


def schema_of(document: Mapping[str, Any], messages: list[Any]) -> Any:
    """Return the closed schema of headers and payload, which are those of one of the messages."""
    forms = [
        {
            "type": "object",
            "properties": {"headers": message["headers"], "payload": message["payload"]},
            "required": ["headers", "payload"],
        }
        for message in messages
    ]
    schema = {"anyOf": forms} if len(forms) > 1 else forms[0]
    return closed({"components": {"schemas": document["components"]["schemas"]}, **schema})


@functools.cache
def _validators() -> dict[str, jsonschema_rs.Draft7Validator]:
    """Compile the schemas, once in each process."""
    document: Any = Document(max_content_characters=UNLIMITED, max_batch_rows=UNLIMITED).make()
    return {
        event: jsonschema_rs.Draft7Validator(schema_of(document, messages), validate_formats=True)
        for event, messages in by_event(document).items()
    }
