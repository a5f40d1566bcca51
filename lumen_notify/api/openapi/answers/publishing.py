"""Answers to who publishes."""

from __future__ import annotations

from lumen_notify.api.openapi.answers.inbox import NOTIFICATION, OPTIONAL
from lumen_notify.api.openapi.schema import (
    COUNT,
    ID,
    POSITION,
    SOME,
    TIME,
    JsonSchema,
    constant,
    fields,
    or_null,
    page_of,
    ref,
    told,
)
from lumen_notify.commit.notifications.publication import STATUSES

_AFTERWARDS = ("created_at", "actors", "actors_count")
"""Fields that a notification has once it is published."""

SCHEMAS: dict[str, JsonSchema] = {
    "Published": fields(
        "It is committed.",
        ("deliver_at", "delayed", "refused"),
        id=ID,
        recipients=or_null(COUNT, "How many users get it; null for all."),
        position=or_null(POSITION, "Its place in the log; null if it has none yet."),
        status={
            "type": "string",
            "enum": list(STATUSES),
            "description": "`merged`: into a row that was there, whose id this is. If nobody was told of it "
            "yet, the position is the newest of the log. `bundled`: it "
            "comes with others, later. `delayed`: a limit makes it wait for `deliver_at`.",
        },
        deliver_at=told(TIME, "When those that a limit has delayed get it."),
        delayed=told(SOME, "How many users a limit has delayed, if not all."),
        refused=told(SOME, "How many more users do not get it, because of a limit."),
    ),
    "PublishedBatch": fields(
        "All of it is committed.", items={"type": "array", "items": ref("Published"), "minItems": 1}
    ),
    "ScheduledNotifications": page_of(
        fields(
            "What will be published.",
            OPTIONAL,
            **{name: schema for name, schema in NOTIFICATION.items() if name not in _AFTERWARDS},
            to=ref("To"),
            deliver_at=TIME,
        ),
        "One page, the next to leave first.",
        is_paged=True,
    ),
    "Cancelled": fields("It will not be published.", id=ID, status=constant("cancelled")),
}
