"""Inbox: reads a user's notifications, as the user sees them.

Promise: only notifications to audiences that the user belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.model import value


@value
class Listed:
    """A notification as one user sees it. body: JSON. Times in milliseconds, None for never."""

    id: str
    position: int
    body: str
    seen_at: int | None
    read_at: int | None
    archived_at: int | None


class Inbox:
    """Reads users' notifications."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self,
        user_id: str,
        *,
        before: int,
        before_id: str = "",
        limit: int,
        category: str | None,
        is_unread: bool | None,
        is_archived: bool | None,
    ) -> Sequence[Listed]:
        """Read the newest ones below a position, and at that position those below an id.

        Descending by position and id, at most limit. None: do not filter by it.
        """
        rows = await self._database.fetch(
            "list_notifications",
            users=[{"user_id": user_id}],
            before=before,
            before_id=before_id,
            limit=limit,
            category=category,
            is_unread=None if is_unread is None else int(is_unread),
            is_archived=None if is_archived is None else int(is_archived),
        )
        return [_listed(row) for row in rows]

    async def get(self, user_id: str, notification_id: str) -> Listed | None:
        """Read one; None if it does not exist or the user may not see it."""
        rows = await self._database.fetch(
            "get_notification", users=[{"user_id": user_id}], id=notification_id
        )
        return _listed(rows[0]) if rows else None


def _listed(row: Sequence[Any]) -> Listed:
    id_, position, body, seen_at, read_at, archived_at = row
    return Listed(
        id=id_,
        position=position,
        body=body,
        seen_at=seen_at,
        read_at=read_at,
        archived_at=archived_at,
    )
