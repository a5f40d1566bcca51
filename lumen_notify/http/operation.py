"""Operation: the description of one method of one path, for `/openapi.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lumen_notify.http.fields import RoomId, UserId
from lumen_notify.model import value

JSON = "application/json"

JsonSchema = Mapping[str, Any]
"""A JSON schema, draft 2020-12, as OpenAPI 3.1 uses it."""

Shape = Any
"""A JSON schema; a type for which pydantic generates one; or a tuple of types, exactly one of which
applies."""

OF_CALLERS = ("token_missing", "token_invalid", "token_expired", "token_revoked", "keys_unavailable")
"""Problem codes of every operation that needs a token."""

LIMITED = ("rate_limited",)
"""Problem codes of every operation whose only credential is a token: the stream answers in band."""

OF_BODIES = ("invalid", "too_large", "encoding_unsupported")
"""Problem codes of every operation that takes a body."""

OF_URLS = frozenset(["token", "ticket"])
"""Credentials that are query parameters of the same name."""

READS = ("database_unavailable",)
"""Problem codes of operations that read the database."""

WRITES = (*READS, "database_busy", "commit_unknown", "overloaded", "draining")
"""Problem codes of operations that commit a command."""

MEMBERS_ONLY = ("not_found", "not_a_member")
"""Problem codes of operations for members of a room. To others, a room that is not public is `not_found`."""

MODERATORS_ONLY = (*MEMBERS_ONLY, "role_too_low")
"""Problem codes of operations for owners and moderators of a room."""


@value
class Operation:
    """The description of one method of one path.

    name: the `operationId`: unique, and never changed, because client generators use it. credentials: names
    of security schemes, any one of which is enough; empty for none. parameters: OpenAPI's parameter objects,
    including those in the path; unknown ones in the query are refused unless takes_any_query. body: the shape
    of the request body, None for none. status, or_status: the status codes of success; both have the same
    response body. answered: the description of the success response. response: the shape of its body, of type
    `media_type`; None if it has no body. headers: its headers that need a description: (name, description).
    problems: the problem codes in addition to those that follow from credentials, body and query.
    query_aliases: further names of query parameters; only a parameter's description mentions them, as
    generated clients would have one name for two parameters.
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
    response: Shape | None = None
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    takes_any_query: bool = False
    query_aliases: tuple[str, ...] = ()

    @property
    def query_names(self) -> frozenset[str]:
        """The names of the query parameters that it takes."""
        declared = (one["name"] for one in self.parameters if one["in"] == "query")
        return frozenset([*declared, *self.query_aliases, *OF_URLS.intersection(self.credentials)])

    @property
    def refusals(self) -> tuple[str, ...]:
        """All problem codes of the operation, except `internal`, which every operation has."""
        of_caller = OF_CALLERS if self.credentials else ()
        limited = LIMITED if self.credentials == ("bearer",) else ()
        of_body = () if self.body is None else OF_BODIES
        of_query = () if self.takes_any_query else ("invalid",)
        return tuple(dict.fromkeys((*of_caller, *limited, *of_body, *of_query, *self.problems)))


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
