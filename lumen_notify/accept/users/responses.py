"""Responses about users."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from lumen_notify.commit.users.deletion import Messages
from lumen_notify.http.responses import Time


class Deletion(TypedDict):
    """The deletion of a user that is under way."""

    user_id: str
    messages: Annotated[Messages, Field(description="What becomes of the user's messages.")]
    step: Annotated[str, Field(description="What it is doing: for people, and may change with each version.")]
    started_at: Time
