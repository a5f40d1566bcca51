"""Inbox: reads a user's notifications, as the user sees them.

Promises: only notifications to audiences that the user belongs to; a page costs the same however many there
are (MAX_EXAMINED).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lumen_notify.commit.database import Database
from lumen_notify.model import value

MAX_EXAMINED = 2000
"""Notifications that one page examines, about: some 10 ms of a reader, however many the filters leave out."""


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
    ) -> tuple[Sequence[Listed], tuple[int, str] | None]:
        """Read the newest ones below a position, and at that position those below an id.

        Descending by position and id, at most limit. None: do not filter by it. Returns them and where the
        next page begins, None if there is none. A page is shorter than its limit, even empty, if the filters
        leave out most of MAX_EXAMINED: the next one continues there.
        """
        found: list[Listed] = []
        examined, window = 0, limit + 1
        while True:
            rows = await self._database.fetch(
                "list_notifications",
                users=[{"user_id": user_id}],
                before=before,
                before_id=before_id,
                window=window,
                depth=limit + 1,
                category=category,
                is_unread=None if is_unread is None else int(is_unread),
                is_archived=None if is_archived is None else int(is_archived),
            )
            found += [_listed(row[:6]) for row in rows if row[2] is not None]
            if len(found) > limit:
                return found[:limit], _cursor(found[limit - 1], found[limit])
            if len(rows) < window and (not rows or rows[-1][6] is None):
                return found, None
            before_id, before = rows[-1][:2]
            examined += len(rows)
            if examined >= MAX_EXAMINED:
                return found, (before, before_id)
            window = min(4 * window, max(limit + 1, MAX_EXAMINED - examined))

    async def get(self, user_id: str, notification_id: str) -> Listed | None:
        """Read one; None if it does not exist or the user may not see it."""
        rows = await self._database.fetch(
            "get_notification", users=[{"user_id": user_id}], id=notification_id
        )
        return _listed(rows[0]) if rows else None


def _cursor(last: Listed, following: Listed) -> tuple[int, str]:
    """Return where the page after a row begins. The notifications of a digest share a position: the id
    decides."""
    return last.position, last.id if following.position == last.position else ""


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
