"""Answers about whom a user does not want to hear from directly."""

from __future__ import annotations

from lumen_notify.api.openapi.schema import TEXT, TIME, JsonSchema, constant, fields, page_of, ref

SCHEMAS: dict[str, JsonSchema] = {
    "Block": fields("A user whom the caller has blocked.", user_id=TEXT, blocked_at=TIME),
    "Blocks": page_of(ref("Block"), "One page, by user id.", is_paged=True),
    "Unblocked": fields("The user is not blocked.", user_id=TEXT, status=constant("unblocked")),
}
