"""Messages: send, edit and delete them.

Promise: the response follows the commit. A message that is sent again with the same `client_id` gets 200 and
the first response, instead of 201.

Not here: reading messages, and read marks (`history`).
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.rooms import message_responses as responses
from lumen_notify.accept.rooms.message_bodies import DirectBody, EditBody, MessageBody
from lumen_notify.accept.rooms.messenger import Messenger
from lumen_notify.accept.rooms.paths import room_id
from lumen_notify.auth import PUBLISH
from lumen_notify.commit.rooms.edits import ChangedMessage, DeleteMessage, EditMessage
from lumen_notify.commit.rooms.messages import SentMessage
from lumen_notify.http.context import Context
from lumen_notify.http.operation import MEMBERS_ONLY, MODERATORS_ONLY, ROOM_ID, WRITES, Operation, path
from lumen_notify.http.requests import sender_of
from lumen_notify.http.responses import answer_text, no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value

MESSAGE_ID = path("message_id", {"type": "string", "format": "uuid"}, "The message's id.")

_MESSAGE: TypeAdapter[MessageBody] = TypeAdapter(MessageBody)
_DIRECT: TypeAdapter[DirectBody] = TypeAdapter(DirectBody)
_EDIT: TypeAdapter[EditBody] = TypeAdapter(EditBody)


@value
class MessageEndpoints:
    """Sends, edits and deletes messages."""

    context: Context
    messenger: Messenger

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/rooms/{id}/messages",
            POST=(
                self.post,
                Operation(
                    name="sendMessage",
                    tag="messages",
                    summary="Send a message",
                    description=(
                        "The response is sent after the commit. A message with a `client_id` can be sent "
                        "again: the response is then 200, with the ids of the first. Sending marks the "
                        f"room as read up to the message. Kind `system` needs the scope `{PUBLISH}`, and no "
                        "membership."
                    ),
                    parameters=(ROOM_ID,),
                    body=MessageBody,
                    body_examples={
                        "text": {"value": {"content": "hi", "client_id": "7f3a"}},
                        "image": {"value": {"kind": "image", "data": {"url": "/photos/7.jpg"}}},
                    },
                    status=201,
                    or_status=200,
                    answered="Committed.",
                    response=responses.Sent,
                    problems=(*WRITES, *MEMBERS_ONLY, "forbidden", "muted", "blocked"),
                ),
            ),
        )
        yield route(
            "/rooms/{id}/messages/{message_id:uuid}",
            PATCH=(
                self.patch,
                Operation(
                    name="editMessage",
                    tag="messages",
                    summary="Edit your message",
                    description="An edit that changes nothing creates no event.",
                    parameters=(ROOM_ID, MESSAGE_ID),
                    body=EditBody,
                    body_examples={"plain": {"value": {"content": "hello"}}},
                    answered="The message after the change.",
                    response=responses.Message,
                    problems=(*WRITES, *MODERATORS_ONLY, "muted", "blocked"),
                ),
            ),
            DELETE=(
                self.delete,
                Operation(
                    name="deleteMessage",
                    tag="messages",
                    summary="Delete a message",
                    description=(
                        "Your own, or any message as owner or moderator. It keeps its place, without its "
                        "content; notifications of mentioned users are removed."
                    ),
                    parameters=(ROOM_ID, MESSAGE_ID),
                    status=204,
                    answered="The message is deleted.",
                    problems=(*WRITES, *MODERATORS_ONLY),
                ),
            ),
        )
        yield route(
            "/messages",
            POST=(
                self.post_direct,
                Operation(
                    name="sendDirectMessage",
                    tag="messages",
                    summary="Send a message to one user",
                    description=(
                        "It goes to the direct room of the two users, which is created if needed. It works "
                        "like a message to a room, but cannot mention members."
                    ),
                    body=DirectBody,
                    body_examples={"plain": {"value": {"to": "bob", "content": "hi"}}},
                    status=201,
                    or_status=200,
                    answered="Committed. 200: it was sent before, with the same `client_id`.",
                    response=responses.Sent,
                    problems=(*WRITES, "blocked"),
                ),
            ),
        )

    async def post(self, request: Request) -> Response:
        """Answer `POST /rooms/{id}/messages`: 201 after COMMIT, 200 for a repeat."""
        principal = await self.context.caller(request)
        room = room_id(request)
        body = await self.context.body(request, _MESSAGE)
        if body.mentions:
            self.context.charge(request, len(body.mentions))
        if body.kind == "system":
            principal.require(PUBLISH)
        return _answer(await self.messenger.send(room, sender_of(principal), body))

    async def post_direct(self, request: Request) -> Response:
        """Answer `POST /messages`: 201 after COMMIT, 200 for a repeat."""
        principal = await self.context.caller(request)
        body = await self.context.body(request, _DIRECT)
        return _answer(await self.messenger.send_direct(sender_of(principal), body))

    async def patch(self, request: Request) -> Response:
        """Answer `PATCH /rooms/{id}/messages/{message_id}`: edit a message of the caller."""
        principal = await self.context.caller(request)
        room, id_ = room_id(request), str(request.path_params["message_id"])
        body = await self.context.body(request, _EDIT)
        edit = EditMessage(room_id=room, user_id=principal.user_id, id=id_, content=body.content)
        changed: ChangedMessage = await self.context.committer.submit(edit)
        return answer_text(changed.body)

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /rooms/{id}/messages/{message_id}`."""
        principal = await self.context.caller(request)
        room, id_ = room_id(request), str(request.path_params["message_id"])
        await self.context.committer.submit(DeleteMessage(room_id=room, user_id=principal.user_id, id=id_))
        return no_content()


def _answer(sent: SentMessage) -> Response:
    """Answer with `responses.Sent`, formatted by hand in a third of the time."""
    text = (
        f'{{"id":"{sent.id}","room_id":"{sent.room_id}","seq":{sent.seq},'
        f'"position":{sent.position},"status":"sent"}}'
    )
    return answer_text(text, 200 if sent.is_repeat else 201)
