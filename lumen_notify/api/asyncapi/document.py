"""Document: `/asyncapi.json` (AsyncAPI 3.0.0), built from the frames, the routes of the streams, and the
messages of intake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lumen_notify.api.asyncapi import channels, intake, messages
from lumen_notify.api.asyncapi.channels import Stream
from lumen_notify.api.asyncapi.schemas import used_by
from lumen_notify.api.openapi import frames
from lumen_notify.api.openapi.document import named_schemas
from lumen_notify.api.openapi.json_document import JsonDocument
from lumen_notify.api.openapi.models import Models
from lumen_notify.http.operation import JsonSchema, Operation
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.version import __version__

DESCRIPTION = (
    "What the event streams of lumen-notify carry, and what it takes from a queue. A message of a stream is "
    "a server-sent event: its headers are the fields `event`, `id` and `retry`, and its payload is the JSON "
    "in `data`. Later versions may add fields, and events with other names: ignore what you do not know."
)

VARIABLES = {
    "host": {"default": "localhost:8000", "description": "The host and port of the server."},
    "path": {
        "default": "",
        "description": "Where an application has mounted the server, such as `/notify`; empty at the root.",
    },
}
"""An address is always absolute in AsyncAPI. The document names none of the request: the `Host` header is its
client's, and caches keep documents."""


class Document(JsonDocument):
    """The AsyncAPI document."""

    def routes(self) -> Iterator[ApiRoute]:
        """List the route of the document. It is outside the API's prefix."""
        yield route(
            "/asyncapi.json",
            GET=(
                self.get,
                Operation(
                    name="getAsyncApiDocument",
                    tag="service",
                    takes_any_query=True,
                    credentials=(),
                    summary="Get the description of the event streams",
                    answered="AsyncAPI 3.0.",
                    response={"type": "object"},
                ),
            ),
        )

    def make(self) -> dict[str, object]:
        """Make the document."""
        of_user = messages.of_user_stream()
        of_admin = messages.of_admin_stream()
        streams = {
            "openStream": Stream(channel="stream", title="The event stream", messages=tuple(of_user)),
            "openAdminStream": Stream(
                channel="adminStream",
                title="The stream of administrators",
                messages=(*of_admin, "closing"),
            ),
        }
        models = Models((*frames.SHAPES, *intake.SHAPES), self.limits)
        of_queue = intake.messages(models)
        found = [
            (streams[operation.name], path, operation)
            for path, operation in channels.operations_of(self._routes)
        ]
        described = {stream.channel: channels.channel(stream, path, one) for stream, path, one in found}
        operations = {one.name: channels.operation_of(stream, one, models) for stream, _, one in found}
        return {
            "asyncapi": "3.0.0",
            "id": "urn:lumen-notify",
            "info": {
                "title": "lumen-notify",
                "version": __version__,
                "description": DESCRIPTION,
                "license": {"name": "MIT", "url": "https://spdx.org/licenses/MIT.html"},
                "tags": [
                    {"name": "stream", "description": "Event streams."},
                    {"name": "intake", "description": "Messages from a queue."},
                ],
            },
            "defaultContentType": "application/json",
            "servers": {
                **{protocol: _server(protocol) for protocol in ("http", "https")},
                **intake.servers(),
            },
            "channels": {**described, **intake.channels(of_queue)},
            "operations": {**operations, **intake.operations()},
            "components": {
                "messages": {**of_user, **of_admin, **of_queue},
                "messageBindings": {"eventStream": messages.BINDINGS},
                "schemas": used_by(
                    [*of_user.values(), *of_admin.values(), *of_queue.values(), operations],
                    {**named_schemas(models), **intake.SCHEMAS},
                ),
                "securitySchemes": {**channels.security_schemes(), **intake.SECURITY_SCHEMES},
            },
        }


def _server(protocol: str) -> JsonSchema:
    variables: Mapping[str, JsonSchema] = VARIABLES
    return {
        "host": "{host}",
        "pathname": "{path}",
        "protocol": protocol,
        "description": "Event streams over HTTP/1.1 or HTTP/2.",
        "variables": variables,
    }
