"""Blocks: whom a user does not want to hear from directly.

Promise: from the answer on no direct message of the blocked one is taken, in rooms that there are
already neither. Not told to anybody.
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.database import Database
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import value


@value
class Block:
    """Block a user, or no longer. The result: whether this has ended a block."""

    user_id: str
    blocked_id: str
    is_blocked: bool

    @property
    def conflict_key(self) -> str:
        """Two of one user do not meet in one transaction."""
        return "block:" + self.user_id


@value
class Blocked:
    """One who is blocked. blocked_at: milliseconds."""

    user_id: str
    blocked_at: int


async def block(tx: Transaction, commands: Sequence[Block]) -> Sequence[bool]:
    """Write blocks and their ends: a `committer.Handler`, to stand before the sends."""
    begun = [
        {"user_id": one.user_id, "blocked_id": one.blocked_id, "blocked_at": tx.now}
        for one in commands
        if one.is_blocked
    ]
    ended = [{"user_id": one.user_id, "blocked_id": one.blocked_id} for one in commands if not one.is_blocked]
    if begun:
        tx.add("insert_blocks", rows=begun)
    gone = {tuple(row) for row in await tx.run("delete_blocks", rows=ended)} if ended else set()
    return [(one.user_id, one.blocked_id) in gone for one in commands]


class Blocks:
    """Reads whom a user has blocked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, user_id: str, *, after: str, limit: int) -> Sequence[Blocked]:
        """Read those after a user id: ascending, at most limit."""
        rows = await self._database.fetch("list_blocks", user_id=user_id, after=after, limit=limit)
        return [Blocked(user_id=blocked_id, blocked_at=blocked_at) for blocked_id, blocked_at in rows]

    async def get(self, user_id: str, blocked_id: str) -> Blocked | None:
        """Read one, or None if he is not blocked."""
        rows = await self._database.fetch("get_block", user_id=user_id, blocked_id=blocked_id)
        return Blocked(user_id=rows[0][0], blocked_at=rows[0][1]) if rows else None
