"""Messenger: turns validated messages and read marks into commands, and commits them. It does not depend on
HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from lumen_notify.accept.rooms.message_bodies import DirectBody, MessageBody, TitledMessageBody
from lumen_notify.commit.rooms.direct import SendDirectMessage
from lumen_notify.commit.rooms.history import History
from lumen_notify.commit.rooms.messages import SendMessage, SentMessage
from lumen_notify.commit.rooms.read_marks import MarkAllRoomsRead, MarkRoomRead, ReadMark, ReadRooms
from lumen_notify.errors import Invalid
from lumen_notify.http.context import Context
from lumen_notify.http.requests import invalid
from lumen_notify.model import new_id, value

MAX_READ_STEPS = 1000
"""The most steps in which one request marks rooms as read: enough for 20,000 rooms."""


@value
class Messenger:
    """Sends and reads messages, for the endpoints and for the library."""

    context: Context
    history: History

    async def send(
        self,
        room_id: str,
        sender: Mapping[str, Any],
        body: MessageBody,
        *,
        exclude_user_id: str | None = None,
    ) -> SentMessage:
        """Commit a message. sender: `{id, username, avatar}`. exclude_user_id: a user whose streams
        do not get it.

        Raises NotFound, Forbidden, Invalid, Unavailable.
        """
        command = message_command(room_id, sender, body, exclude_user_id=exclude_user_id)
        sent: SentMessage = await self.context.committer.submit(command)
        return sent

    async def send_direct(self, sender: Mapping[str, Any], body: DirectBody) -> SentMessage:
        """Commit a message to one user. Raises Forbidden, Invalid, Unavailable."""
        sent: SentMessage = await self.context.committer.submit(direct_command(sender, body))
        return sent

    async def read(self, room_id: str, user_id: str, up_to: int) -> ReadMark:
        """Commit a read mark. up_to: a seq. Raises NotFound, Forbidden, Unavailable."""
        read: ReadMark = await self.context.committer.submit(
            MarkRoomRead(room_id=room_id, user_id=user_id, up_to=up_to)
        )
        return read

    async def read_all(self, user_id: str) -> int:
        """Commit a read mark for each room of a user; return how many messages were newly read.

        Rooms that get messages meanwhile may be unread again. Raises Unavailable.
        """
        changed = 0
        for _ in range(MAX_READ_STEPS):
            step: ReadRooms = await self.context.committer.submit(MarkAllRoomsRead(user_id=user_id))
            changed += step.changed
            if step.is_done:
                break
        return changed

    async def read_messages(self, room_id: str, user_id: str, message_ids: Sequence[str]) -> ReadMark:
        """Commit a read mark up to the newest of some messages. Raises NotFound, Forbidden, Unavailable."""
        up_to = await self.history.newest_of(room_id, user_id, message_ids)
        return await self.read(room_id, user_id, up_to)

    def body(self, fields: dict[str, Any]) -> TitledMessageBody:
        """Validate a message of the library, given as keyword arguments. Raises Invalid."""
        try:
            return TitledMessageBody.model_validate(fields, context=self.context.validation())
        except ValidationError as error:
            raise invalid(error) from None

    def direct_body(self, fields: dict[str, Any]) -> DirectBody:
        """Validate a direct message of the library, given as keyword arguments. Raises Invalid."""
        try:
            return DirectBody.model_validate(fields, context=self.context.validation())
        except ValidationError as error:
            raise invalid(error) from None


def message_command(
    room_id: str, sender: Mapping[str, Any], body: MessageBody, *, exclude_user_id: str | None = None
) -> SendMessage:
    """Make the command that sends a message to a room; see `Messenger.send`."""
    return SendMessage(
        id=new_id(),
        room_id=room_id,
        sender=sender,
        fields=_fields(body),
        client_id=body.client_id,
        reply_to=body.reply_to,
        mentions=body.mentions or (),
        is_system=body.kind == "system",
        exclude_user_id=exclude_user_id,
    )


def direct_command(sender: Mapping[str, Any], body: DirectBody) -> SendDirectMessage:
    """Make the command that sends a message to one user. Raises Invalid."""
    if body.to == sender["id"]:
        raise Invalid("must be another user", field="to")
    message = SendMessage(
        id=new_id(),
        room_id="",
        sender=sender,
        fields=_fields(body),
        client_id=body.client_id,
        reply_to=body.reply_to,
    )
    return SendDirectMessage(to=body.to, message=message)


def _fields(body: MessageBody | DirectBody) -> dict[str, Any]:
    """Return the fields of a message that history shows."""
    fields: dict[str, Any] = {"kind": body.kind, "content": body.content}
    if body.data is not None:
        fields["data"] = body.data
    if isinstance(body, TitledMessageBody) and body.title is not None:
        fields["title"] = body.title
    return fields
