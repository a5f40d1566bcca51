"""Message events: sent, edited, deleted."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AliasChoices, Field

from lumen_notify.model.encoding import to_json
from lumen_notify.model.event import Event
from lumen_notify.model.events.fields import MessageJson, model
from lumen_notify.model.events.payload import Payload, RoomPayload
from lumen_notify.model.value import value


@value
class MessageSent(Payload):
    """A message was sent to a room.

    message: its JSON, as history shows it. exclude_user_id: a user whose streams do not get it, and
    who has read the room with it; None for nobody.
    """

    kind = "message"
    scopes = ("room",)
    shown = "message"

    sender_id: str
    message: Annotated[str, model("Message")]
    exclude_user_id: str | None = None

    @property
    def is_withdrawn(self) -> bool:
        """Whether its room was deleted."""
        return self.message == "{}"

    def encode(self) -> str:
        """Return the body. The message is JSON already."""
        excluded = (
            "" if self.exclude_user_id is None else f'"exclude_user_id":{to_json(self.exclude_user_id)},'
        )
        return f'{{"sender_id":{to_json(self.sender_id)},{excluded}"data":{self.message}}}'

    @classmethod
    def decode(cls, event: Event) -> Self:
        """Read the body. Raises UnknownEvent."""
        stored = _StoredMessage.decode(event)
        return cls(
            sender_id=stored.sender_id, message=to_json(stored.data), exclude_user_id=stored.exclude_user_id
        )


@value
class _StoredMessage(RoomPayload):
    kind = "message"

    sender_id: str
    exclude_user_id: Annotated[
        str | None,
        Field(validation_alias=AliasChoices("exclude_user_id", "but_for")),  # its name before 0.1
    ] = None


@value
class MessageEdited(RoomPayload):
    """The content of a message has changed."""

    kind = "message_edited"

    data: MessageJson

    @property
    def is_withdrawn(self) -> bool:
        """Whether the message was edited again, or deleted."""
        return not self.data


@value
class MessageDeleted(RoomPayload):
    """A message has been deleted: it keeps its place, without its content."""

    kind = "message_deleted"

    data: MessageJson

    @property
    def is_withdrawn(self) -> bool:
        """Whether its room was deleted."""
        return not self.data
