"""What operations share: credentials, tags, parameters, problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from lumen_notify.api.openapi.operation import path, query
from lumen_notify.api.openapi.schema import JsonSchema
from lumen_notify.auth import PUBLISH as PUBLISH_SCOPE
from lumen_notify.auth import TICKET_SECONDS
from lumen_notify.deliver.streams.endpoint import COOKIE
from lumen_notify.http.fields import UserId
from lumen_notify.http.requests import DEFAULT_PAGE, MAX_PAGE

CREDENTIALS: dict[str, dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": (
            f"A JSON Web Token with `sub` and `exp`. To publish to others its `scope` has `{PUBLISH_SCOPE}`."
        ),
    },
    "ticket": {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": f"For the stream alone: valid {TICKET_SECONDS} seconds, so that no token is in a URL.",
    },
    "token": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "For the stream alone: the same as `bearer`. URLs end up in logs; prefer a ticket.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "For the stream alone: set when a ticket opens one, so that a browser can come back.",
    },
}
"""Security schemes by name. Where several are given, the first of token, ticket, bearer, cookie counts."""

TAGS = {
    "publish": "Your application tells its users something.",
    "inbox": "A user's own notifications.",
    "rooms": "Where several users meet: who is in, and what they say.",
    "preferences": "What a user wants of it, and what he may choose from.",
    "stream": "One open connection of a user, and what belongs to it.",
    "accounts": "Users of this server itself, where the application has none of its own.",
    "process": "About the server itself. Needs no token.",
}

READS = ("database_unavailable",)
"""What whatever asks the database may be refused with."""

WRITES = (*READS, "commit_unknown", "overloaded")
"""What whatever is to be committed may be refused with."""

PAGE_LIMIT = query(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_PAGE},
    "The most items of one page.",
)
"""How every list takes its limit."""


def page_cursor(schema: JsonSchema) -> Mapping[str, Any]:
    """Describe how a list takes up where its page before has ended."""
    return query("cursor", schema, "The `next_cursor` of the page before.")


ID = path("id", {"type": "string", "format": "uuid"}, "The notification's id.")
"""A notification in a path."""

USER_ID = path("user", TypeAdapter(UserId).json_schema(), "A user's id.")
"""A user in a path."""

USER_CURSOR = query(
    "cursor", TypeAdapter(UserId).json_schema(), "The `next_cursor` of the page before: a user's id."
)

FLAG = {"type": "string", "enum": ["true", "false"]}
"""How a query says yes or no."""
