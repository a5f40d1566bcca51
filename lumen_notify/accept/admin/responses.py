"""Responses to administrators."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from lumen_notify.http.responses import NextCursor, Time


class AuditEntry(TypedDict):
    """What an administrator did."""

    id: Annotated[str, Field(json_schema_extra={"format": "uuid"})]
    at: Annotated[Time, Field(description="When they did it.")]
    actor: Annotated[str, Field(description="The user of the token; `command line` for a command.")]
    action: Annotated[str, Field(description="Such as `streams.ended`.")]
    target: Annotated[
        str | None,
        Field(description="To whom or to what, such as `user:bob`; null for all users, and for nobody."),
    ]
    details: Annotated[dict[str, Any], Field(description="Ids and numbers, never content.")]


class AuditEntries(TypedDict):
    """One page of the audit log, newest first."""

    items: list[AuditEntry]
    next_cursor: NextCursor
