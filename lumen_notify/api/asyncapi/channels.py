"""Channels: the streams, with the operation that opens each, from the OpenAPI description of its route."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lumen_notify.api.asyncapi.schemas import in_draft_7
from lumen_notify.api.openapi.credentials import CREDENTIALS
from lumen_notify.api.openapi.models import Models
from lumen_notify.http.operation import JsonSchema, Operation
from lumen_notify.http.route import ApiRoute
from lumen_notify.model import value

EVENT_STREAM = "text/event-stream"


@value
class Stream:
    """A stream, and who opens it. messages: the names of those that it carries."""

    channel: str
    title: str
    messages: Sequence[str]


def operations_of(routes: Sequence[ApiRoute]) -> Iterator[tuple[str, Operation]]:
    """Yield the path and the operation of each stream."""
    for route in routes:
        for operation in route.operations.values():
            if operation.media_type == EVENT_STREAM:
                yield route.path, operation


def channel(stream: Stream, path: str, operation: Operation) -> JsonSchema:
    """Describe the channel of a stream."""
    return {
        "address": path,
        "title": stream.title,
        "summary": operation.summary,
        "description": operation.description,
        "servers": [{"$ref": "#/servers/http"}, {"$ref": "#/servers/https"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in stream.messages},
    }


def operation_of(stream: Stream, operation: Operation, models: Models) -> JsonSchema:
    """Describe how the server sends the messages of a stream: as the response to a request."""
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{stream.channel}"},
        "title": stream.title,
        "summary": operation.answered,
        "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in operation.credentials],
        "bindings": {
            "http": {
                "method": "GET",
                "query": _query(operation.parameters, models),
                "bindingVersion": "0.3.0",
            }
        },
    }


def _query(parameters: Sequence[Mapping[str, Any]], models: Models) -> JsonSchema:
    given = [one for one in parameters if one["in"] == "query"]
    return {
        "type": "object",
        "properties": {
            one["name"]: in_draft_7({**models.schema(one["schema"]), "description": one["description"]})
            for one in given
        },
    }


def security_schemes() -> dict[str, JsonSchema]:
    """Return the security schemes, in the form that AsyncAPI has."""
    return {
        name: {**one, "type": "httpApiKey" if one["type"] == "apiKey" else one["type"]}
        for name, one in CREDENTIALS.items()
    }
