"""Blocks: whom the caller does not want to hear from directly."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.rooms.members import UsersPage, user_in_path
from lumen_notify.auth import Verifier
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.rooms.blocks import BlockedUser, Blocks, SetBlock
from lumen_notify.errors import Invalid, NotFound
from lumen_notify.http.requests import caller
from lumen_notify.http.responses import answer
from lumen_notify.model import rfc3339, value


@value
class BlockEndpoints:
    """What a user does with his blocks."""

    verifier: Verifier
    committer: Committer
    blocks: Blocks

    async def page(self, request: Request) -> Response:
        """Answer `GET /blocks`: in the order of the users' ids."""
        principal = await caller(request, self.verifier)
        page = UsersPage(request)
        rows = await self.blocks.page(principal.user_id, after=page.after, limit=page.limit + 1)
        return page.answer(rows, _item)

    async def get(self, request: Request) -> Response:
        """Answer `GET /blocks/{user}`. Raises NotFound if he is not blocked."""
        principal = await caller(request, self.verifier)
        return await self._shown(principal.user_id, user_in_path(request))

    async def put(self, request: Request) -> Response:
        """Answer `PUT /blocks/{user}`."""
        principal = await caller(request, self.verifier)
        other_id = user_in_path(request)
        if other_id == principal.user_id:
            raise Invalid("must be somebody else", field="user")
        await self.set(principal.user_id, other_id, is_blocked=True)
        return await self._shown(principal.user_id, other_id)

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /blocks/{user}`. Raises NotFound if he is not blocked."""
        principal = await caller(request, self.verifier)
        other_id = user_in_path(request)
        if not await self.set(principal.user_id, other_id, is_blocked=False):
            raise _not_blocked()
        return answer({"user_id": other_id, "status": "unblocked"})

    async def set(self, user_id: str, other_id: str, *, is_blocked: bool) -> bool:
        """Commit a block, or its end; return whether it has ended one."""
        has_ended: bool = await self.committer.submit(
            SetBlock(user_id=user_id, blocked_id=other_id, is_blocked=is_blocked)
        )
        return has_ended

    async def _shown(self, user_id: str, other_id: str) -> Response:
        found = await self.blocks.get(user_id, other_id)
        if found is None:
            raise _not_blocked()
        return answer(_item(found))


def _not_blocked() -> NotFound:
    return NotFound("you have not blocked this user")


def _item(row: BlockedUser) -> dict[str, Any]:
    return {"user_id": row.user_id, "blocked_at": rfc3339(row.blocked_at)}
