"""Messages: what a member says in a room, reads there, and has read.

Promise: a message is answered once it is committed; what is sent again with the same `client_id` is
answered by 200 and the first answer instead of by 201.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.rooms.members import UsersPage
from lumen_notify.accept.rooms.message_bodies import (
    MAX_SEQ,
    DirectBody,
    EditBody,
    MessageBody,
    ReadRoomBody,
)
from lumen_notify.accept.rooms.rooms import room_id
from lumen_notify.auth import PUBLISH, Verifier
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.rooms.direct import SendDirect
from lumen_notify.commit.rooms.edits import Changed, DeleteMessage, EditMessage
from lumen_notify.commit.rooms.history import History, ReadUpTo
from lumen_notify.commit.rooms.messages import Send, Sent
from lumen_notify.commit.rooms.read_marks import ReadRoom, RoomRead
from lumen_notify.errors import Invalid
from lumen_notify.http.requests import (
    DEFAULT_PAGE,
    MAX_PAGE,
    Query,
    caller,
    invalid,
    parse,
    read_body,
    sender_of,
)
from lumen_notify.http.responses import answer, answer_text
from lumen_notify.model import new_id, value

_MESSAGE: TypeAdapter[MessageBody] = TypeAdapter(MessageBody)
_DIRECT: TypeAdapter[DirectBody] = TypeAdapter(DirectBody)
_EDIT: TypeAdapter[EditBody] = TypeAdapter(EditBody)
_READ: TypeAdapter[ReadRoomBody] = TypeAdapter(ReadRoomBody)


@value
class Messages:
    """Sends and reads, for HTTP and for the library."""

    verifier: Verifier
    committer: Committer
    history: History
    max_body_bytes: int
    max_content_characters: int

    async def post(self, request: Request) -> Response:
        """Answer `POST /rooms/{id}/messages`: 201 after COMMIT, 200 for a repeat."""
        principal = await caller(request, self.verifier)
        room = room_id(request)
        body = parse(_MESSAGE, await read_body(request, self.max_body_bytes), self._context())
        if body.kind == "system":
            principal.require(PUBLISH)
        return answer_of(await self.send(room, sender_of(principal), body))

    async def send(
        self,
        room_id: str,
        sender: Mapping[str, Any],
        body: MessageBody,
        *,
        exclude_user_id: str | None = None,
    ) -> Sent:
        """Commit a message. sender: `{id, username, avatar}`. exclude_user_id: a user whose
        streams do not get it.

        Raises NotFound, Forbidden, Invalid, Unavailable.
        """
        sent: Sent = await self.committer.submit(
            Send(
                id=new_id(),
                room_id=room_id,
                sender=sender,
                fields=fields_of(body),
                client_id=body.client_id,
                reply_to=body.reply_to,
                mentions=body.mentions or (),
                is_system=body.kind == "system",
                exclude_user_id=exclude_user_id,
            )
        )
        return sent

    async def post_direct(self, request: Request) -> Response:
        """Answer `POST /messages`: 201 after COMMIT, 200 for a repeat."""
        principal = await caller(request, self.verifier)
        body = parse(_DIRECT, await read_body(request, self.max_body_bytes), self._context())
        return answer_of(await self.send_direct(sender_of(principal), body))

    async def send_direct(self, sender: Mapping[str, Any], body: DirectBody) -> Sent:
        """Commit a message to one user. Raises Forbidden, Invalid, Unavailable."""
        if body.to == sender["id"]:
            raise Invalid("must be somebody else", field="to")
        message = Send(
            id=new_id(),
            room_id="",
            sender=sender,
            fields=fields_of(body),
            client_id=body.client_id,
            reply_to=body.reply_to,
        )
        sent: Sent = await self.committer.submit(SendDirect(to=body.to, message=message))
        return sent

    async def patch(self, request: Request) -> Response:
        """Answer `PATCH /rooms/{id}/messages/{message_id}`: one's own says something else."""
        principal = await caller(request, self.verifier)
        room, id_ = room_id(request), str(request.path_params["message_id"])
        body = parse(_EDIT, await read_body(request, self.max_body_bytes), self._context())
        edit = EditMessage(room_id=room, user_id=principal.user_id, id=id_, content=body.content)
        changed: Changed = await self.committer.submit(edit)
        return answer_text(changed.body)

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /rooms/{id}/messages/{message_id}`: its place is left."""
        principal = await caller(request, self.verifier)
        room, id_ = room_id(request), str(request.path_params["message_id"])
        changed: Changed = await self.committer.submit(
            DeleteMessage(room_id=room, user_id=principal.user_id, id=id_)
        )
        return answer_text(changed.body)

    async def page(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}/messages`: ascending, the newest unless the query says from where."""
        principal = await caller(request, self.verifier)
        room = room_id(request)
        query = Query(request)
        limit = query.number("limit", default=DEFAULT_PAGE, lowest=1, highest=MAX_PAGE)
        seqs = {
            name: query.number(name, default=-1, lowest=0, highest=MAX_SEQ)
            for name in ("before", "after", "around")
        }
        query.done()
        given = [name for name, seq in seqs.items() if seq >= 0]
        if len(given) > 1:
            raise Invalid("only one of before, after and around may be given", field=given[1])
        way = given[0] if given else "before"
        if way == "after":
            seq, older, newer = min(seqs["after"] + 1, MAX_SEQ), 0, limit + 1
        elif way == "around":
            seq, older, newer = seqs["around"], limit // 2 + 1, limit - limit // 2
        else:
            seq, older, newer = seqs["before"] if given else MAX_SEQ, limit + 1, 0
        rows = await self.history.page(room, principal.user_id, seq=seq, older=older, newer=newer)
        if way == "after":
            shown = rows[:limit]
            cursor = shown[-1][0] if len(rows) > limit else None
        else:
            has_older = sum(row[0] < seq for row in rows) == older
            shown = rows[1:] if has_older else rows
            cursor = shown[0][0] if has_older else None
        items = ",".join(body for _, body in shown)
        next_cursor = "null" if cursor is None else f'"{cursor}"'
        return answer_text(f'{{"items":[{items}],"next_cursor":{next_cursor}}}')

    async def get(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}/messages/{message_id}`."""
        principal = await caller(request, self.verifier)
        id_ = str(request.path_params["message_id"])
        return answer_text(await self.history.get(room_id(request), principal.user_id, id_))

    async def post_read(self, request: Request) -> Response:
        """Answer `POST /rooms/{id}/read`: forward only; beyond the newest is up to the newest."""
        principal = await caller(request, self.verifier)
        room = room_id(request)
        body = parse(_READ, await read_body(request, self.max_body_bytes))
        read = await self.read(room, principal.user_id, body.up_to)
        fields = {
            "changed": read.changed,
            "last_read_seq": read.last_read_seq,
            "unread": read.unread,
            "position": read.position,
        }
        return answer(fields)

    async def read(self, room_id: str, user_id: str, up_to: int) -> RoomRead:
        """Commit a read mark. Raises NotFound, Forbidden, Unavailable."""
        read: RoomRead = await self.committer.submit(ReadRoom(room_id=room_id, user_id=user_id, up_to=up_to))
        return read

    async def reads(self, request: Request) -> Response:
        """Answer `GET /rooms/{id}/reads`: how far each member has read, by user id."""
        principal = await caller(request, self.verifier)
        room = room_id(request)
        page = UsersPage(request)
        rows = await self.history.reads(room, principal.user_id, after=page.after, limit=page.limit + 1)
        return page.answer(rows, ReadUpTo._asdict)

    def body(self, fields: dict[str, Any]) -> MessageBody:
        """Validate a message that comes from Python. Raises Invalid."""
        try:
            return MessageBody.model_validate(fields, context=self._context())
        except ValidationError as error:
            raise invalid(error) from None

    def direct_body(self, fields: dict[str, Any]) -> DirectBody:
        """Validate a message to one user that comes from Python. Raises Invalid."""
        try:
            return DirectBody.model_validate(fields, context=self._context())
        except ValidationError as error:
            raise invalid(error) from None

    def _context(self) -> dict[str, int]:
        return {"max_content_characters": self.max_content_characters}


def fields_of(body: MessageBody | DirectBody) -> dict[str, Any]:
    """Return what a message says, as history shows it."""
    fields: dict[str, Any] = {"kind": body.kind, "content": body.content}
    if body.data is not None:
        fields["data"] = body.data
    return fields


def answer_of(sent: Sent) -> Response:
    """Answer a send."""
    text = (
        f'{{"id":"{sent.id}","room_id":"{sent.room_id}","seq":{sent.seq},'
        f'"position":{sent.position},"status":"sent"}}'
    )
    return answer_text(text, 200 if sent.is_repeat else 201)
