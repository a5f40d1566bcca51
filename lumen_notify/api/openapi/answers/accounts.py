"""Answers about accounts and their sessions."""

from __future__ import annotations

from lumen_notify.api.openapi.schema import (
    COUNT,
    ID,
    SOME,
    TEXT,
    TIME,
    JsonSchema,
    constant,
    fields,
    or_null,
    told,
)

SCHEMAS: dict[str, JsonSchema] = {
    "Session": fields(
        "A session.",
        user_id=told(ID, "The account's, for ever: the `sub` of its tokens."),
        access_token=told(TEXT, "What `Authorization: Bearer` takes."),
        token_type=constant("Bearer"),
        expires_in=told(SOME, "Of the access token, in seconds."),
        refresh_token=told(TEXT, "Good once, for the next access token; to be kept as a password is."),
    ),
    "User": fields(
        "A user of this server.",
        user_id=ID,
        username=told(TEXT, "What is shown."),
        avatar=or_null(TEXT, "Where a picture is."),
    ),
    "Ended": fields("What has ended.", ended=told(COUNT, "How many sessions.")),
    "Account": fields(
        "The caller's account.",
        user_id=ID,
        name=told(TEXT, "What one logs in with."),
        username=told(TEXT, "What is shown."),
        avatar=or_null(TEXT, "Where a picture is."),
        created_at=TIME,
    ),
}
