"""Users: `GET /users/{id}/export`, `DELETE /users/{id}`, and how far a deletion is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import get_args

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from lumen_notify.accept.users import responses
from lumen_notify.auth import ADMIN, Principal
from lumen_notify.commit.users.deletion import DeleteUser, Deletion, Deletions, Messages
from lumen_notify.commit.users.export import NoteExport, UserExport
from lumen_notify.errors import Forbidden, Invalid, NotFound
from lumen_notify.http import fields
from lumen_notify.http.context import Context
from lumen_notify.http.operation import OF_BODIES, READS, USER_ID, WRITES, Operation, query
from lumen_notify.http.requests import Query
from lumen_notify.http.responses import answer, no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import escape_line_separators, rfc3339, value

JSON_LINES = "application/jsonl"

EXPORT_TOKENS = 20
"""What an export costs of the limit on reads, besides the first token: it looks at all messages."""

_MESSAGES = query(
    "messages",
    {"type": "string", "enum": list(get_args(Messages)), "default": "keep"},
    "What becomes of the user's messages: `keep` leaves them in their rooms, as those of a deleted user.",
)


@value
class UserEndpoints:
    """Exports users and deletes them."""

    context: Context
    exports: UserExport
    deletions: Deletions

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/users/{user:path}/export",
            GET=(
                self.export,
                Operation(
                    name="exportUser",
                    tag="users",
                    summary="Export all that is stored of a user",
                    description=(
                        f"For the user themself, and with the scope `{ADMIN}` for any user. Each line is a "
                        "JSON object with a `type`; the last one is of type `end`. The audit log notes an "
                        "export by somebody else."
                    ),
                    parameters=(USER_ID,),
                    answered="The lines.",
                    response={"type": "string"},
                    media_type=JSON_LINES,
                    problems=(*WRITES, "forbidden"),
                ),
            ),
        )
        yield route(
            "/users/{user:path}/deletion",
            GET=(
                self.get,
                Operation(
                    name="getDeletion",
                    tag="users",
                    summary="Get the deletion of a user that is under way",
                    description=f"Needs the scope `{ADMIN}`.",
                    parameters=(USER_ID,),
                    answered="The deletion.",
                    response=responses.Deletion,
                    problems=(*READS, "forbidden", "not_found"),
                ),
            ),
        )
        yield route(
            "/users/{user:path}",
            DELETE=(
                self.delete,
                Operation(
                    name="deleteUser",
                    tag="users",
                    summary="Delete a user",
                    description=(
                        f"With the scope `{ADMIN}` for any user, whether or not they have an account here. "
                        "Users with an account delete themselves with a token of a log-in of the last 10 "
                        "minutes. Their streams, sessions and tokens end at once; the rest goes in the "
                        "background."
                    ),
                    parameters=(USER_ID, _MESSAGES),
                    status=204,
                    answered="The deletion has begun, now or earlier.",
                    problems=(*OF_BODIES, *WRITES, "forbidden", "log_in_again"),
                ),
            ),
        )

    async def export(self, request: Request) -> Response:
        """Answer `GET /users/{id}/export`."""
        principal = await self.context.caller(request)
        user_id = _user_id(request)
        _require_self_or_admin(principal, user_id)
        self.context.charge(request, EXPORT_TOKENS)
        if principal.user_id != user_id:
            await self.context.committer.submit(NoteExport(user_id=user_id, by=principal.user_id))
        headers = {"cache-control": "no-store", "content-disposition": 'attachment; filename="export.jsonl"'}
        return StreamingResponse(self._lines(user_id), media_type=JSON_LINES, headers=headers)

    async def _lines(self, user_id: str) -> AsyncIterator[bytes]:
        async for lines in self.exports.lines(user_id, now=self.context.clock()):
            if lines:
                yield b"".join(escape_line_separators(line).encode() + b"\n" for line in lines)

    async def get(self, request: Request) -> Response:
        """Answer `GET /users/{id}/deletion`. Raises NotFound."""
        principal = await self.context.caller(request)
        principal.require(ADMIN)
        found = await self.deletions.get(_user_id(request))
        if found is None:
            raise NotFound("No deletion of this user is under way.")
        return answer(_item(found))

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /users/{id}`. Raises Forbidden."""
        principal = await self.context.caller(request)
        user_id = _user_id(request)
        await self.context.no_body(request)
        messages = _messages(Query(request).text("messages"))
        _require_self_or_admin(principal, user_id)
        is_admin = ADMIN in principal.scopes
        if not is_admin and principal.session is None:
            raise Forbidden(f"This needs a token of a log-in here, or one with the scope {ADMIN}.")
        command = DeleteUser(
            user_id=user_id,
            messages=messages,
            by=principal.user_id,
            session=None if is_admin else principal.session,
        )
        await self.context.committer.submit(command)
        return no_content()


def _require_self_or_admin(principal: Principal, user_id: str) -> None:
    if principal.user_id != user_id:
        principal.require(ADMIN)


def _user_id(request: Request) -> str:
    try:
        return fields.user_id(request.path_params["user"])
    except ValueError as error:
        raise Invalid(str(error), field="user") from None


def _messages(text: str | None) -> Messages:
    if text is None or text == "keep":
        return "keep"
    if text == "delete":
        return "delete"
    raise Invalid("must be keep or delete", field="messages")


def _item(deletion: Deletion) -> responses.Deletion:
    return {
        "user_id": deletion.user_id,
        "messages": deletion.messages,
        "step": deletion.step,
        "started_at": rfc3339(deletion.started_at),
    }
