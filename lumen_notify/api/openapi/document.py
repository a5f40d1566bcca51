"""Document: `/openapi.json`, made once at start: the routes, the models that validate, the limits."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.accounts.bodies import (
    LoginBody,
    PasswordBody,
    ProfileBody,
    RefreshBody,
    RegisterBody,
)
from lumen_notify.accept.notifications.bodies import MarkBody, PublicationBody, ReadBody
from lumen_notify.accept.preferences.category_bodies import CategoryBody
from lumen_notify.accept.preferences.preference_bodies import PreferencesBody
from lumen_notify.accept.rooms.message_bodies import (
    DirectBody,
    EditBody,
    MessageBody,
    ReadRoomBody,
    TypingBody,
)
from lumen_notify.accept.rooms.room_bodies import MemberBody, MembersBody, RoomBody, TitleBody
from lumen_notify.api.openapi import answers, frames, problems
from lumen_notify.api.openapi.operation import JSON, Operation
from lumen_notify.api.openapi.operations.shared import CREDENTIALS, TAGS
from lumen_notify.api.openapi.schema import JsonSchema, ref
from lumen_notify.http.fields import Category
from lumen_notify.model import to_json

BODIES: tuple[type[BaseModel], ...] = (
    PublicationBody,
    MarkBody,
    ReadBody,
    RoomBody,
    RegisterBody,
    LoginBody,
    RefreshBody,
    PasswordBody,
    ProfileBody,
    MessageBody,
    DirectBody,
    EditBody,
    TypingBody,
    ReadRoomBody,
    CategoryBody,
    PreferencesBody,
    TitleBody,
    MembersBody,
    MemberBody,
)
"""What requests carry. The models within them come along."""

DESCRIPTION = (
    "A notification centre that runs beside your application: JSON in and out, and one event stream for each "
    "user. Every refusal is a problem document; a method that a path does not take is answered by 405, and a "
    "path that there is not by 404."
)

Described = tuple[str, str, Operation]
"""A method, a path in the form of Starlette, and what is there."""


class Document:
    """The document, once `write` has made it. Both limits: at least 1."""

    def __init__(self, *, max_content_characters: int, max_batch_rows: int) -> None:
        self._max_content_characters = max_content_characters
        self._max_batch_rows = max_batch_rows
        self._text = b""

    async def get(self, _request: Request) -> Response:
        """Answer `GET /openapi.json`."""
        return Response(self._text, headers={"cache-control": "no-cache"}, media_type=JSON)

    def write(self, described: Iterable[Described]) -> None:
        """Make the document of all routes, in their order."""
        paths: dict[str, dict[str, Any]] = {}
        for method, path, operation in described:
            plain = re.sub(r":\w+}", "}", path)
            paths.setdefault(plain, {})[method.lower()] = _operation(operation)
        self._text = to_json(
            {
                "openapi": "3.1.1",
                "info": {
                    "title": "lumen-notify",
                    "version": version("lumen-notify"),
                    "description": DESCRIPTION,
                    "license": {"name": "MIT", "identifier": "MIT"},
                },
                # Relative to the document, so that it holds under any prefix.
                "servers": [{"url": "."}],
                "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
                "paths": paths,
                "components": {"schemas": self._schemas(), "securitySchemes": CREDENTIALS},
            }
        ).encode()

    def _schemas(self) -> dict[str, JsonSchema]:
        bodies = json.loads(_models())
        batch: dict[str, Any] = {
            "type": "array",
            "items": ref("PublicationBody"),
            "minItems": 1,
            "description": f"All is published, or nothing: at most {self._max_batch_rows} recipients in sum.",
        }
        # What the settings decide, and the models are only told at run time.
        for body in ("PublicationBody", "MessageBody", "DirectBody", "EditBody"):
            bodies[body]["properties"]["content"]["maxLength"] = self._max_content_characters
        users, ids = (
            bodies[body]["properties"][field] for body, field in (("To", "users"), ("MarkBody", "ids"))
        )
        members, more = (bodies[body]["properties"]["members"] for body in ("RoomBody", "MembersBody"))
        for rows in (batch, users["anyOf"][0], ids["anyOf"][0], members, more):
            rows["maxItems"] = self._max_batch_rows
        return {
            **bodies,
            "PublicationBatch": batch,
            "Category": {
                **TypeAdapter(Category).json_schema(schema_generator=_Untitled),
                "description": "The name of a category.",
            },
            **answers.SCHEMAS,
            **frames.SCHEMAS,
            **problems.SCHEMAS,
        }


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles, which only repeat the names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False


@functools.cache
def _models() -> str:
    """Return the schemas of the bodies and of the models within them, by name, as JSON. It takes 15 ms, which
    an application that is opened often (a test's) spends once."""
    _, definitions = _Untitled(ref_template="#/components/schemas/{model}").generate_definitions(
        [(model, "validation", model.__pydantic_core_schema__) for model in BODIES]
    )
    return to_json(
        {
            name: {key: value for key, value in schema.items() if key != "title"}
            for name, schema in definitions.items()
        }
    )


def _operation(operation: Operation) -> JsonSchema:
    content = {operation.media_type: {"schema": operation.answer}}
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
        "parameters": list(operation.parameters),
        "requestBody": _body(operation),
        "responses": {**successes, **problems.responses(operation.refusals)},
    }
    kept = {name: value for name, value in fields.items() if value}
    return {**kept, "security": [{name: []} for name in operation.credentials]}


def _body(operation: Operation) -> Mapping[str, Any] | None:
    if operation.body is None:
        return None
    content = {"schema": operation.body, "examples": operation.body_examples or {}}
    return {"required": operation.is_body_required, "content": {JSON: content}}
