"""Responses about pushes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from lumen_notify.http.responses import NextCursor, Time


class DeadLetter(TypedDict):
    """A push to one device that was given up."""

    id: Annotated[str, Field(json_schema_extra={"format": "uuid"})]
    notification_id: Annotated[
        str | None,
        Field(description="Of the notification or message; null if the push was about several or none."),
    ]
    user_id: str
    device_id: Annotated[str, Field(json_schema_extra={"format": "uuid"})]
    provider: str
    reason: Annotated[str, Field(description="Why the provider did not take it.")]
    created_at: Annotated[Time, Field(description="When it was given up.")]


class DeadLetters(TypedDict):
    """One page of dead letters, newest first."""

    items: list[DeadLetter]
    next_cursor: NextCursor
