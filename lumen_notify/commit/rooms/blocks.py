"""Blocks: users whose direct messages a user rejects.

Promises: once a block is acknowledged, direct messages from the blocked user are rejected, in existing rooms
too. The blocked user is not notified.
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.database import Database
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import value


@value
class SetBlock:
    """Block or unblock a user. The result: whether this ended a block."""

    user_id: str
    blocked_id: str
    is_blocked: bool

    @property
    def conflict_key(self) -> str:
        """At most one change by a user per transaction, so that the last one counts."""
        return "block:" + self.user_id


@value
class BlockedUser:
    """A user whom another one has blocked. blocked_at: milliseconds."""

    user_id: str
    blocked_at: int


async def set_blocks(tx: Transaction, commands: Sequence[SetBlock]) -> Sequence[bool]:
    """Handle SetBlock: a `committer.Handler`. It runs before messages are sent."""
    added = [
        {"user_id": one.user_id, "blocked_id": one.blocked_id, "blocked_at": tx.now}
        for one in commands
        if one.is_blocked
    ]
    removed = [
        {"user_id": one.user_id, "blocked_id": one.blocked_id} for one in commands if not one.is_blocked
    ]
    if added:
        tx.add("insert_blocks", rows=added)
    ended = {tuple(row) for row in await tx.run("delete_blocks", rows=removed)} if removed else set()
    return [(one.user_id, one.blocked_id) in ended for one in commands]


class Blocks:
    """Reads whom a user has blocked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, user_id: str, *, after: str, limit: int) -> Sequence[BlockedUser]:
        """Read the blocked users after a user id: ascending, at most limit."""
        rows = await self._database.fetch("list_blocks", user_id=user_id, after=after, limit=limit)
        return [BlockedUser(user_id=blocked_id, blocked_at=blocked_at) for blocked_id, blocked_at in rows]

    async def get(self, user_id: str, blocked_id: str) -> BlockedUser | None:
        """Read one blocked user; None if they are not blocked."""
        rows = await self._database.fetch("get_block", user_id=user_id, blocked_id=blocked_id)
        return BlockedUser(user_id=rows[0][0], blocked_at=rows[0][1]) if rows else None
