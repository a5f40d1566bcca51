"""Operation: what `/openapi.json` says of one method of one path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lumen_notify.http.fields import RoomId, UserId
from lumen_notify.model import value

JSON = "application/json"

JsonSchema = Mapping[str, Any]
"""A JSON schema, draft 2020-12, as OpenAPI 3.1 uses it."""

Shape = Any
"""A JSON schema; or a type that pydantic can make one of; or a tuple of types, for exactly one of them."""

OF_CALLERS = ("token_missing", "token_invalid", "token_expired", "keys_unavailable")
"""Codes of the problems of every operation that needs a token."""

OF_BODIES = ("invalid", "too_large")
"""Codes of the problems of every operation that takes a body."""

READS = ("database_unavailable",)
"""Codes of the problems of what reads the database."""

WRITES = (*READS, "commit_unknown", "overloaded")
"""Codes of the problems of what is committed."""

MEMBERS_ONLY = ("not_found", "not_a_member")
"""Codes of the problems of what only members of a room may do. A room that is not public is not found."""

MODERATORS_ONLY = (*MEMBERS_ONLY, "role_too_low")
"""Codes of the problems of what only owners and moderators of a room may do."""


@value
class Operation:
    """What a client must know of one method of one path.

    name: the `operationId`: unique, never changed, as clients are generated with it. credentials: names of
    security schemes, any of which will do; empty for none. parameters: OpenAPI's parameter objects, those in
    the path too. body: what the request carries, None for nothing. status, or_status: of success; both have
    the same body. answered: describes it. response: its body, of type `media_type`. headers: those of success
    worth a word: (name, description). problems: the codes of problems beside those that follow from its
    credentials and its body.
    """

    name: str
    tag: str
    summary: str
    description: str = ""
    credentials: tuple[str, ...] = ("bearer",)
    parameters: tuple[Mapping[str, Any], ...] = ()
    body: Shape | None = None
    is_body_required: bool = True
    body_examples: Mapping[str, Any] | None = None
    status: int = 200
    or_status: int | None = None
    answered: str
    response: Shape
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def refusals(self) -> tuple[str, ...]:
        """The codes of all its problems, but for `internal`, which every operation has."""
        of_caller = OF_CALLERS if self.credentials else ()
        of_body = () if self.body is None else OF_BODIES
        return (*of_caller, *of_body, *self.problems)


def ref(name: str) -> JsonSchema:
    """Refer to a schema of the document by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def path(name: str, schema: Shape, description: str) -> Mapping[str, Any]:
    """Describe a parameter in the path."""
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def query(name: str, schema: Shape, description: str) -> Mapping[str, Any]:
    """Describe an optional query parameter."""
    return {"name": name, "in": "query", "description": description, "schema": schema}


def header(name: str, schema: Shape, description: str) -> Mapping[str, Any]:
    """Describe an optional request header."""
    return {"name": name, "in": "header", "description": description, "schema": schema}


BOOLEAN: JsonSchema = {"type": "string", "enum": ["true", "false"]}
"""A boolean in a query."""

NOTIFICATION_ID = path("id", {"type": "string", "format": "uuid"}, "The notification's id.")
ROOM_ID = path("id", RoomId, "The room's id.")
USER_ID = path("user", UserId, "A user's id.")
