"""Operation: one method of one path, as the document tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lumen_notify.api.openapi.schema import JsonSchema
from lumen_notify.model import value

JSON = "application/json"

OF_CALLERS = ("token_missing", "token_invalid", "token_expired", "keys_unavailable")
"""What whoever must show who he is may be refused with."""

OF_BODIES = ("invalid", "too_large")
"""What whoever sends a body may be refused with."""


@value
class Operation:
    """What a caller must know of one method of one path.

    name: unique, never changed: clients are generated with it. credentials: names of security schemes, any
    of which will do; empty for none. parameters: OpenAPI's parameter objects, those in the path too. body:
    what the request must carry, None for nothing. status, or_status: of success; both are answered alike.
    answer: its body, of type `media_type`. headers: those of success worth a word: (name, description).
    problems: the codes of refusals beside those that follow from its credentials and its body.
    """

    name: str
    tag: str
    summary: str
    description: str = ""
    credentials: tuple[str, ...] = ("bearer",)
    parameters: tuple[Mapping[str, Any], ...] = ()
    body: JsonSchema | None = None
    is_body_required: bool = True
    body_examples: Mapping[str, Any] | None = None
    status: int = 200
    or_status: int | None = None
    answered: str
    answer: JsonSchema
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def refusals(self) -> tuple[str, ...]:
        """The codes of all refusals; `internal` is every operation's."""
        of_caller = OF_CALLERS if self.credentials else ()
        of_body = () if self.body is None else OF_BODIES
        return (*of_caller, *of_body, *self.problems)


def path(name: str, schema: JsonSchema, description: str) -> Mapping[str, Any]:
    """Describe a parameter in the path."""
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def query(name: str, schema: JsonSchema, description: str) -> Mapping[str, Any]:
    """Describe an optional query parameter."""
    return {"name": name, "in": "query", "description": description, "schema": schema}


def header(name: str, schema: JsonSchema, description: str) -> Mapping[str, Any]:
    """Describe an optional request header."""
    return {"name": name, "in": "header", "description": description, "schema": schema}
