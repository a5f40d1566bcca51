"""Fields: the types of the fields in a frame's `data`. Responses share some of them.

They describe but do not validate: limits and allowed words are only in the JSON schema (`json_schema_extra`),
so that an event with a word that a newer version has added can still be decoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

Role = Literal["owner", "moderator", "member", "muted"]
"""What a member of a room may do; the highest first."""

MemberChange = Literal["joined", "left", "removed", "banned", "role"]
"""What has changed about members of a room."""

LeaveReason = Literal["left", "removed", "banned", "deleted"]
"""Why a user is no longer in a room."""


def words(literal: Any) -> Any:
    """Describe a text as one of the words of a Literal."""
    return Field(json_schema_extra={"enum": list(get_args(literal))})


def model(name: str) -> Any:
    """Describe a JSON object by the model of a response or a request, which the API document has by name."""
    return Field(json_schema_extra={"x-model": name})


Uuid = Annotated[str, Field(description="A UUIDv7.", json_schema_extra={"format": "uuid"})]
Count = Annotated[int, Field(json_schema_extra={"minimum": 0})]
Position = Annotated[int, Field(description="A position in the log.", json_schema_extra={"minimum": 0})]
Seq = Annotated[int, Field(description="The message's number in its room.", json_schema_extra={"minimum": 1})]
RoleWord = Annotated[str, model("Role")]
MemberRole = Annotated[Role, model("Role")]
RoomTitle = Annotated[str | None, Field(description="One line of text; null for none.")]

NotificationJson = Annotated[Mapping[str, Any], model("Notification")]
MessageJson = Annotated[Mapping[str, Any], model("Message")]
PreferencesJson = Annotated[Mapping[str, Any], model("Preferences")]
SelectionJson = Annotated[Mapping[str, Any], model("MarkBody")]
