"""Document: `/openapi.json`, made once at start from the operations of all routes, their models, the
limits."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.notifications.responses import Notification
from lumen_notify.api.openapi import frames, problems
from lumen_notify.api.openapi.credentials import CREDENTIALS
from lumen_notify.http.fields import Category
from lumen_notify.http.operation import JSON, JsonSchema, Operation, Shape
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import to_json

TAGS = {
    "publish": "Your application publishes notifications to its users.",
    "inbox": "A user's own notifications.",
    "rooms": "Rooms of several users: their members and messages.",
    "preferences": "Categories, and what each user wants of them.",
    "stream": "A user's event stream, and what belongs to it.",
    "accounts": "Users of this server itself, where the application has none of its own.",
    "process": "The server itself. Needs no token.",
}

DESCRIPTION = (
    "A notification centre that runs beside your application: JSON in and out, and one event stream for each "
    "user. Every error is a problem document. Unknown paths return 404, unsupported methods 405."
)

IN_FRAMES: tuple[Shape, ...] = (Notification,)
"""The models that only frames refer to."""


class Document:
    """The document, once `write` has made it. Both limits: at least 1."""

    def __init__(self, *, max_content_characters: int, max_batch_rows: int) -> None:
        self._limits = {
            "max_content_characters": max_content_characters,
            "max_batch_rows": max_batch_rows,
        }
        self._text = b""

    def routes(self) -> Iterator[ApiRoute]:
        """List the route of the document, which is not below the API's prefix."""
        yield route(
            "/openapi.json",
            GET=(
                self.get,
                Operation(
                    name="getDocument",
                    tag="process",
                    credentials=(),
                    summary="Get this document",
                    answered="OpenAPI 3.1.",
                    response={"type": "object"},
                ),
            ),
        )

    async def get(self, _request: Request) -> Response:
        """Answer `GET /openapi.json`."""
        return Response(self._text, headers={"cache-control": "no-cache"}, media_type=JSON)

    def write(self, routes: Sequence[ApiRoute]) -> None:
        """Make the document of all routes, in their order."""
        operations = [
            (re.sub(r":\w+}", "}", route.path), method.lower(), operation)
            for route in routes
            for method, operation in route.operations.items()
        ]
        models = _Models((operation for _, _, operation in operations), self._limits)
        paths: dict[str, dict[str, Any]] = {}
        for path, method, operation in operations:
            paths.setdefault(path, {})[method] = _operation(operation, models)
        document = {
            "openapi": "3.1.1",
            "info": {
                "title": "lumen-notify",
                "version": version("lumen-notify"),
                "description": DESCRIPTION,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            # Relative to the document, so that it is valid under any prefix.
            "servers": [{"url": "."}],
            "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
            "paths": paths,
            "components": {
                "schemas": {
                    **models.definitions,
                    "Category": {**models.schema(Category), "description": "The name of a category."},
                    **frames.SCHEMAS,
                    **problems.SCHEMAS,
                },
                "securitySchemes": CREDENTIALS,
            },
        }
        self._text = to_json(document).encode()


class _Models:
    """The schemas of all models of some operations. definitions: those with names, by name."""

    def __init__(self, operations: Iterable[Operation], limits: Mapping[str, int]) -> None:
        found = (*IN_FRAMES, Category, *_shapes(operations))
        shapes = tuple(dict.fromkeys(shape for shape in found if not isinstance(shape, Mapping)))
        hook = functools.partial(_limited, limits)
        schemas, self.definitions = json.loads(_schemas(shapes), object_hook=hook)
        self._schemas = dict(zip(shapes, schemas, strict=True))

    def schema(self, shape: Shape) -> JsonSchema:
        """Return the schema of a shape."""
        if isinstance(shape, tuple):
            return {"oneOf": [self.schema(one) for one in shape]}
        schema: JsonSchema = shape if isinstance(shape, Mapping) else self._schemas[shape]
        return schema


def _shapes(operations: Iterable[Operation]) -> Iterator[Shape]:
    for operation in operations:
        for shape in (operation.body, operation.response):
            yield from shape if isinstance(shape, tuple) else () if shape is None else (shape,)
        yield from (parameter["schema"] for parameter in operation.parameters)


class _Untitled(GenerateJsonSchema):
    """Omits the titles, which only repeat the names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False


@functools.lru_cache(maxsize=4)
def _schemas(shapes: tuple[Shape, ...]) -> str:
    """Return the schema of each shape, and those of all named models by name, as JSON. It takes 0.1 s, which
    a process that opens the application often (a test) spends once."""
    found, definitions = _Untitled(ref_template="#/components/schemas/{model}").generate_definitions(
        [(number, "validation", TypeAdapter(shape).core_schema) for number, shape in enumerate(shapes)]
    )
    untitled = {
        name: {key: value for key, value in schema.items() if key != "title"}
        for name, schema in definitions.items()
    }
    return to_json([[found[number, "validation"] for number in range(len(shapes))], untitled])


def _limited(limits: Mapping[str, int], schema: dict[str, Any]) -> dict[str, Any]:
    """Put the value of a limit that is a setting in the place of its name (`x-limit`)."""
    if "x-limit" in schema:
        limit = limits[schema.pop("x-limit")]
        schema["maxItems" if schema["type"] == "array" else "maxLength"] = limit
    return schema


def _operation(operation: Operation, models: _Models) -> JsonSchema:
    content = {operation.media_type: {"schema": models.schema(operation.response)}}
    success: dict[str, Any] = {"description": operation.answered, "content": content}
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


def _body(operation: Operation, models: _Models) -> Mapping[str, Any] | None:
    if operation.body is None:
        return None
    content = {"schema": models.schema(operation.body), "examples": operation.body_examples or {}}
    return {"required": operation.is_body_required, "content": {JSON: content}}
