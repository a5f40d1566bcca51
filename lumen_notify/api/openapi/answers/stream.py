"""Answers about the stream and what belongs to it."""

from __future__ import annotations

from lumen_notify.api.openapi.schema import (
    COUNT,
    ID,
    SOME,
    TEXT,
    TIME,
    JsonSchema,
    fields,
    one_of,
    or_null,
    page_of,
    told,
)
from lumen_notify.deliver.streams.endpoint import DEVICES

SCHEMAS: dict[str, JsonSchema] = {
    "Ticket": fields(
        "What to put in the stream's URL.",
        ticket=TEXT,
        expires_in=told(SOME, "Seconds."),
    ),
    "Renewed": fields(
        "The caller's open streams here now last as long as the token.",
        renewed=told(COUNT, "How many streams last longer than before."),
        expires_at=TIME,
    ),
    "Connections": page_of(
        fields(
            "One open stream.",
            id=ID,
            device=or_null(one_of(DEVICES), "What it said that it runs on."),
            connected_at=TIME,
            instance=told(TEXT, "The process that holds it."),
        ),
        "The caller's open streams, oldest first.",
        is_paged=False,
    ),
}
