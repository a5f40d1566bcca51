"""Answers about categories, and what a user chooses of them."""

from __future__ import annotations

from lumen_notify.api.openapi.answers.inbox import PRIORITY
from lumen_notify.api.openapi.schema import (
    COUNT,
    FLAG,
    TEXT,
    JsonSchema,
    constant,
    fields,
    or_null,
    page_of,
    ref,
    told,
)

_CATEGORY: dict[str, JsonSchema] = {
    "name": TEXT,
    "in_app": told(FLAG, "In lists, counts and streams."),
    "push": told(FLAG, "Pushed to devices."),
    "may_mute": told(FLAG, "False: no user can silence it."),
    "priority": or_null(PRIORITY, "Of notifications that name none; null for `normal`."),
    "limits": or_null(ref("LimitsBody"), "Null for none."),
}

SCHEMAS: dict[str, JsonSchema] = {
    "DefinedCategory": fields("What a category is like, until a user says otherwise.", **_CATEGORY),
    "Categories": page_of(ref("DefinedCategory"), "All that are defined, by name.", is_paged=False),
    "Undefined": fields("It is like one that was never defined.", name=TEXT, status=constant("removed")),
    "Preferences": fields(
        "What holds for the caller.",
        categories={
            "type": "object",
            "description": "By name: those that are defined, and those that he has chosen something about.",
            "additionalProperties": fields("One category.", in_app=FLAG, push=FLAG, muted=FLAG),
        },
        quiet_hours=or_null(
            fields("When push waits.", **{"from": TEXT, "to": TEXT, "time_zone": TEXT}), "Null for none."
        ),
        digest=fields(
            "How often those of low priority come, together.", minutes=told(COUNT, "0: each at once.")
        ),
    ),
}
