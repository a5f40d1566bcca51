"""Credentials: the security schemes of the document."""

from __future__ import annotations

from typing import Any

from lumen_notify.auth import PUBLISH as PUBLISH_SCOPE
from lumen_notify.auth import TICKET_SECONDS
from lumen_notify.deliver.streams.cookie import COOKIE

CREDENTIALS: dict[str, dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": (
            "A JSON Web Token with `sub` and `exp`. To publish to others it needs the scope "
            f"`{PUBLISH_SCOPE}`."
        ),
    },
    "ticket": {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": f"Only for the stream: valid for {TICKET_SECONDS} seconds. Keeps tokens out of URLs.",
    },
    "token": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "Only for the stream: the same as `bearer`. URLs end up in logs; prefer a ticket.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "Only for the stream: set when a ticket opens it, so that a browser can reconnect.",
    },
}
"""Security schemes by name. If a request has several, the first of token, ticket, bearer, cookie is used."""
