"""Blocks: users whose direct messages the caller does not accept."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.rooms import room_responses as responses
from lumen_notify.accept.rooms.paths import user_id
from lumen_notify.commit.rooms.blocks import BlockedUser, Blocks, SetBlock
from lumen_notify.errors import Invalid, NotFound
from lumen_notify.http.context import Context
from lumen_notify.http.cursors import USER_KEY, Cursor
from lumen_notify.http.operation import OF_BODIES, READS, USER_ID, WRITES, Operation
from lumen_notify.http.pages import LIMIT, KeyPage
from lumen_notify.http.responses import answer, no_content
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import rfc3339, value

CURSOR = Cursor("blocks", USER_KEY)
"""By user id."""


@value
class BlockEndpoints:
    """Blocks and unblocks users."""

    context: Context
    blocks: Blocks

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/blocks",
            GET=(
                self.page,
                Operation(
                    name="listBlocks",
                    tag="messages",
                    summary="List blocked users",
                    parameters=(LIMIT, CURSOR.parameter),
                    answered="A page.",
                    response=responses.Blocks,
                    problems=(*READS, "invalid"),
                ),
            ),
        )
        yield route(
            "/blocks/{user:path}",
            GET=(
                self.get,
                Operation(
                    name="getBlock",
                    tag="messages",
                    summary="Check whether a user is blocked",
                    parameters=(USER_ID,),
                    answered="The user is blocked.",
                    response=responses.Block,
                    problems=(*READS, "invalid", "not_found"),
                ),
            ),
            PUT=(
                self.put,
                Operation(
                    name="blockUser",
                    tag="messages",
                    summary="Block a user",
                    description=(
                        "From now on the user can send the caller no direct message. They are not notified. "
                        "Idempotent."
                    ),
                    parameters=(USER_ID,),
                    answered="The user is blocked.",
                    response=responses.Block,
                    problems=(*OF_BODIES, *WRITES),
                ),
            ),
            DELETE=(
                self.delete,
                Operation(
                    name="unblockUser",
                    tag="messages",
                    summary="Unblock a user",
                    parameters=(USER_ID,),
                    status=204,
                    answered="The user is no longer blocked.",
                    problems=(*WRITES, "invalid", "not_found"),
                ),
            ),
        )

    async def page(self, request: Request) -> Response:
        """Answer `GET /blocks`: by user id."""
        principal = await self.context.caller(request)
        page = KeyPage(request, CURSOR, _user_id)
        rows = await self.blocks.page(principal.user_id, after=page.after, limit=page.limit + 1)
        return page.answer(rows, _item)

    async def get(self, request: Request) -> Response:
        """Answer `GET /blocks/{user}`. Raises NotFound if the user is not blocked."""
        principal = await self.context.caller(request)
        return await self._block(principal.user_id, user_id(request))

    async def put(self, request: Request) -> Response:
        """Answer `PUT /blocks/{user}`."""
        principal = await self.context.caller(request)
        await self.context.no_body(request)
        other_id = user_id(request)
        if other_id == principal.user_id:
            raise Invalid("must be another user", field="user")
        await self.set(principal.user_id, other_id, is_blocked=True)
        return await self._block(principal.user_id, other_id)

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /blocks/{user}`. Raises NotFound if the user is not blocked."""
        principal = await self.context.caller(request)
        other_id = user_id(request)
        if not await self.set(principal.user_id, other_id, is_blocked=False):
            raise _not_blocked()
        return no_content()

    async def set(self, user_id: str, other_id: str, *, is_blocked: bool) -> bool:
        """Block or unblock a user; return whether this ended a block."""
        has_ended: bool = await self.context.committer.submit(
            SetBlock(user_id=user_id, blocked_id=other_id, is_blocked=is_blocked)
        )
        return has_ended

    async def _block(self, user_id: str, other_id: str) -> Response:
        found = await self.blocks.get(user_id, other_id)
        if found is None:
            raise _not_blocked()
        return answer(_item(found))


def _not_blocked() -> NotFound:
    return NotFound("You have not blocked this user.")


def _item(row: BlockedUser) -> responses.Block:
    return {"user_id": row.user_id, "blocked_at": rfc3339(row.blocked_at)}


def _user_id(row: BlockedUser) -> str:
    return row.user_id
