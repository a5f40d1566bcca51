"""Document: `/openapi.json`, built from the operations of all routes, their models and the limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lumen_notify.api.openapi import admin_stream, frames, problems, stream, types
from lumen_notify.api.openapi.credentials import CREDENTIALS
from lumen_notify.api.openapi.json_document import JsonDocument
from lumen_notify.api.openapi.models import Models
from lumen_notify.http.operation import JSON, JsonSchema, Operation, Shape
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.version import __version__

TAGS = {
    "publish": "Your application publishes notifications to its users.",
    "inbox": "A user's own notifications.",
    "rooms": "Rooms of several users, their members and bans.",
    "messages": "Messages in rooms and to one user: history, read marks, typing, blocks.",
    "preferences": "Categories, and the choices of each user about them.",
    "devices": "The devices of a user that get pushes.",
    "stream": "A user's event stream: open it, renew it, list the open ones.",
    "users": "All that is stored of a user: export it, delete it.",
    "accounts": "Built-in accounts, for an application that has none of its own.",
    "admin": "For whoever runs the server, with the scope `notify:admin`: what happens, and moderation.",
    "service": "The server itself: health, metrics, documentation. No token is needed.",
}

DESCRIPTION = (
    "A notification server that runs beside your application: JSON in and out, and one event stream for each "
    "user. Every error is a problem document. Unknown paths return 404, unsupported methods 405. Every "
    "response has an `X-Request-ID`, which is the request's own if that has one."
)


class Document(JsonDocument):
    """The OpenAPI document."""

    def routes(self) -> Iterator[ApiRoute]:
        """List the route of the document. It is outside the API's prefix."""
        yield route(
            "/openapi.json",
            GET=(
                self.get,
                Operation(
                    name="getOpenApiDocument",
                    tag="service",
                    takes_any_query=True,
                    credentials=(),
                    summary="Get this document",
                    answered="OpenAPI 3.1.",
                    response={"type": "object"},
                ),
            ),
        )

    def make(self) -> dict[str, object]:
        """Make the document."""
        operations = [
            (re.sub(r":\w+}", "}", route.path), method.lower(), operation)
            for route in self._routes
            for method, operation in route.operations.items()
        ]
        shapes = (*frames.SHAPES, *_shapes(operation for _, _, operation in operations))
        models = Models(shapes, self.limits)
        paths: dict[str, dict[str, Any]] = {}
        for path, method, operation in operations:
            paths.setdefault(path, {})[method] = _operation(operation, models)
        used = {operation.tag for _, _, operation in operations}
        return {
            "openapi": "3.1.1",
            "info": {
                "title": "lumen-notify",
                "version": __version__,
                "description": DESCRIPTION,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            # Relative to the document, so that it is valid under any prefix.
            "servers": [{"url": "."}],
            "tags": [{"name": name, "description": text} for name, text in TAGS.items() if name in used],
            "paths": paths,
            "components": {
                "schemas": named_schemas(models),
                "securitySchemes": CREDENTIALS,
            },
        }


def named_schemas(models: Models) -> dict[str, JsonSchema]:
    """Return all schemas by name. Both documents have theirs from here."""
    return {
        **models.definitions,
        **types.SCHEMAS,
        **stream.schemas(),
        **admin_stream.schemas(),
        **frames.schemas(models),
        **problems.SCHEMAS,
    }


def _shapes(operations: Iterable[Operation]) -> Iterator[Shape]:
    for operation in operations:
        for shape in (operation.body, operation.response):
            yield from shape if isinstance(shape, tuple) else () if shape is None else (shape,)
        yield from (parameter["schema"] for parameter in operation.parameters)


def _operation(operation: Operation, models: Models) -> JsonSchema:
    success: dict[str, Any] = {"description": operation.answered}
    if operation.response is not None:
        success["content"] = {operation.media_type: {"schema": models.schema(operation.response)}}
    if operation.headers:
        success["headers"] = {
            name: {"description": text, "schema": {"type": "string"}} for name, text in operation.headers
        }
    successes = {
        str(status): success for status in (operation.status, operation.or_status) if status is not None
    }
    fields: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [
            {**parameter, "schema": models.schema(parameter["schema"])} for parameter in operation.parameters
        ],
        "requestBody": _body(operation, models),
        "responses": {**successes, **problems.responses(operation.refusals)},
    }
    kept = {name: value for name, value in fields.items() if value}
    return {**kept, "security": [{name: []} for name in operation.credentials]}


def _body(operation: Operation, models: Models) -> Mapping[str, Any] | None:
    if operation.body is None:
        return None
    content = {"schema": models.schema(operation.body), "examples": operation.body_examples or {}}
    return {"required": operation.is_body_required, "content": {JSON: content}}
